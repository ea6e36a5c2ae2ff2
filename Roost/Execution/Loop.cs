using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>
/// The loop. Leases that the store has claimed come in at <see cref="ILeaseTaker.Take"/>; each steps its item and commits how the step ended, for as long as
/// the item keeps its lease.
/// </summary>
internal sealed class Loop(
    StoreLoop store, StepRunner runner, IReadOnlyDictionary<string, EngineEntry> engines, RoostOptions options, string path, ILogger log)
    : ILeaseTaker
{
    private const int TriesOnDamage = 3;

    private TaskCompletionSource<long?> idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool givingUp;

    /// <summary>The steps that run now.</summary>
    public ActiveSteps Active { get; } = new();

    /// <summary>The item that was claimed last since the loop began.</summary>
    public LeasedWork? LastStarted { get; private set; }

    /// <summary>Ends when nothing runs and nothing can run now, with the time at which the next becomes due.</summary>
    public Task<long?> Idle => idle.Task;

    /// <summary>There are leases to look after from here on; called often.</summary>
    public required Action Hurry { private get; init; }

    /// <summary>Nothing can run before something is taken over from a worker that has died.</summary>
    public required Action LookForDead { private get; init; }

    /// <summary>Begins anew.</summary>
    public void Begin()
    {
        givingUp = false;
        LastStarted = null;
        idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The runtime is closed: nobody will say any more that nothing can run.</summary>
    public void StopWaiting() => idle.TrySetCanceled();

    /// <summary>From here on what cannot be saved at once is not tried again.</summary>
    public void BeginToGiveUp() => givingUp = true;

    /// <summary>How long the next try waits.</summary>
    public Backoff Backoff { get; } = new(options.RetryBaseDelay, options.RetryMaxDelay, options.Randomness);

    /// <summary>A lease was claimed for us, and that is durable.</summary>
    IThreadPoolWorkItem ILeaseTaker.Take(LeasedWork lease)
    {
        var step = new ActiveStep(lease);
        Active.Add(step);
        if (store.IsPaused) step.AnnounceStop(); // The loop may have begun to stop before it could be seen.
        Hurry();
        LastStarted = lease;
        return new Slot(this, step);
    }

    bool ILeaseTaker.Runs(long token) => Active.Contains(token);

    void ILeaseTaker.Idle(long? due) => idle.TrySetResult(due);

    void ILeaseTaker.LookForDead() => LookForDead();

    private sealed class Slot(Loop loop, ActiveStep step) : IThreadPoolWorkItem
    {
        public void Execute() => _ = loop.RunSlotAsync(step);
    }

    /// <summary>One slot: step, commit, and on with the same item while its lease is kept.</summary>
    private async Task RunSlotAsync(ActiveStep step)
    {
        StepMeasure? measure = null;
        try
        {
            EngineEntry engine = engines[step.Lease.Lane.Engine];
            bool kept = true;
            while (kept)
            {
                measure = StepMeasure.Begin(step.Lease, path, log);
                StepEnd end = await runner.RunAsync(step, engine).ConfigureAwait(false);
                kept = await CommitAsync(step, end, measure).ConfigureAwait(false);
                measure?.End();
                measure = null;
                if (kept) step.GoOn();
            }
        }
        catch (Exception e)
        {
            log.SlotFailed(e, step.Lease.Item.Id);
            await ReturnAsync(step, "its end could not be saved").ConfigureAwait(false);
        }
        finally
        {
            measure?.End();
            if (!step.IsSlotFree) store.FreeSlot(step.Lease);
            Active.Remove(step);
            step.Dispose();
        }
    }

    /// <summary>
    /// Saves how the step ended, trying again while that cannot be written and the lease is ours: the engine is not run again for that. True where the lease is
    /// kept.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> CommitAsync(ActiveStep step, StepEnd end, StepMeasure? measure)
    {
        for (int damaged = 0; ;)
        {
            Exception fault;
            try
            {
                if (end.Commit is { } commit) return await CommitOnceAsync(step, commit, measure).ConfigureAwait(false);
                await EndOnceAsync(step, end, measure).ConfigureAwait(false);
                return false;
            }
            catch (Exception e)
            {
                fault = e;
            }
            if (fault is DataCorruptException) damaged++;
            if (await AfterFaultAsync(step, end, fault, damaged).ConfigureAwait(false) is not { } next) return false;
            end = next;
        }
    }

    /// <summary>
    /// What is to be saved instead, or the same again after a pause; null where the lease is lost or the loop gives up. What no other try would help is thrown
    /// again.
    /// </summary>
    private async ValueTask<StepEnd?> AfterFaultAsync(ActiveStep step, StepEnd end, Exception fault, int damaged)
    {
        switch (CommitFaults.Of(fault, isCommit: end.Commit is not null))
        {
            case CommitFault.KeyTaken: return new StepEnd(null, null, false, end.Staged, fault); // Uncharged: the step runs again and learns the other's id.
            case CommitFault.Refused: return runner.Refused(step, fault, end.Staged);
            case CommitFault.Damage when damaged == 2 * TriesOnDamage:
                store.StopFor((DataCorruptException)fault); // Not even that it failed can be saved: it would be claimed again, and fail again.
                ExceptionDispatchInfo.Throw(fault);
                break;
            case CommitFault.Damage when damaged == TriesOnDamage && end.Commit is not null:
                return runner.Refused(step, fault, end.Staged); // What it read to save this does not get better by itself.
            case CommitFault.Fatal:
                ExceptionDispatchInfo.Throw(fault);
                break;
        }
        log.StepUnsaved(fault, step.Lease.Item.Id);
        if (step.IsLost || givingUp) return null;
        await Task.Delay(CommitFaults.Pause).ConfigureAwait(false);
        return end;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> CommitOnceAsync(ActiveStep step, StepCommit commit, StepMeasure? measure)
    {
        LeasedWork lease = step.Lease;
        CommitResult result = await store.CommitAsync(commit).ConfigureAwait(false);
        step.IsSlotFree = !result.IsKept;
        if (result == CommitResult.Lost) Lost(step, measure);
        else measure?.Saved(commit);
        if (result != CommitResult.Lost && commit.Kind == OutcomeKind.Fail) log.EngineFailed(lease.Item.Id, lease.Lane.Engine, commit.Reason);
        if (!result.IsKept)
            return false;
        lease.Advance(commit, result);
        return true;
    }

    /// <summary>Saves a failed try, or that it is to be made again; or gives the lease back.</summary>
    private async Task EndOnceAsync(ActiveStep step, StepEnd end, StepMeasure? measure)
    {
        LeasedWork lease = step.Lease;
        bool isHeld = end.Failure is { } failure
            ? await store.FailAsync(lease, failure, end.WaitMs ?? Backoff.After(failure.Attempt), end.IsFinal, end.Staged).ConfigureAwait(false)
            : end.Ask is { } ask ? await store.AskAsync(lease, ask, end.Staged).ConfigureAwait(false)
            : end.Later is { } again ? await store.RetryAfterAsync(lease, again, end.Staged).ConfigureAwait(false)
            : await store.ReturnAsync(lease, end.Exception?.Message ?? "shutting down", end.Staged).ConfigureAwait(false);
        step.IsSlotFree = true;
        if (!isHeld) Lost(step, measure);
        else TellEnd(lease, end, measure);
    }

    private void TellEnd(LeasedWork lease, in StepEnd end, StepMeasure? measure)
    {
        (string id, string engine, int version) = (lease.Item.Id, lease.Lane.Engine, lease.Version);
        if (end.Failure is { } why)
        {
            measure?.Failed(why, end.Exception);
            Exception? told = CauseChain.ForLog(end.Exception);
            if (end.IsFinal) log.LastTryFailed(told, id, engine, why.Attempt, version, why.Message);
            else log.TryFailed(told, id, engine, why.Attempt, version, why.Message);
        }
        else if (end.Later is { } later)
        {
            measure?.Ended(FailReasons.RetryAfter);
            log.RetryAsked(id, engine, TimeSpan.FromMilliseconds(later.DelayMs), version, later.Why);
        }
        else if (end.Ask is { } about)
        {
            measure?.Ended(StepMeasure.Asked);
            log.EffectAsked(about.Path, id, version, about.Ask.Id);
        }
        else measure?.Ended(StepMeasure.Returned);
    }

    /// <summary>Gives a lease back uncharged, with its slot, where the step's own end will not.</summary>
    public async Task ReturnAsync(ActiveStep step, string why)
    {
        try
        {
            await store.ReturnAsync(step.Lease, why, null).ConfigureAwait(false);
            step.IsSlotFree = true;
        }
        catch (Exception e) when (e is RoostException or ObjectDisposedException)
        {
            log.LeaseNotReturned(e, step.Lease.Item.Id);
        }
    }

    private void Lost(ActiveStep step, StepMeasure? measure)
    {
        measure?.Lost();
        step.Cancel(CancellationReason.LeaseLost);
        log.LeaseLost(step.Lease.Item.Id, step.Lease.Version);
    }
}
