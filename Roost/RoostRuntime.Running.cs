using Roost.Execution;
using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>
    /// The polling loop: claims and steps ready work until cancelled, then lets running steps finish for up to
    /// <see cref="RoostOptions.DrainTime"/>, gives back what is left, and returns normally. While another process keeps the file locked as it
    /// begins, it waits and logs so. Where the process exits while it drains (<see cref="Environment.Exit"/>, or Main returns), what is left is
    /// given back all the same; one that exits while the loop works is told by nobody from one that a step has ended, and costs an interruption.
    /// </summary>
    /// <exception cref="ConflictException">A loop of this runtime is running already, or no engine is registered.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open; the steps that ran are cancelled and cannot be
    /// saved.</exception>
    /// <exception cref="DataCorruptException">SQLite found the file damaged, three times within some seconds, and the file shows it; likewise.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Loops.RunAsync(LoopScope.Of(Options), async _ =>
            {
                using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
                await Task.WhenAny(store.Stopped, Task.Delay(Timeout.InfiniteTimeSpan, either.Token)).ConfigureAwait(false);
                return true;
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested || closing.IsCancellationRequested)
        {
            // While it waited to begin.
        }
    }

    /// <summary>Runs the loop until one work item is done, failed or cancelled, whoever finishes it, and returns how it ended.</summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">Its engine, queue or state version is not served here, so that this loop would wait for ever; or a loop of this
    /// runtime is running already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled first, or the runtime was disposed; the item goes on when a loop runs
    /// again.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open.</exception>
    /// <exception cref="DataCorruptException">SQLite found the file damaged, three times within some seconds, and the file shows it.</exception>
    public Task<WorkSummary> RunUntilDoneAsync(string workId, CancellationToken cancellationToken = default) =>
        RunUntilDoneAsync(workId, tree: false, cancellationToken);

    /// <summary>
    /// The same until everything below the item has ended as well: its children, theirs, follow-ups of triggers, and what steps and triggers add meanwhile,
    /// whoever runs them. It returns once a look at all of them found none open, and how the item itself ended; <see cref="GetTreeAsync"/> tells how the others
    /// did. A dead letter has ended; one that is retried before the others have is waited for again. An item below that waits for a signal or an answer is
    /// waited for, and so is one whose engine is not served here, which another process has to run: a token says for how long. What is below an item that
    /// was purged meanwhile is not waited for.
    /// </summary>
    /// <param name="workId">The item.</param>
    /// <param name="tree">False: only until the item itself has ended.</param>
    /// <param name="cancellationToken">Ends the running; the items go on when a loop runs again.</param>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item has not ended, and its engine, queue or state version is not served here; or a loop of this runtime is
    /// running already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled first, or the runtime was disposed.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open.</exception>
    /// <exception cref="DataCorruptException">SQLite found the file damaged, three times within some seconds, and the file shows it.</exception>
    public async Task<WorkSummary> RunUntilDoneAsync(string workId, bool tree, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        WorkSummary found = await FindAsync(workId, cancellationToken).ConfigureAwait(false);
        if (found.State.IsEnded() && (!tree || await ends.HasEndedBelowAsync(workId, cancellationToken).ConfigureAwait(false))) return found;
        if (!found.State.IsEnded()) CheckServed(found, await Readable.StateVersionAsync(workId, cancellationToken).ConfigureAwait(false));
        return await Loops.RunAsync(LoopScope.Of(Options), async worker =>
        {
            WorkSummary ended = tree
                ? await ends.WaitBelowAsync(workId, cancellationToken).ConfigureAwait(false)
                : await ends.WaitAsync(workId, null, cancellationToken).ConfigureAwait(false);
            if (tree || ended.State != WorkState.Done) await TellOfEndsAsync(worker, cancellationToken).ConfigureAwait(false);
            return ended;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Runs the loop until nothing can run here now: no ready item of an engine and queue that this runtime serves, and no end that one of its engines is to
    /// be told of (<see cref="IEngine.OnEndedAsync"/>). What is paused cannot run.
    /// </summary>
    /// <returns>When there will be something to do again, and how many items wait for something else than a time.</returns>
    /// <exception cref="ConflictException">A loop of this runtime is running already, or no engine is registered.</exception>
    public async Task<IdleState> RunUntilIdleAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            (long? due, int begun) = await Loops.RunAsync(LoopScope.Of(Options), async worker =>
            {
                long? next = await worker.Loop.Idle.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (store.Stopped.IsCompleted) return (next, 0);
                (int told, long? later) = await worker.Hooks.WorkOffAsync(cancellationToken).ConfigureAwait(false);
                return (next is null || later < next ? later : next, told);
            }, cancellationToken).ConfigureAwait(false);
            if (begun > 0) continue; // Whoever was told of an end may have made something ready.
            return new(StoredTime.Read(due), store.Stopped.IsCompleted ? 0 : await CountWaitingAsync(cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>
    /// Claims one ready item and runs one step of it: for a host that owns its loop, such as a timer of a desktop program or a test. The
    /// worker stays registered until the runtime is disposed or another loop ends.
    /// </summary>
    /// <returns>The item after the step, or null where nothing was ready.</returns>
    /// <exception cref="ConflictException">A loop of this runtime is running already, or no engine is registered.</exception>
    public Task<WorkSummary?> StepOnceAsync(CancellationToken cancellationToken = default) =>
        Loops.RunAsync(LoopScope.OneStep, async worker =>
        {
            await worker.Loop.Idle.WaitAsync(cancellationToken).ConfigureAwait(false);
            await TellOfEndsAsync(worker, cancellationToken).ConfigureAwait(false);
            return worker.Loop.LastStarted is { } lease ? await Readable.FindAsync(lease.Item.Id, CancellationToken.None).ConfigureAwait(false) : null;
        }, cancellationToken);

    /// <summary>Waits until a work item is done, failed or cancelled, by whatever process, and returns how it ended.</summary>
    /// <param name="workId">The item.</param>
    /// <param name="timeout">How long to wait; more than 49 days are for ever. Default: for ever.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="TimeoutException">The time is over and the item has not ended.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, or the runtime was disposed meanwhile.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open.</exception>
    /// <exception cref="DataCorruptException">This runtime found the file damaged and has stopped writing; it would not learn of the end.</exception>
    public Task<WorkSummary> WaitAsync(string workId, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        if (timeout < TimeSpan.Zero) throw new InvalidInputException("timeout", $"is {timeout}; it must not be negative. Leave it out to wait for ever.");
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        return ends.WaitAsync(workId, timeout, cancellationToken);
    }

    private async Task<long> CountWaitingAsync(CancellationToken cancellationToken)
    {
        WorkCounts counts = await Readable.CountsAsync(cancellationToken).ConfigureAwait(false);
        return counts.Queues
            .Where(queue => engines.Find(queue.Engine) is not null && Options.ServedQueues.Contains(queue.Queue))
            .Sum(queue => queue.Counts.Waiting);
    }

    /// <summary>A loop that is about to end tells of what has ended, for as long as it would let steps drain.</summary>
    private async Task TellOfEndsAsync(Worker worker, CancellationToken cancellationToken)
    {
        if (store.Stopped.IsCompleted) return;
        try
        {
            await worker.Hooks.WorkOffAsync(cancellationToken).WaitAsync(Options.DrainTime, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The next loop goes on with it.
        }
    }

    private void CheckServed(WorkSummary item, int stateVersion)
    {
        const string Instead = "call WaitAsync to wait for another process.";
        if (engines.Find(item.Engine) is not { } engine)
            throw new ConflictException(
                $"Work item {item.Id} needs engine \"{item.Engine}\", which is not registered in this runtime; call AddEngine first, or {Instead}"
            );
        if (!Options.ServedQueues.Contains(item.Queue))
            throw new ConflictException(
                $"Work item {item.Id} is in queue \"{item.Queue}\", and this runtime serves {string.Join(", ", Options.ServedQueues)}; name the queue in " +
                $"RoostOptions.Queues, or {Instead}"
            );
        if (stateVersion > engine.Facts.StateVersion)
            throw new ConflictException(
                $"Work item {item.Id} has a state of version {stateVersion}, and engine \"{item.Engine}\" knows versions up to " +
                $"{engine.Facts.StateVersion}; use the newer engine, or {Instead}"
            );
    }

    private Task<WorkSummary> FindAsync(string workId, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(namesEngines, this);
        return ends.FindAsync(workId, cancellationToken);
    }

    private LoopHost Loops
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed != 0, this);
            return loops;
        }
    }

    private NotFoundException NotFound(string workId) => Store.NoSuchItem(workId, Path);
}
