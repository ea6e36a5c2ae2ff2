namespace Roost.AspNetCore;

/// <summary>The settings of a console that is a server of its own, as <c>roost ui</c> is.</summary>
public sealed record ConsoleServerOptions : ConsoleOptions
{
    /// <summary>The data file to open; it must exist. Not together with <see cref="ConsoleOptions.Runtime"/>.</summary>
    public string? Path { get; init; }

    /// <summary>The port. Default 0: a free one.</summary>
    public int Port { get; init; }

    /// <summary>
    /// Addresses or names to listen on beyond the loopback ones, and to accept in a request's Host header, whatever its port. Default none. Through
    /// <c>0.0.0.0</c> or <c>::</c> a browser may use each address of this machine; a name must be given as well. The cookies of a host go to all its
    /// ports: where programs that are not trusted listen on the same host, leave it out and use the console's own name.
    /// </summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>
    /// The address that a browser uses to reach the console through a proxy or a tunnel: <c>https://</c> or <c>http://</c>, a host and a port. The proxy has to
    /// pass the Host header on. Default none.
    /// </summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Where the address is printed. Default: standard output.</summary>
    public TextWriter? Output { get; init; }
}
