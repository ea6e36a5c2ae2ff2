using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>One worker from its registration to its leaving: opens the loop, lets it drain, and gives back what is left.</summary>
internal sealed class Worker : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ExitPatience = TimeSpan.FromSeconds(5); // What runs then runs for the first time, perhaps on a busy machine.

    private readonly StoreLoop store;
    private readonly Loop loop;
    private readonly LeaseKeeper keeper;
    private readonly ILogger log;
    private int stopBegun;
    private volatile bool exiting;

    private Worker(RoostRuntime runtime, StoreLoop store, IReadOnlyDictionary<string, EngineEntry> engines, ILogger log)
    {
        (this.store, this.log) = (store, log);
        loop = new(store, new StepRunner(runtime, log), engines, runtime.Options, runtime.Path, log)
        {
            Hurry = () => keeper!.Hurry(),
            LookForDead = () => keeper!.TakeOver(),
        };
        keeper = new(runtime, store, loop, RejoinAsync, log);
        Hooks = new(runtime, store, engines, loop.Backoff, log);
    }

    /// <summary>Tells engines of ends while the loop runs.</summary>
    public EndHooks Hooks { get; }

    /// <summary>What runs, and what was claimed last.</summary>
    public Loop Loop => loop;

    /// <summary>Registers the worker: from here on its engines count as served, and its death can be known.</summary>
    public static async Task<Worker> StartAsync(
        RoostRuntime runtime,
        IReadOnlyDictionary<string, EngineEntry> engines,
        ILogger log,
        CancellationToken cancellationToken
    )
    {
        StoreLoop store = await runtime.Store.JoinAsync([.. engines.Values.Select(engine => engine.Facts)], cancellationToken).ConfigureAwait(false);
        var worker = new Worker(runtime, store, engines, log);
        if (!store.HasLock)
            log.LocksTellNothing(runtime.Folder, store.WorkerId, runtime.Options.LeaseTime);
        try
        {
            await worker.keeper.StartAsync().ConfigureAwait(false);
            log.WorkerStarted(store.WorkerId, string.Join(", ", engines.Keys), string.Join(", ", runtime.Options.ServedQueues), runtime.Path);
            return worker;
        }
        catch
        {
            await worker.LeaveAfterFaultAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Begins to claim.</summary>
    public async Task OpenAsync(LoopScope scope, TimeSpan drain, CancellationToken cancellationToken)
    {
        loop.Begin();
        try
        {
            await store.OpenAsync(scope.Slots, scope.Claims, loop, keeper.ClocksParted, cancellationToken).ConfigureAwait(false);
            Hooks.Start();
        }
        catch
        {
            // What the writer did after the transaction that failed may have claimed something already.
            await CloseAsync(drain).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// The loop is asked to stop: from here on nothing is claimed, and a process that exits gives back what it holds. Called by whoever asks, so that it holds
    /// once they have.
    /// </summary>
    public void BeginStop()
    {
        if (!store.IsOpen || Interlocked.Exchange(ref stopBegun, 1) != 0) return;
        store.Pause();
        AppDomain.CurrentDomain.ProcessExit += ReturnAtExit;
    }

    /// <summary>Stops claiming, lets running steps finish within the time to drain, then fires their tokens and gives their leases back.</summary>
    public async Task CloseAsync(TimeSpan drain)
    {
        if (!store.IsOpen) return;
        BeginStop();
        long since = TimeProvider.System.GetTimestamp();
        loop.Active.AnnounceStop();
        Task telling = Hooks.StopAsync(drain);
        try
        {
            await SettleAsync(drain + StopPatience).ConfigureAwait(false);
            if (await loop.Active.EndWithinAsync(drain - TimeProvider.System.GetElapsedTime(since)).ConfigureAwait(false)) return;
            loop.Active.CancelAll(CancellationReason.ShuttingDown);
            if (!await loop.Active.EndWithinAsync(StopPatience).ConfigureAwait(false)) await GiveUpAsync().ConfigureAwait(false);
        }
        finally
        {
            await telling.ConfigureAwait(false);
            AppDomain.CurrentDomain.ProcessExit -= ReturnAtExit;
            stopBegun = 0;
            store.Close();
        }
    }

    /// <summary>Leaves the store; what the worker still holds goes back uncharged.</summary>
    public async ValueTask DisposeAsync()
    {
        await keeper.DisposeAsync().ConfigureAwait(false);
        Hooks.Dispose();
        try
        {
            await store.LeaveAsync().ConfigureAwait(false);
            log.WorkerStopped(store.WorkerId);
        }
        catch (FileBusyException e)
        {
            log.WorkerStoppedLocked(e, store.WorkerId);
        }
    }

    /// <summary>Behind what the store had begun; the loop ends even where nothing can be written.</summary>
    private async Task SettleAsync(TimeSpan patience)
    {
        try
        {
            await store.SettleAsync().WaitAsync(patience).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RoostException or TimeoutException)
        {
            log.UnwrittenAtClose(e);
        }
    }

    /// <summary>Some steps do not stop: their leases go back, and whatever they still bring is fenced off.</summary>
    private async Task GiveUpAsync()
    {
        loop.BeginToGiveUp();
        ActiveStep[] left = loop.Active.All;
        foreach (ActiveStep step in left) step.Cancel(CancellationReason.LeaseLost);
        await Task.WhenAll(left.Select(step => loop.ReturnAsync(step, "shutting down"))).ConfigureAwait(false);
        foreach (ActiveStep step in left) loop.Active.Remove(step);
    }

    /// <summary>
    /// The process ends while the loop drains: the host has no more time for it, or a person no patience. What still runs goes back uncharged. Only
    /// then: while the loop works nobody can tell a host that ends from a step that ends its process, and that one is to be charged.
    /// </summary>
    private void ReturnAtExit(object? sender, EventArgs e)
    {
        exiting = true;
        loop.BeginToGiveUp();
        keeper.Stop();
        loop.Active.CancelAll(CancellationReason.ShuttingDown);
        try
        {
            store.TryLeaveWithin(ExitPatience);
        }
        catch (ObjectDisposedException)
        {
            // The runtime was closed while the process was on its way out, and its worker has left.
        }
        catch (AggregateException failed)
        {
            log.WorkerKeepsLeases(failed, store.WorkerId);
        }
    }

    /// <summary>Takes another place after this worker was declared dead.</summary>
    private async Task RejoinAsync()
    {
        if (exiting) return;
        loop.Active.CancelAll(CancellationReason.LeaseLost);
        await store.RejoinAsync().ConfigureAwait(false);
    }

    /// <summary>What kept the worker from starting is what the caller learns; a row that is left over is removed when its lease is over.</summary>
    private async Task LeaveAfterFaultAsync()
    {
        try
        {
            await store.LeaveAsync().ConfigureAwait(false);
        }
        catch (RoostException e)
        {
            log.WorkerRowLeft(e, store.WorkerId);
        }
    }
}

/// <summary>What a loop is opened for.</summary>
/// <param name="Slots">How many steps at once.</param>
/// <param name="Claims">How many claims at most.</param>
/// <param name="LeavesAtEnd">Whether the worker leaves when the loop ends; else it stays registered for the next.</param>
internal readonly record struct LoopScope(int Slots, long Claims, bool LeavesAtEnd)
{
    /// <summary>Until it is stopped.</summary>
    public static LoopScope Of(RoostOptions options) => new(options.Concurrency, long.MaxValue, LeavesAtEnd: true);

    /// <summary>One step of one item.</summary>
    public static LoopScope OneStep { get; } = new(1, 1, LeavesAtEnd: false);
}
