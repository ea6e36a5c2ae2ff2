using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Roost.Storage;

namespace Roost.Execution;

/// <summary>
/// The loop. The writer claims items for free slots and starts them here; each slot steps its item and commits, for as long as the item
/// keeps its lease.
/// </summary>
internal sealed class Worker : IAsyncDisposable
{
    private const int TriesOnDamage = 3;

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ExitPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CommitRetry = TimeSpan.FromSeconds(1);

    private readonly RoostRuntime runtime;
    private readonly RoostOptions options;
    private readonly Writer writer;
    private readonly IReadOnlyDictionary<string, EngineEntry> engines;
    private readonly StepRunner runner;
    private readonly ILogger log;
    private readonly ConcurrentDictionary<long, ActiveStep> active = new();
    private readonly Pulse ended = new();
    private readonly LeaseKeeper keeper;
    private int stopBegun;
    private volatile bool givingUp, exiting;

    private Worker(RoostRuntime runtime, Writer writer, IReadOnlyDictionary<string, EngineEntry> engines, ILogger log)
    {
        this.runtime = runtime;
        this.writer = writer;
        this.engines = engines;
        this.log = log;
        options = runtime.Options;
        runner = new(runtime, log);
        keeper = new(runtime, writer, this, log);
    }

    /// <summary>The steps that run now, by lease token.</summary>
    public IReadOnlyDictionary<long, ActiveStep> Active => active;

    public WorkerSeat Seat { get; private set; } = null!;

    public SlotLedger? SlotLedger { get; private set; }

    /// <summary>The item that was claimed last since the loop was opened.</summary>
    public LeasedWork? LastStarted { get; private set; }

    /// <summary>Registers the worker: from here on its engines count as served, and its death can be known.</summary>
    public static async Task<Worker> StartAsync(RoostRuntime runtime, Writer writer, IReadOnlyDictionary<string, EngineEntry> engines, ILogger log, CancellationToken cancellationToken)
    {
        var worker = new Worker(runtime, writer, engines, log);
        worker.Seat = await WorkerSeat.TakeAsync(runtime, writer, [.. engines.Values.Select(engine => engine.Facts)], log, cancellationToken).ConfigureAwait(false);
        if (!worker.Seat.HasLock) log.LogWarning("File locks tell nothing in {Folder}; where worker {WorkerId} dies, others learn it when its leases of {LeaseTime} are over", runtime.Folder, worker.Seat.Id, runtime.Options.LeaseTime);
        try
        {
            await worker.keeper.StartAsync().ConfigureAwait(false);
            log.LogInformation("Worker {WorkerId} serves {Engines} in queues {Queues} of {Path}", worker.Seat.Id, string.Join(", ", engines.Keys), string.Join(", ", runtime.Options.ServedQueues), runtime.Path);
            return worker;
        }
        catch
        {
            await worker.AbandonSeatAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Begins to claim.</summary>
    public async Task OpenAsync(int slots, long claims, Action<long?> idle, CancellationToken cancellationToken)
    {
        givingUp = false;
        LastStarted = null;
        var facts = engines.ToDictionary(entry => entry.Key, entry => entry.Value.Facts);
        var opened = new SlotLedger(Seat.Key, Seat.Id, facts, [.. options.ServedQueues], slots, claims) { Start = Start, Idle = idle, TakeOver = keeper.TakeOver, LocksTell = Seat.HasLock, ClocksParted = keeper.ClocksParted, RenewedAt = options.TimeProvider.GetTimestamp() };
        SlotLedger = opened;
        try
        {
            await writer.RunUnlessCancelledAsync(session =>
            {
                session.Identity.RefuseCopy(runtime.Path, "runs nothing");
                writer.SlotLedger = opened;
                return true;
            }, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // What the writer did after the transaction that failed may have claimed something already.
            await CloseAsync(options.DrainTime).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The loop is asked to stop: from here on nothing is claimed, and a process that exits gives back what it holds. Called by whoever asks, so that it holds once they have.</summary>
    public void BeginStop()
    {
        if (SlotLedger is not { } closing || Interlocked.Exchange(ref stopBegun, 1) != 0) return;
        closing.Paused = true;
        AppDomain.CurrentDomain.ProcessExit += GiveBackAtExit;
    }

    /// <summary>Stops claiming, lets running steps finish within the time to drain, then fires their tokens and gives their leases back.</summary>
    public async Task CloseAsync(TimeSpan drain)
    {
        if (SlotLedger is null) return;
        BeginStop();
        long since = TimeProvider.System.GetTimestamp();
        foreach (ActiveStep step in active.Values) step.AnnounceStop();
        try
        {
            await BarrierAsync(drain + StopPatience).ConfigureAwait(false);
            if (await EndedWithinAsync(drain - TimeProvider.System.GetElapsedTime(since)).ConfigureAwait(false)) return;
            foreach (ActiveStep step in active.Values) step.Cancel(CancellationReason.ShuttingDown);
            if (!await EndedWithinAsync(StopPatience).ConfigureAwait(false)) await GiveUpAsync().ConfigureAwait(false);
        }
        finally
        {
            AppDomain.CurrentDomain.ProcessExit -= GiveBackAtExit;
            stopBegun = 0;
            writer.SlotLedger = SlotLedger = null;
        }
    }

    /// <summary>
    /// The process ends while the loop drains: the host has no more time for it, or a person no patience. What still runs goes back uncharged. Only
    /// then: while the loop works nobody can tell a host that ends from a step that ends its process, and that one is to be charged.
    /// </summary>
    private void GiveBackAtExit(object? sender, EventArgs e)
    {
        exiting = givingUp = true;
        keeper.Stop();
        foreach (ActiveStep step in active.Values) step.Cancel(CancellationReason.ShuttingDown);
        try
        {
            if (Seat.UnregisterAsync(writer).Wait(ExitPatience)) Seat.Drop();
        }
        catch (Exception failed) when (failed is AggregateException or ObjectDisposedException)
        {
            log.LogWarning(failed, "Worker {WorkerId} could not give back what it held", Seat.Id);
        }
    }

    /// <summary>Behind what the writer had begun; the loop ends even where the file cannot be written.</summary>
    private async Task BarrierAsync(TimeSpan patience)
    {
        try
        {
            await writer.RunAsync(_ => true, ahead: true).WaitAsync(patience).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RoostException or TimeoutException)
        {
            log.LogWarning(e, "The file could not be written while the loop was closing");
        }
    }

    /// <summary>Leaves the table; what the worker still holds goes back uncharged.</summary>
    public async ValueTask DisposeAsync()
    {
        await keeper.DisposeAsync().ConfigureAwait(false);
        try
        {
            await Seat.LeaveAsync(writer).ConfigureAwait(false);
            log.LogInformation("Worker {WorkerId} has stopped", Seat.Id);
        }
        catch (FileBusyException e)
        {
            log.LogWarning(e, "Worker {WorkerId} has stopped while another process kept the file locked; its row is left over, and another worker removes it when its lease is over", Seat.Id);
        }
    }

    /// <summary>What kept the worker from starting is what the caller learns; a row that is left over is removed when its lease is over.</summary>
    private async Task AbandonSeatAsync()
    {
        try
        {
            await Seat.LeaveAsync(writer).ConfigureAwait(false);
        }
        catch (RoostException e)
        {
            log.LogWarning(e, "Worker {WorkerId} could not start, and its row could not be removed", Seat.Id);
        }
    }

    /// <summary>Takes another seat after this one was declared dead.</summary>
    public async Task ReseatAsync()
    {
        if (exiting) return;
        foreach (ActiveStep step in active.Values) step.Cancel(CancellationReason.LeaseLost);
        Seat.Drop();
        Seat = await WorkerSeat.TakeAsync(runtime, writer, [.. engines.Values.Select(engine => engine.Facts)], log, CancellationToken.None).ConfigureAwait(false);
        (long key, string id) = (Seat.Key, Seat.Id);
        if (SlotLedger is { } ledger)
            await writer.RunAsync(_ =>
            {
                ledger.Reseat(key, id);
                return true;
            }, ahead: true).ConfigureAwait(false);
    }

    /// <summary>Fires the token of a running step, by its lease: the item may be in other hands by now, or in ours again.</summary>
    public void Cancel(long leaseToken, CancellationReason why)
    {
        if (active.TryGetValue(leaseToken, out ActiveStep? step)) step.Cancel(why);
    }

    /// <summary>How long the next try waits after so many failed or interrupted ones, in milliseconds.</summary>
    public long Backoff(int attempt) =>
        (long)RetryPolicy.Delay(attempt, options.RetryBaseDelay, options.RetryMaxDelay, Random.Shared.NextDouble()).TotalMilliseconds;

    private Slot Start(SlotLedger ledger, LeasedWork lease)
    {
        var step = new ActiveStep(lease, Seat.Key, ledger);
        active[lease.Token] = step;
        if (ledger.Paused) step.AnnounceStop(); // The loop may have begun to stop before it could be seen.
        keeper.Hurry();
        LastStarted = lease;
        return new Slot(this, step);
    }

    private sealed class Slot(Worker worker, ActiveStep step) : IThreadPoolWorkItem
    {
        public void Execute() => _ = worker.RunSlotAsync(step);
    }

    /// <summary>One slot: step, commit, and on with the same item while its lease is kept.</summary>
    private async Task RunSlotAsync(ActiveStep step)
    {
        try
        {
            EngineEntry engine = engines[step.Lease.Lane.Engine];
            bool kept = true;
            while (kept)
            {
                using var telemetry = Telemetry.Step(step.Lease);
                StepEnd end = await runner.RunAsync(step, engine).ConfigureAwait(false);
                kept = await CommitAsync(step, end).ConfigureAwait(false);
                if (kept) step.GoOn();
            }
        }
        catch (Exception e)
        {
            log.LogError(e, "The slot of work item {WorkId} failed", step.Lease.Item.Id);
            await GiveBackAsync(step, "its end could not be saved").ConfigureAwait(false);
        }
        finally
        {
            if (!step.SlotGiven) writer.GiveSlot(step.SlotLedger, step.Lease.Lane.Engine);
            active.TryRemove(step.Lease.Token, out _);
            step.Dispose();
            ended.Beat();
        }
    }

    /// <summary>Gives a lease back uncharged, with its slot, where the step's own end will not.</summary>
    private async Task GiveBackAsync(ActiveStep step, string why)
    {
        try
        {
            await writer.RunAsync(session =>
            {
                session.Leases.Release(step.Lease, why);
                return Leave(CommitResult.Released, session, step);
            }).ConfigureAwait(false);
            step.SlotGiven = true;
        }
        catch (Exception e) when (e is RoostException or ObjectDisposedException)
        {
            log.LogError(e, "The lease of work item {WorkId} could not be given back; it is released with the next renewal, or rescued when it expires", step.Lease.Item.Id);
        }
    }

    /// <summary>Saves how the step ended, trying again while the file cannot be written and the lease is ours: the engine is not run again for that.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> CommitAsync(ActiveStep step, StepEnd end)
    {
        int damaged = 0;
        while (true)
        {
            try
            {
                return await CommitOnceAsync(step, end).ConfigureAwait(false);
            }
            catch (KeyTakenException e)
            {
                end = new(null, null, false, end.Staged, e);
            }
            catch (DataCorruptException e)
            {
                damaged++;
                if (damaged == 2 * TriesOnDamage)
                {
                    writer.StopFor(e); // Not even that it failed can be saved: it would be claimed again, and fail again.
                    throw;
                }
                if (damaged == TriesOnDamage && end.Commit is not null) end = runner.Refused(step, e, end.Staged); // What it read to save this does not get better by itself.
                else if (!await MayTryAgainAsync(step, e).ConfigureAwait(false)) return false;
            }
            catch (Exception e) when (end.Commit is not null && e is ConflictException or InvalidInputException or (not RoostException and not ObjectDisposedException))
            {
                end = runner.Refused(step, e, end.Staged);
            }
            catch (RoostException e) when (e is not (ConflictException or InvalidInputException or NotFoundException))
            {
                if (!await MayTryAgainAsync(step, e).ConfigureAwait(false)) return false;
            }
        }
    }

    /// <summary>After a pause, unless the lease is lost or the loop gives up.</summary>
    private async Task<bool> MayTryAgainAsync(ActiveStep step, RoostException why)
    {
        log.LogError(why, "Work item {WorkId} could not be saved; trying again", step.Lease.Item.Id);
        if (step.IsLost || givingUp) return false;
        await Task.Delay(CommitRetry).ConfigureAwait(false);
        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> CommitOnceAsync(ActiveStep step, StepEnd end)
    {
        LeasedWork lease = step.Lease;
        if (end.Commit is { } commit)
        {
            CommitResult result = await writer.RunAsync((writer, step, commit), static (session, it) =>
                Leave(session.CommitStep.Execute(it.commit, it.writer.SlotLedger == it.step.SlotLedger ? it.step.SlotLedger : null), session, it.step), commit.Bytes).ConfigureAwait(false);
            step.SlotGiven = result != CommitResult.Kept;
            if (result == CommitResult.Lost) Lost(step);
            else if (commit.Kind == OutcomeKind.Fail) log.LogError("Work item {WorkId} of engine {Engine} is a dead letter: {Reason}", lease.Item.Id, lease.Lane.Engine, commit.Reason);
            if (result != CommitResult.Kept) return false;
            lease.Advance(commit);
            return true;
        }
        if (!await SaveEndAsync(step, end).ConfigureAwait(false)) Lost(step);
        else if (end.Failure is { } why)
            log.Log(end.IsFinal ? LogLevel.Error : LogLevel.Warning, CauseChain.ForLog(end.Exception), "Work item {WorkId} of engine {Engine} failed try {Attempt} at version {Version}{Fate}: {Message}",
                lease.Item.Id, lease.Lane.Engine, why.Attempt, lease.Version, end.IsFinal ? " and is a dead letter" : "", why.Message);
        return false;
    }

    /// <summary>Saves a failed try, or gives the lease back; false where it was lost.</summary>
    private async Task<bool> SaveEndAsync(ActiveStep step, StepEnd end)
    {
        LeasedWork lease = step.Lease;
        bool saved = await writer.RunAsync(session =>
        {
            session.Blobs.Unpin(end.Staged);
            bool held = end.Failure is { } failure
                ? session.Endings.FailStep(lease, failure, Backoff(failure.Attempt), end.IsFinal)
                : session.Leases.Release(lease, end.Exception?.Message ?? "shutting down");
            Leave(held ? CommitResult.Released : CommitResult.Lost, session, step);
            return held;
        }).ConfigureAwait(false);
        step.SlotGiven = true;
        return saved;
    }

    private static CommitResult Leave(CommitResult result, Session session, ActiveStep step)
    {
        if (result == CommitResult.Lost) session.Leases.ReleaseLanded(step.Lease);
        if (result != CommitResult.Kept) step.SlotLedger.Give(step.Lease.Lane.Engine);
        return result;
    }

    private void Lost(ActiveStep step)
    {
        step.Cancel(CancellationReason.LeaseLost);
        log.LogWarning("The lease of work item {WorkId} was lost at version {Version}; what the step brings now is thrown away", step.Lease.Item.Id, step.Lease.Version);
    }

    private async Task<bool> EndedWithinAsync(TimeSpan time)
    {
        long since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task next = ended.Next;
            if (active.IsEmpty) return true;
            TimeSpan left = time - TimeProvider.System.GetElapsedTime(since);
            if (left <= TimeSpan.Zero) return false;
            try
            {
                await next.WaitAsync(left).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return active.IsEmpty;
            }
        }
    }

    /// <summary>Some steps do not stop: their leases go back, and whatever they still bring is fenced off.</summary>
    private async Task GiveUpAsync()
    {
        givingUp = true;
        ActiveStep[] left = [.. active.Values];
        foreach (ActiveStep step in left) step.Cancel(CancellationReason.LeaseLost);
        await Task.WhenAll(left.Select(step => GiveBackAsync(step, "shutting down"))).ConfigureAwait(false);
        foreach (ActiveStep step in left) active.TryRemove(step.Lease.Token, out _);
    }
}
