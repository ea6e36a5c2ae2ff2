namespace Roost;

/// <summary>Which finished work <see cref="RoostRuntime.PurgeAsync"/> removes.</summary>
/// <param name="OlderThan">How long ago the work must have ended, at least. Zero for everything that has ended in the given states; not negative.</param>
public sealed record PurgeFilter(TimeSpan OlderThan)
{
    /// <summary>
    /// In which states: done, failed or cancelled. Default done and cancelled; failed ones are dead letters, and go only when they are asked for.
    /// </summary>
    public IReadOnlyList<WorkState> States { get; init; } = [WorkState.Done, WorkState.Cancelled];

    /// <summary>Of which engine. Default (null): of all.</summary>
    public string? Engine { get; init; }
}

/// <summary>What a purge has removed.</summary>
public sealed record PurgeResult
{
    /// <summary>How many work items; in a dry run, how many it would have been.</summary>
    public long Items { get; init; }

    /// <summary>
    /// How many were left, or would have been, because the item that they are children of has not ended and may still want to read them. Detached children go.
    /// </summary>
    public long KeptForParents { get; init; }

    /// <summary>By how many bytes the file has become smaller; 0 in a dry run. Content that another item uses as well stays.</summary>
    public long FreedBytes { get; init; }
}
