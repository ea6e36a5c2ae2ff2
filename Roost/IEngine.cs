namespace Roost;

/// <summary>What Roost does with an item whose process died during a step.</summary>
public enum OnInterrupted
{
    /// <summary>Run the step again, up to <see cref="RoostOptions.MaxInterruptions"/> times. The default.</summary>
    Retry,

    /// <summary>
    /// Make the item a dead letter with reason <c>interrupted</c>, for a person to decide: the step may have made an outside call that must not happen twice.
    /// </summary>
    Park,
}

/// <summary>
/// The user's code on raw snapshots. Most engines derive from <see cref="Engine{TState}"/> instead.
/// One instance is called for many items at once unless it was registered as a factory. Its properties are read once, when it is registered.
/// Steps run at least once: a step must be safe to run again from the same snapshot.
/// </summary>
public interface IEngine
{
    /// <summary>The name that work items use, 1 to 256 characters.</summary>
    string EngineId { get; }

    /// <summary>
    /// The version of the state's shape, 1 or more. An item stored with an older one goes through <see cref="Migrate"/>; an item stored with a newer one is
    /// left alone.
    /// </summary>
    int StateVersion => 1;

    /// <summary>How many steps of this engine may run at once in one runtime, 1 or more. Default (null): no limit of its own.</summary>
    int? MaxConcurrency => null;

    /// <summary>
    /// How long a step of this engine may take unless the item says otherwise, 1 ms to 24 days. Default (null): <see cref="RoostOptions.StepTimeout"/>.
    /// </summary>
    TimeSpan? StepTimeout => null;

    /// <summary>What happens to an item whose process died during a step. Default: the step runs again.</summary>
    OnInterrupted OnInterrupted => OnInterrupted.Retry;

    /// <summary>
    /// Makes the first snapshot of a work item: <see cref="Snapshot.First(WorkItem, object?, string)"/>. It is a step of its own, with a context as every step
    /// has.
    /// </summary>
    Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context);

    /// <summary>Takes a snapshot and returns the next, in an outcome.</summary>
    Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context);

    /// <summary>
    /// Decides by the exception that a step, or the making of the first state, has thrown whether and when that is tried again. Asked on the thread pool,
    /// after the step and within its time; not asked of what is wrong with the program (<see cref="FailReasons.InvalidStep"/>), of a step that was
    /// abandoned, nor of one that was told to stop because the loop ends or its lease is lost. Where it throws itself, that is logged and the default holds.
    /// Default: <see cref="RetryDecision.Default"/>.
    /// </summary>
    /// <param name="exception">What the step has thrown.</param>
    /// <param name="attempt">Which try has failed, from 1.</param>
    RetryDecision Retry(Exception exception, int attempt) => RetryDecision.Default;

    /// <summary>
    /// Told of each item of this engine that was cancelled, has become a dead letter or was discarded as one, to clean up outside: at least once, after the
    /// item has ended, by any loop that serves it, and again after a backoff where it throws or takes longer than <see cref="RoostOptions.EndedTimeout"/>, up
    /// to <see cref="RoostOptions.MaxAttempts"/> times in all; then that is an event (<see cref="EventKinds.EndUntold"/>) and a line in the log. Stored, so
    /// that it survives the death of the process. A dead letter that is retried is not told of any more as having failed: what has begun by then runs to its
    /// end beside the item's new steps, and a later end is told of anew. A purge drops what was not told yet. Costs nothing where it is not overridden,
    /// which is looked up when the engine is added. Default: nothing.
    /// </summary>
    /// <param name="last">The item's last snapshot; null where it has none, or that is damaged.</param>
    /// <param name="context">How it has ended.</param>
    Task OnEndedAsync(Snapshot? last, EndContext context) => Task.CompletedTask;

    /// <summary>
    /// Brings a snapshot with an older <see cref="Snapshot.StateVersion"/> to the present shape: <see cref="Snapshot.Migrated"/>. Default: unchanged.
    /// </summary>
    Snapshot Migrate(Snapshot older) => older;
}
