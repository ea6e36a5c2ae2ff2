namespace Roost;

/// <summary>A resource that is held.</summary>
public sealed record ResourceInfo
{
    /// <summary>The resource.</summary>
    public required string Name { get; init; }

    /// <summary>The work item that holds it.</summary>
    public required string HolderId { get; init; }

    /// <summary>The worker that runs the holder; null where the holder keeps it through a delay, or was handed it and does not run yet.</summary>
    public string? WorkerId { get; init; }

    /// <summary>Since when the holder has it.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The work items that wait for it, in the order in which they get it where there are at most 100; else 100 of them.</summary>
    public required IReadOnlyList<string> Waiters { get; init; }

    /// <summary>Whether more than the 100 that are listed wait for it.</summary>
    public required bool HasMoreWaiters { get; init; }
}
