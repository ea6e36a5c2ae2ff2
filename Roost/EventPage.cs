namespace Roost;

/// <summary>
/// One page of events. No <see cref="Page{T}"/>: its place is no cursor but a sequence number, which every event has, which is kept for years where
/// somebody follows, and which <see cref="RoostRuntime.WatchEventsAsync(EventFilter, long?, CancellationToken)"/> goes on from as well.
/// </summary>
public sealed record EventPage
{
    /// <summary>
    /// The events, oldest first. A page looks at a bounded number of events (20,000) where no index tells those that are meant: it may hold fewer
    /// than asked for, or none, and still be followed by another.
    /// </summary>
    public required IReadOnlyList<WorkEvent> Items { get; init; }

    /// <summary>
    /// The sequence number that the next page is read after, or before where it is read back; null at the end: nothing else that is kept is meant.
    /// </summary>
    public long? Next { get; init; }

    /// <summary>When the event was written that was looked at last, where <see cref="Next"/> is not null.</summary>
    public DateTimeOffset? LookedTo { get; init; }
}
