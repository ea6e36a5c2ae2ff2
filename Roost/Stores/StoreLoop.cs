namespace Roost.Stores;

/// <summary>
/// A worker's place in a store, and what its loop may ask there. While it is open the store claims for the free slots by itself, within whatever
/// transaction it commits, and hands each lease to the loop once that is durable.
/// </summary>
internal abstract class StoreLoop
{
    /// <summary>The worker's id for people; another one after <see cref="RejoinAsync"/>.</summary>
    public abstract string WorkerId { get; }

    /// <summary>The worker's key in the store; another one after <see cref="RejoinAsync"/>.</summary>
    public abstract long WorkerKey { get; }

    /// <summary>Others are told by a lock whether this worker lives. Where they are not, only its lease says so.</summary>
    public abstract bool HasLock { get; }

    /// <summary>That lock is seen to be held.</summary>
    public abstract bool IsKnownToLive { get; }

    /// <summary>It claims, or would if it were not paused.</summary>
    public abstract bool IsOpen { get; }

    /// <summary>It claims nothing any more, because it was paused or is closed.</summary>
    public abstract bool IsPaused { get; }

    /// <summary>Another worker has declared this one dead, and it claims nothing before it has a new place.</summary>
    public abstract bool IsDisplaced { get; }

    /// <summary>How often another process's writes were noticed.</summary>
    public abstract int ForeignWrites { get; }

    /// <summary>
    /// How often the store's leases may have become others than the steps here know: nobody could tell whether a commit had landed, or what has cancelled
    /// their parents has asked steps to stop.
    /// </summary>
    public abstract int Doubts { get; }

    /// <summary>
    /// Called on the store's thread when leases may have been touched by others: another process has written, or steps that run were asked to stop by what
    /// has cancelled their parents.
    /// </summary>
    public abstract Action? OnLeasesTouched { set; }

    /// <summary>Begins to claim.</summary>
    public abstract Task OpenAsync(int slots, long claims, ILeaseTaker taker, bool clocksParted, CancellationToken cancellationToken);

    /// <summary>From here on nothing is claimed. Holds even where nothing can be written.</summary>
    public abstract void Pause();

    /// <summary>Ends once what the store had begun to write when it was called is durable.</summary>
    public abstract Task SettleAsync();

    /// <summary>The loop is over; what still runs is counted against no other.</summary>
    public abstract void Close();

    /// <summary>Saves what a step brought, all of it or nothing, and frees its slot unless the lease is kept.</summary>
    public abstract Task<CommitResult> CommitAsync(StepCommit commit);

    /// <summary>Saves a failed try and frees its slot. False where the lease was lost before.</summary>
    public abstract Task<bool> FailAsync(LeasedWork lease, Failure failure, long backoffMs, bool isLast, Staged? staged);

    /// <summary>Saves nothing of a step, which is tried again after a delay uncharged, and frees its slot. False where the lease was lost before.</summary>
    public abstract Task<bool> RetryAfterAsync(LeasedWork lease, RetryLater later, Staged? staged);

    /// <summary>
    /// Asks whether an effect has happened, saves nothing else of its step, which is tried again after the answer, and frees its slot. False where the lease
    /// was lost before.
    /// </summary>
    public abstract Task<bool> AskAsync(LeasedWork lease, EffectAsk about, Staged? staged);

    /// <summary>Gives a lease back uncharged and frees its slot. False where it was lost before.</summary>
    public abstract Task<bool> ReturnAsync(LeasedWork lease, string why, Staged? staged);

    /// <summary>Frees a slot that no write has: how its step ended could not be saved.</summary>
    public abstract void FreeSlot(LeasedWork lease);

    /// <summary>Damage was found that lets nothing go on: nothing more is written.</summary>
    public abstract void StopFor(DataCorruptException damage);

    /// <summary>Shows that the worker lives where asked to, gives back what nobody here runs, and tells which leases it has.</summary>
    /// <param name="renew">Renew them all.</param>
    public abstract Task<LeaseReport> CheckLeasesAsync(bool renew);

    /// <summary>The other workers that are registered, and whether each lives.</summary>
    public abstract Task<IReadOnlyList<OtherWorker>> OthersAsync();

    /// <summary>Takes over what a dead worker held; null where it has shown itself since, or holds nothing and is not known to be dead.</summary>
    public abstract Task<int?> RescueAsync(OtherWorker other, Backoff backoff);

    /// <summary>Pulsed when there may be an end that an engine is to be told of.</summary>
    public abstract Pulse EndAdded { get; }

    /// <summary>When the first end is due that one of these engines is to be told of; null where there is none.</summary>
    public abstract Task<long?> NextEndAsync(IReadOnlyList<EngineFacts> engines);

    /// <summary>Takes the first end that is due of these engines; due again later, unless how it was told is saved by then. Null where none is due.</summary>
    public abstract Task<EndedWork?> TakeEndAsync(IReadOnlyList<EngineFacts> engines);

    /// <summary>Saves how an engine was told of an end.</summary>
    public abstract Task SaveEndAsync(EndedWork ended, EndTold told);

    /// <summary>Removes what workers have left that died while they started or stopped.</summary>
    public abstract Task SweepAsync();

    /// <summary>Pauses claims after the clock was set, for others to see, or goes on; in milliseconds.</summary>
    public abstract Task PauseClaimsAsync(long? left, long? clockSetBy);

    /// <summary>Takes a new place after this worker was declared dead.</summary>
    public abstract Task RejoinAsync();

    /// <summary>Leaves; what the worker still holds goes back uncharged.</summary>
    public abstract Task LeaveAsync();

    /// <summary>The same in a process that exits; false where it took longer than this.</summary>
    public abstract bool TryLeaveWithin(TimeSpan time);
}

/// <summary>The loop, as the store sees it. Called on the store's thread: what it does is short.</summary>
internal interface ILeaseTaker
{
    /// <summary>What starts the step of a lease that was claimed, once the claim is durable.</summary>
    IThreadPoolWorkItem Take(LeasedWork lease);

    /// <summary>Whether a step runs here under this token.</summary>
    bool Runs(long token);

    /// <summary>Nothing runs and nothing can run now; when the next becomes due, or null.</summary>
    void Idle(long? due);

    /// <summary>Nothing can run before something is taken over from a worker that has died. Called again and again.</summary>
    void LookForDead();
}

/// <summary>What the store knows of a worker's leases.</summary>
/// <param name="IsAlive">Nobody has declared the worker dead.</param>
/// <param name="Held">Its leases.</param>
internal readonly record struct LeaseReport(bool IsAlive, IReadOnlyList<StoredLease> Held);

/// <summary>Another worker, and what is known of its life.</summary>
/// <param name="Row">What it says of itself.</param>
/// <param name="IsDead">By its lock; null where that tells nothing.</param>
internal sealed record OtherWorker(WorkerRow Row, bool? IsDead);
