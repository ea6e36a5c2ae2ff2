namespace Roost;

/// <summary>Which work items a list shows. What is left out does not narrow it.</summary>
public sealed record WorkFilter
{
    /// <summary>Items in this state alone. Default: in any.</summary>
    public WorkState? State { get; init; }

    /// <summary>
    /// Items in this condition alone; with <see cref="State"/>, of that state. Default: in any. Ready, delayed and blocked items are listed in the
    /// order in which they go on, unless a parent, a resource or a pause is asked for: ready ones by priority and then by how long they are ready, delayed ones
    /// by when they are due, blocked ones by the name that they wait for.
    /// </summary>
    public WorkCondition? Condition { get; init; }

    /// <summary>Items of this engine alone. Default: of any.</summary>
    public string? Engine { get; init; }

    /// <summary>Items in this queue alone. Default: in any.</summary>
    public string? Queue { get; init; }

    /// <summary>Children of this work item alone. Default: any item.</summary>
    public string? ParentId { get; init; }

    /// <summary>Items that ask for this resource, whether they hold it or not. Default: any item.</summary>
    public string? Resource { get; init; }

    /// <summary>Items that are paused themselves, or those that are not. Default: any item.</summary>
    public bool? IsPaused { get; init; }

    /// <summary>Items whose last error holds this text, the letters A to Z in either case; 1 to 1,000 characters. Default: any item.</summary>
    public string? Error { get; init; }
}
