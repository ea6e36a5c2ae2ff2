namespace Roost;

/// <summary>Which children of an item a step reads.</summary>
public enum ChildScope
{
    /// <summary>All there are, in the order in which they were enqueued.</summary>
    All,

    /// <summary>
    /// Those whose ends this step is shown and none before it was (<see cref="ChildProgress.NewlyEnded"/>), in the order in which they ended, each once. None
    /// where the step is not the first after a wait for children.
    /// </summary>
    NewlyEnded,
}

/// <summary>A child of a work item, as its parent's step sees it.</summary>
/// <typeparam name="TState">What its state is read as.</typeparam>
public sealed record Child<TState>
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The id of its engine.</summary>
    public required string Engine { get; init; }

    /// <summary>The idempotency key that it was enqueued with, or null.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Where it stands.</summary>
    public required WorkState State { get; init; }

    /// <summary>Its snapshot version; 0 before the first.</summary>
    public required int Version { get; init; }

    /// <summary>The name of the step that it has come to; null before its first snapshot.</summary>
    public string? Step { get; init; }

    /// <summary>Whether its end is counted by nobody.</summary>
    public bool IsDetached { get; init; }

    /// <summary>Its last state; the type's default before its first snapshot, and where <see cref="DataError"/> says that it is damaged.</summary>
    public TState? Data { get; init; }

    /// <summary>Why its last state cannot be read: it is missing or does not match its SHA-256. Else null.</summary>
    public string? DataError { get; init; }

    /// <summary>Why it is a dead letter, without the stack; else null.</summary>
    public WorkFailure? Error { get; init; }
}
