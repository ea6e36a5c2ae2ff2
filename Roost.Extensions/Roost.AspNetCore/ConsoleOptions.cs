namespace Roost.AspNetCore;

/// <summary>What a console shows and allows.</summary>
public record ConsoleOptions
{
    /// <summary>
    /// The runtime to look into; it is not disposed. Default: for a console that a program maps, the <see cref="RoostRuntime"/> of its services; for a
    /// server of its own, one that is opened on <see cref="ConsoleServerOptions.Path"/>.
    /// </summary>
    public RoostRuntime? Runtime { get; init; }

    /// <summary>Refuses every action. Default false.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Shows the values under keys that look secret. Default false.</summary>
    public bool Reveal { get; init; }

    /// <summary>The keys whose values are masked, in snake_case. Default <see cref="Output.SecretKeys.Usual"/>.</summary>
    public IReadOnlyList<string> SecretKeys { get; init; } = Output.SecretKeys.Usual;
}
