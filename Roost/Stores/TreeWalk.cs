namespace Roost.Stores;

/// <summary>
/// A look at an item and everything below it for what has not ended. It rests at the first that it finds, and goes on from there once that has ended, so that
/// all ends together cost one look at each item. An item is looked at once it has ended, and so has brought all the children that its steps and triggers make.
/// </summary>
internal sealed class TreeWalk(string workId)
{
    public string WorkId => workId;

    /// <summary>The item itself as it ended; null as long as it has not.</summary>
    public WorkSummary? Top { get; set; }

    /// <summary>Items that have ended and had children when they were found; what is below these is looked at next.</summary>
    public Stack<long> Left { get; } = [];
}

/// <summary>How far a walk has come.</summary>
internal enum WalkState
{
    /// <summary>Everything that it has met had ended.</summary>
    AtEnd,

    /// <summary>It is at something that has not ended.</summary>
    Rests,

    /// <summary>It has looked at as much as one read may.</summary>
    GoesOn,
}
