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
    /// <exception cref="DataCorruptException">SQLite found the file damaged, three times within some seconds; likewise.</exception>
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
    /// <exception cref="DataCorruptException">SQLite found the file damaged, three times within some seconds.</exception>
    public async Task<WorkSummary> RunUntilDoneAsync(string workId, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        WorkSummary found = await FindAsync(workId, cancellationToken).ConfigureAwait(false);
        if (found.State.IsEnded()) return found;
        CheckServed(found, await Readable.StateVersionAsync(workId, cancellationToken).ConfigureAwait(false));
        return await Loops.RunAsync(LoopScope.Of(Options), _ => ends.WaitAsync(workId, null, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs the loop until nothing can run here now: no ready item of an engine and queue that this runtime serves.</summary>
    /// <returns>
    /// When the next delayed item of this runtime becomes due, or the lease of a worker is over that has one of its items and is not known to live,
    /// whichever comes first; null where there is neither.
    /// </returns>
    /// <exception cref="ConflictException">A loop of this runtime is running already, or no engine is registered.</exception>
    public Task<DateTimeOffset?> RunUntilIdleAsync(CancellationToken cancellationToken = default) =>
        Loops.RunAsync(LoopScope.Of(Options), async loop =>
            StoredTime.Read(await loop.Idle.WaitAsync(cancellationToken).ConfigureAwait(false)), cancellationToken);

    /// <summary>
    /// Claims one ready item and runs one step of it: for a host that owns its loop, such as a timer of a desktop program or a test. The
    /// worker stays registered until the runtime is disposed or another loop ends.
    /// </summary>
    /// <returns>The item after the step, or null where nothing was ready.</returns>
    /// <exception cref="ConflictException">A loop of this runtime is running already, or no engine is registered.</exception>
    public Task<WorkSummary?> StepOnceAsync(CancellationToken cancellationToken = default) =>
        Loops.RunAsync(LoopScope.OneStep, async loop =>
        {
            await loop.Idle.WaitAsync(cancellationToken).ConfigureAwait(false);
            return loop.LastStarted is { } lease ? await Readable.FindAsync(lease.Item.Id, CancellationToken.None).ConfigureAwait(false) : null;
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
