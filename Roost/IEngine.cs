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
    /// Brings a snapshot with an older <see cref="Snapshot.StateVersion"/> to the present shape: <see cref="Snapshot.Migrated"/>. Default: unchanged.
    /// </summary>
    Snapshot Migrate(Snapshot older) => older;
}
