namespace Roost;

/// <summary>Where an item is: its state, with queued told apart into ready, delayed and blocked, as <see cref="StateCounts"/> counts them.</summary>
public enum WorkCondition
{
    /// <summary>Queued, and may run at once.</summary>
    Ready,

    /// <summary>Queued, and not due or not yet noticed to be due.</summary>
    Delayed,

    /// <summary>Queued, and waiting for a resource.</summary>
    Blocked,

    /// <summary>Leased by a worker.</summary>
    Running,

    /// <summary>Waiting for a signal or a time.</summary>
    Waiting,

    /// <summary>Finished by its engine.</summary>
    Done,

    /// <summary>A dead letter.</summary>
    Failed,

    /// <summary>Cancelled, or discarded from the dead letters.</summary>
    Cancelled,
}
