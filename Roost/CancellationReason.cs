namespace Roost;

/// <summary>Why a step's token has fired.</summary>
public enum CancellationReason
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>Somebody asked to cancel the work item.</summary>
    Cancelled,

    /// <summary>The step has taken longer than it may.</summary>
    TimedOut,

    /// <summary>The work item's deadline has passed; a <c>done</c> that still arrives is accepted.</summary>
    DeadlineExceeded,

    /// <summary>The lease belongs to somebody else now; nothing of this step will land.</summary>
    LeaseLost,

    /// <summary>The runtime is stopping and the time to drain is over; the step runs again later, uncharged.</summary>
    ShuttingDown,
}
