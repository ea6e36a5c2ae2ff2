namespace Roost;

/// <summary>Which events are meant. What is left out does not narrow it: an empty filter means all of them.</summary>
public sealed record EventFilter
{
    /// <summary>Events of these kinds alone, up to 100: of <see cref="EventKinds"/>, or an engine's own with the prefix <c>engine.</c> Default: empty, any kind.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>Events of this work item alone. Default: of all of them, and what concerns the file.</summary>
    public string? WorkId { get; init; }

    /// <summary>Events of items of this engine alone. What concerns the file is of none, nor is an item that was purged. Default: of any.</summary>
    public string? Engine { get; init; }

    /// <summary>Events that were written at this moment or later. Default: whenever.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Events that were written before this moment. Default: whenever.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>One page of events that a filter means.</summary>
/// <param name="Items">
/// The events, oldest first. A page looks at a bounded number of events (20,000) where no index tells those that are meant: it may hold fewer
/// than asked for, or none, and still be followed by another.
/// </param>
/// <param name="Next">
/// The sequence number that the next page is read after, or before where it is read back; null at the end: nothing else that is kept is meant.
/// </param>
/// <param name="LookedTo">When the event was written that was looked at last, where <paramref name="Next"/> is not null.</param>
public sealed record EventList(IReadOnlyList<WorkEvent> Items, long? Next, DateTimeOffset? LookedTo);
