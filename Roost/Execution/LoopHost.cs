using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>The loops of a runtime, one at a time, and the worker as which they run: it may stay registered from one to the next.</summary>
internal sealed class LoopHost(RoostRuntime runtime, Store store, EngineRegistry engines, ILogger log, CancellationToken closing) : IAsyncDisposable
{
    private readonly SemaphoreSlim ended = new(1, 1);
    private Worker? worker;
    private int changesServed;

    /// <summary>Fires the token of the step that runs here under a lease, if one does.</summary>
    public void Cancel(long lease, CancellationReason reason) => worker?.Loop.Active.Cancel(lease, reason);

    /// <summary>Registers the worker, claims while the body runs, drains, and leaves.</summary>
    /// <exception cref="ConflictException">A loop runs already, or no engine is registered.</exception>
    public async Task<T> RunAsync<T>(LoopScope scope, Func<Worker, Task<T>> body, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, runtime);
        if (!await ended.WaitAsync(0, CancellationToken.None).ConfigureAwait(false))
            throw new ConflictException(
                "A loop of this runtime is running already; one runtime runs one loop at a time. Await the call that runs (a timer that calls " +
                "StepOnceAsync, say), or use WaitAsync to wait for an item that the running loop steps."
            );
        try
        {
            engines.Use(begins: true);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing);
            Worker running = await BeginAsync(scope, either.Token).ConfigureAwait(false);
            using CancellationTokenRegistration leaving = closing.Register(running.Loop.StopWaiting);
            using CancellationTokenRegistration stopping = either.Token.Register(running.BeginStop);
            try
            {
                T result = await body(running).ConfigureAwait(false);
                store.ThrowIfStopped();
                return result;
            }
            finally
            {
                TimeSpan drain = store.Stopped.IsCompleted ? TimeSpan.Zero : runtime.Options.DrainTime; // What steps still bring could not be saved.
                await running.CloseAsync(drain).ConfigureAwait(false);
            }
        }
        finally
        {
            await EndAsync(scope.LeavesAtEnd).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the end of the loop that runs, and leaves.</summary>
    public async ValueTask DisposeAsync()
    {
        await ended.WaitAsync().ConfigureAwait(false);
        await LeaveAsync().ConfigureAwait(false);
        ended.Dispose();
    }

    private async Task<Worker> BeginAsync(LoopScope scope, CancellationToken cancellationToken)
    {
        Worker running = await PatientlyAsync(() => WorkerAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        await PatientlyAsync(async () =>
        {
            await running.OpenAsync(scope, runtime.Options.DrainTime, cancellationToken).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
        return running;
    }

    private async Task EndAsync(bool leaves)
    {
        try
        {
            if (leaves) await LeaveAsync().ConfigureAwait(false);
        }
        finally
        {
            engines.Use(begins: false);
            ended.Release();
        }
    }

    /// <summary>What a loop begins with waits for another process that keeps the file locked, as a loop that runs does.</summary>
    private async Task<T> PatientlyAsync<T>(Func<Task<T>> begin, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await begin().ConfigureAwait(false);
            }
            catch (FileBusyException e) when (!cancellationToken.IsCancellationRequested)
            {
                log.LoopWaitsForLock(e, runtime.Path, runtime.Options.BusyTimeout);
            }
        }
    }

    private async Task<Worker> WorkerAsync(CancellationToken cancellationToken)
    {
        (IReadOnlyDictionary<string, EngineEntry> all, int changes) = engines.All();
        if (all.Count == 0) throw new ConflictException("No engine is registered; call AddEngine before the loop.");
        if (worker is not null && changesServed != changes) await LeaveAsync().ConfigureAwait(false);
        worker ??= await Worker.StartAsync(runtime, all, log, cancellationToken).ConfigureAwait(false);
        changesServed = changes;
        return worker;
    }

    private async Task LeaveAsync()
    {
        Worker? leaving = worker;
        worker = null;
        if (leaving is not null) await leaving.DisposeAsync().ConfigureAwait(false);
    }
}
