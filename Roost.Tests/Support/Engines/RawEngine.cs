namespace Roost.Tests.Support;

/// <summary>An engine on raw snapshots whose step is a function of the test.</summary>
internal sealed class RawEngine(Func<Snapshot, WorkItem, StepContext, Outcome> step, Func<WorkItem, Snapshot>? first = null) : IEngine
{
    public string EngineId => "raw";

    public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => Task.FromResult(first is null ? Snapshot.First(item, 0) : first(item));

    public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context) => Task.FromResult(step(snapshot, item, context));
}
