namespace Roost;

/// <summary>Where a work item is in its life. <see cref="WorkStates"/> holds the table of transitions.</summary>
public enum WorkState
{
    /// <summary>Ready, delayed until due, or blocked on a resource.</summary>
    Queued,

    /// <summary>Leased: a worker runs its step.</summary>
    Running,

    /// <summary>It waits for a signal or a time: nothing runs or looks meanwhile.</summary>
    Waiting,

    /// <summary>Its engine has finished it.</summary>
    Done,

    /// <summary>A dead letter: kept until retried or discarded.</summary>
    Failed,

    /// <summary>Cancelled, or discarded from the dead letters.</summary>
    Cancelled,
}
