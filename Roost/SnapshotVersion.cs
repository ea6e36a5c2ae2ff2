namespace Roost;

/// <summary>One kept version in the history of a work item's state.</summary>
public sealed record SnapshotVersion
{
    /// <summary>The version; 1 is the first snapshot.</summary>
    public required int Version { get; init; }

    /// <summary>The engine's name for where it was.</summary>
    public required string Step { get; init; }

    /// <summary>The version of the state's shape.</summary>
    public required int StateVersion { get; init; }

    /// <summary>When it was committed.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The delay that the step asked for before the next one.</summary>
    public required TimeSpan Delay { get; init; }

    /// <summary>The size of the state in bytes of UTF-8 JSON.</summary>
    public required long Size { get; init; }

    /// <summary>
    /// What was written for it, in bytes: <see cref="Size"/> where it is stored whole, and what differs from the version before it where it is stored as that.
    /// </summary>
    public long Added { get; init; }
}
