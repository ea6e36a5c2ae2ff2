using Roost.AspNetCore.Output;
namespace Roost.AspNetCore;

/// <summary>The settings of one console.</summary>
public sealed record ConsoleOptions
{
    /// <summary>The data file to open; it must exist. Not together with <see cref="Runtime"/>.</summary>
    public string? Path { get; init; }

    /// <summary>A runtime of the host's own to look into; it is not disposed. Default: one is opened on <see cref="Path"/>.</summary>
    public RoostRuntime? Runtime { get; init; }

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

    /// <summary>Refuses every action. Default false.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Shows the values under keys that look secret. Default false.</summary>
    public bool Reveal { get; init; }

    /// <summary>The keys whose values are masked, in snake_case. Default <see cref="SecretKeys.Usual"/>.</summary>
    public IReadOnlyList<string> SecretKeys { get; init; } = Roost.AspNetCore.Output.SecretKeys.Usual;

    /// <summary>Where the address is printed. Default: standard output.</summary>
    public TextWriter? Output { get; init; }
}
