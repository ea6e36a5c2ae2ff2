namespace Roost.Testing;

/// <summary>One step that is to be interrupted: it runs to its end and is held there, until what it brings can no more be saved.</summary>
internal sealed class Interruption(string workId)
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Reached => reached.Task;

    public void Release() => released.TrySetResult();

    /// <summary>Holds a step of that item.</summary>
    public Task HoldAsync(WorkItem item)
    {
        if (item.Id != workId) return Task.CompletedTask;
        reached.TrySetResult();
        return released.Task;
    }
}

/// <summary>An engine whose steps can be interrupted.</summary>
internal sealed class InterruptibleEngine(IEngine inner, Func<Interruption?> present) : WrappedEngine(inner)
{
    public override Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => HeldAsync(item, () => Inner.InitSnapshotAsync(item, context));

    public override Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context) =>
        HeldAsync(item, () => Inner.StepAsync(snapshot, item, context));

    private async Task<T> HeldAsync<T>(WorkItem item, Func<Task<T>?> step)
    {
        try
        {
            Task<T>? running = step();
            return running is null ? default! : await running.ConfigureAwait(false);
        }
        finally
        {
            if (present() is { } interruption) await interruption.HoldAsync(item).ConfigureAwait(false);
        }
    }
}
