namespace Roost;

/// <summary>How much <see cref="RoostRuntime.GetTreeAsync"/> reads.</summary>
public sealed record TreeBounds
{
    /// <summary>How many levels below the item; 0 to 1,000. Default 8.</summary>
    public int Depth { get; init; } = 8;

    /// <summary>How many children of each item at most; 1 to 1,000. Default 20.</summary>
    public int Children { get; init; } = 20;

    /// <summary>How many items in all, the item itself among them; upper levels come before lower ones. 1 to 1,000, which is the default.</summary>
    public int Items { get; init; } = 1000;
}

/// <summary>An item and what is below it, as of one moment, as far as it was asked for.</summary>
public sealed record WorkTree
{
    /// <summary>The items above it, the topmost first, its parent at the end: at most the 100 nearest.</summary>
    public required IReadOnlyList<WorkSummary> Above { get; init; }

    /// <summary>There are further items above the first of <see cref="Above"/>.</summary>
    public required bool IsMoreAbove { get; init; }

    /// <summary>The topmost item that is known had a parent, which was purged.</summary>
    public required bool IsParentGone { get; init; }

    /// <summary>
    /// The item itself, and below it what was read: each item before its children, brothers one after the other. All children of an item stand in the order in
    /// which they were created; where there are more than are read, those come first that somebody may have to look at: running, failed, waiting, queued,
    /// cancelled, done, the last updated of each first.
    /// </summary>
    public required IReadOnlyList<WorkNode> Items { get; init; }

    /// <summary>Give this as the cursor for further children of the item; null where there are none. Its text means nothing to anybody else.</summary>
    public string? Next { get; init; }
}

/// <summary>One item of a <see cref="WorkTree"/>.</summary>
public sealed record WorkNode
{
    /// <summary>The item in one line.</summary>
    public required WorkSummary Summary { get; init; }

    /// <summary>How many levels it is below the item whose tree was read; 0 for that one.</summary>
    public required int Depth { get; init; }

    /// <summary>The item that it belongs to; null where it belongs to none, or to one that was purged.</summary>
    public string? ParentId { get; init; }

    /// <summary>Whether it is a child of that in name only: neither waited for nor taken along when that is cancelled.</summary>
    public bool Detached { get; init; }

    /// <summary>Its state, with queued told apart.</summary>
    public required WorkCondition Condition { get; init; }

    /// <summary>What runs it or why nothing does, in words that stand beside the state; null where that says it all.</summary>
    public string? Why { get; init; }

    /// <summary>Since when it is ready; null where it is not.</summary>
    public DateTimeOffset? ReadySince { get; init; }

    /// <summary>Until when it is delayed; null where it is not.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>The resource that it waits for, while it is blocked; else null.</summary>
    public string? BlockedOn { get; init; }

    /// <summary>Whether it asks for resources, and so may have been blocked before.</summary>
    public required bool HasResources { get; init; }

    /// <summary>How many children it has in each state; a state without any is left out.</summary>
    public required IReadOnlyDictionary<WorkState, int> Children { get; init; }

    /// <summary>How many items are below it in each state, at whatever depth; see <see cref="IsBelowAtLeast"/>.</summary>
    public required IReadOnlyDictionary<WorkState, int> Below { get; init; }

    /// <summary>Whether there may be more below it than <see cref="Below"/> tells: not all of it was looked at.</summary>
    public required bool IsBelowAtLeast { get; init; }

    /// <summary>How many of its children stand in <see cref="WorkTree.Items"/>.</summary>
    public required int Shown { get; init; }
}
