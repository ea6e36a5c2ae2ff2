namespace Roost.Cli.Console;

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
    /// Addresses or names to listen on beyond the loopback ones, and to accept in a request's Host header. Default none. What a browser is to
    /// reach through a wildcard address must be named as well: <c>0.0.0.0</c> alone admits nobody new.
    /// </summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Refuses every action. Default false.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Shows the values under keys that look secret. Default false.</summary>
    public bool Reveal { get; init; }

    /// <summary>The keys whose values are masked, in snake_case. Default <see cref="SecretKeys.Usual"/>.</summary>
    public IReadOnlyList<string> SecretKeys { get; init; } = Console.SecretKeys.Usual;

    /// <summary>Where the address is printed. Default: standard output.</summary>
    public TextWriter? Output { get; init; }
}
