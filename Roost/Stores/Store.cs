using Microsoft.Extensions.Logging;

namespace Roost.Stores;

/// <summary>Opens a store, creating it where it is missing.</summary>
/// <param name="path">Where it is, and beside what its workspaces are.</param>
/// <param name="options">Checked already.</param>
/// <param name="log">Where it says what happens.</param>
internal delegate Store StoreOpener(string path, RoostOptions options, ILogger log);

/// <summary>
/// The place where work is kept, as the rest of the library knows it. Each write is a whole transition in one transaction, durable when its task
/// ends; a backup copy that was not adopted refuses them. Whoever writes a second store implements this, <see cref="StoreReads"/> and
/// <see cref="StoreLoop"/>, and gives a runtime what opens it (<see cref="StoreOpener"/>).
/// </summary>
internal abstract class Store : IAsyncDisposable
{
    /// <summary>The time by which everything is written and decided.</summary>
    public abstract Clock Clock { get; }

    public abstract StoreReads Reads { get; }

    /// <summary>Pulsed while anybody watches, when anything was written, here or by another process.</summary>
    public abstract Pulse Changed { get; }

    /// <summary>Pulsed when an item may have ended, here or by another process.</summary>
    public abstract Pulse Ended { get; }

    /// <summary>Pulsed while anybody watches, when a running step may have said something or an item may have ended, here or by another process.</summary>
    public abstract Pulse Said { get; }

    /// <summary>Ends once nothing is written any more, because what is there is damaged, was taken away or was migrated by a newer Roost.</summary>
    public abstract Task Stopped { get; }

    /// <exception cref="FileRefusedException">It was taken away, or migrated by a newer Roost.</exception>
    /// <exception cref="DataCorruptException">It is damaged.</exception>
    public abstract void ThrowIfStopped();

    /// <summary>Until it is disposed other processes' writes are looked for, even where no loop runs.</summary>
    public abstract IDisposable Watch();

    /// <summary>In bytes: what was written and is not where it stays; zero where there is nothing of the kind.</summary>
    public abstract long LogSize { get; }

    /// <summary>Creates the items or finds those that have their idempotency keys: all of them, or none.</summary>
    public abstract Task<IReadOnlyList<EnqueueResult>> EnqueueAsync(IReadOnlyList<NewWork> works);

    /// <summary>Puts a signal into an item's mailbox, and wakes the item where it waits for that.</summary>
    public abstract Task<SignalResult> SignalAsync(SignalTarget target, NewSignal signal);

    /// <summary>Accepts an answer to an open question, and wakes its item; or withdraws it.</summary>
    public abstract Task<AnswerResult> AnswerAsync(string askId, NewAnswer answer);

    /// <summary>Creates the item, or finds the one that has its idempotency key, and signals it: both or nothing.</summary>
    public abstract Task<(EnqueueResult Item, bool IsNewSignal)> EnqueueAndSignalAsync(NewWork work, NewSignal signal);

    /// <summary>Creates the same work anew, where the item of this id is done or was cancelled.</summary>
    public abstract Task RunAgainAsync(string workId, NewWork again, byte[] told);

    /// <summary>Ends an item that is queued or waits; one that runs is asked to stop, and its lease's token is returned. Then its tree follows.</summary>
    public abstract Task<(bool IsCancelled, long? Lease, bool HasTree)> CancelAsync(string workId, string? reason);

    /// <summary>
    /// Goes on with cancelling the children of what was cancelled, a bounded number of them; every loop does so by itself. False where nothing is left.
    /// </summary>
    public abstract Task<bool> CancelTreesAsync();

    /// <summary>Makes a delayed item ready. False where it was ready already.</summary>
    public abstract Task<bool> RequeueNowAsync(string workId, string? reason);

    /// <summary>False where it had that priority already.</summary>
    public abstract Task<bool> SetPriorityAsync(string workId, int priority, string? reason);

    /// <summary>Pauses an item, an engine, a queue or everything. False where it was paused, which it is by this one now.</summary>
    public abstract Task<bool> PauseAsync(PauseTarget target, NewPause pause);

    /// <summary>False where it was not paused.</summary>
    public abstract Task<bool> ResumeAsync(PauseTarget target, string by, string? reason);

    /// <summary>Takes a running item from its worker, without a charge; the token of the lease that was, and whether its tree follows.</summary>
    public abstract Task<(long Lease, bool HasTree)> ReleaseLeaseAsync(string workId, string? reason);

    /// <summary>Queues a dead letter again, or gives it up; true where its tree follows.</summary>
    public abstract Task<bool> ChangeDeadLetterAsync(string workId, DeadLetterChange change, string? reason);

    /// <summary>The same for many, where each is still the failure that was found; how many were.</summary>
    public abstract Task<int> ChangeDeadLettersAsync(IReadOnlyCollection<Position> found, DeadLetterChange change, string? reason);

    /// <summary>Queues a dead letter again from a state that was given for it, where it is still at the version that this was made of.</summary>
    public abstract Task RetryAsync(string workId, StateEdit edit, string? reason);

    /// <summary>Removes what has ended, in small transactions that let other writes in between, and gives the space back.</summary>
    public abstract Task<PurgeResult> PurgeAsync(PurgeScope scope, string? reason, CancellationToken cancellationToken);

    /// <summary>Makes a copy a store of its own.</summary>
    public abstract Task AdoptAsync(string? reason, bool restore);

    /// <summary>Copies what is there now to a new file.</summary>
    /// <exception cref="FileRefusedException">There is no such folder.</exception>
    /// <exception cref="ConflictException">The file exists, or what belongs to another of that name.</exception>
    public abstract Task BackupAsync(string target, CancellationToken cancellationToken);

    /// <summary>Records that an effect's call begins, or its result. False where the lease is lost.</summary>
    public abstract Task<bool> SaveEffectAsync(LeasedWork lease, EffectRecord record);

    /// <summary>Takes back that an effect's call begins. False where the lease is lost.</summary>
    public abstract Task<bool> RemoveEffectAsync(LeasedWork lease, string path);

    /// <summary>Where a step says something while it runs: written with whatever commits, and within a time at the latest.</summary>
    public abstract StepOutput OutputOf(LeasedWork lease);

    /// <summary>Writes what a step has said so far; nothing where its lease is lost.</summary>
    public abstract Task FlushAsync(StepOutput output);

    /// <summary>Streams content in; it stays pinned by the worker until a step's commit attaches it.</summary>
    public abstract Task<PinnedBlob> UploadAsync(long worker, Stream content, CancellationToken cancellationToken);

    /// <summary>Gives up an upload whose step does not want it.</summary>
    public abstract Task DropUploadAsync(PinnedBlob blob);

    /// <summary>Registers a worker: from here on its engines count as served, and its death can be known.</summary>
    public abstract Task<StoreLoop> JoinAsync(IReadOnlyList<EngineFacts> engines, CancellationToken cancellationToken);

    public static ConflictException NotOver(string workId, WorkState state) => new(
        $"Work item {workId} is {state.Name()}; only one that is done or cancelled is run again." +
        $"{(state == WorkState.Failed ? " Retry it instead, or discard it first." : "")}"
    );

    public static NotFoundException NoSuchItem(string workId, string path) => new($"There is no work item {workId} in {path}.");

    /// <summary>Ends the reads, finishes what was to be written, and closes.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>What a person may do with a dead letter.</summary>
internal enum DeadLetterChange
{
    Retry,

    /// <summary>Without what its step has recorded, and with other keys.</summary>
    RetryFresh,
    Discard,
}
