using Microsoft.Extensions.Logging;
using Roost.Execution;
using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly SemaphoreSlim loopEnded = new(1, 1);
    private volatile bool loopRunning;
    private Worker? worker;
    private int workerEngines;

    /// <summary>
    /// The polling loop: claims and steps ready work until cancelled, then lets running steps finish for up to
    /// <see cref="RoostOptions.DrainTime"/>, gives back what is left, and returns normally. While another process keeps the file locked as it
    /// begins, it waits and logs so. Where the process exits while it drains (<see cref="Environment.Exit"/>, or Main returns), what is left is
    /// given back all the same; one that exits while the loop works is told by nobody from one that a step has ended, and costs an interruption.
    /// </summary>
    /// <exception cref="ConflictException">A loop of this runtime is running already, or no engine is registered.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open; the steps that ran are cancelled and cannot be saved.</exception>
    /// <exception cref="DataCorruptException">SQLite found the file damaged, three times within some seconds; likewise.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LoopAsync(LoopScope.Of(Options), async _ =>
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
    /// <exception cref="ConflictException">Its engine, queue or state version is not served here, so that this loop would wait for ever; or a loop of this runtime is running already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled first, or the runtime was disposed; the item goes on when a loop runs again.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open.</exception>
    /// <exception cref="DataCorruptException">SQLite found the file damaged, three times within some seconds.</exception>
    public async Task<WorkSummary> RunUntilDoneAsync(string workId, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        WorkSummary found = await FindAsync(workId, cancellationToken).ConfigureAwait(false);
        if (found.State.IsEnded()) return found;
        CheckServed(found, await Readable.StateVersionAsync(workId, cancellationToken).ConfigureAwait(false));
        return await LoopAsync(LoopScope.Of(Options), _ => WaitForEndAsync(workId, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs the loop until nothing can run here now: no ready item of an engine and queue that this runtime serves.</summary>
    /// <returns>
    /// When the next delayed item of this runtime becomes due, or the lease of a worker is over that has one of its items and is not known to live,
    /// whichever comes first; null where there is neither.
    /// </returns>
    /// <exception cref="ConflictException">A loop of this runtime is running already, or no engine is registered.</exception>
    public Task<DateTimeOffset?> RunUntilIdleAsync(CancellationToken cancellationToken = default) =>
        LoopAsync(LoopScope.Of(Options), async loop =>
            StoredTime.Read(await loop.Idle.WaitAsync(cancellationToken).ConfigureAwait(false)), cancellationToken);

    /// <summary>
    /// Claims one ready item and runs one step of it: for a host that owns its loop, such as a timer of a desktop program or a test. The
    /// worker stays registered until the runtime is disposed or another loop ends.
    /// </summary>
    /// <returns>The item after the step, or null where nothing was ready.</returns>
    /// <exception cref="ConflictException">A loop of this runtime is running already, or no engine is registered.</exception>
    public Task<WorkSummary?> StepOnceAsync(CancellationToken cancellationToken = default) =>
        LoopAsync(LoopScope.OneStep, async loop =>
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
        if (timeout is not { } limit) return WaitForEndAsync(workId, cancellationToken);
        if (limit < TimeSpan.Zero) throw new InvalidInputException("timeout", $"is {limit}; it must not be negative. Leave it out to wait for ever.");
        if (limit > LongestTimer) return WaitForEndAsync(workId, cancellationToken);
        return WaitForEndWithinAsync(workId, limit, cancellationToken);
    }

    private async Task<WorkSummary> WaitForEndWithinAsync(string workId, TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<WorkSummary> ended = WaitForEndAsync(workId, over.Token);
        try
        {
            return await ended.WaitAsync(limit, Options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await over.CancelAsync().ConfigureAwait(false);
            await ((Task)ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // However short the time was, whoever asks learns what has ended and what is not there.
            WorkSummary found = await FindAsync(workId, cancellationToken).ConfigureAwait(false);
            if (found.State.IsEnded()) return found;
            throw new TimeoutException($"Work item {workId} has not ended within {limit}; it goes on. GetAsync says where it stands.");
        }
    }

    private void CheckServed(WorkSummary item, int stateVersion)
    {
        const string Instead = "call WaitAsync to wait for another process.";
        EngineEntry? engine;
        lock (engines) engines.TryGetValue(item.Engine, out engine);
        if (engine is null)
            throw new ConflictException($"Work item {item.Id} needs engine \"{item.Engine}\", which is not registered in this runtime; call AddEngine first, or {Instead}");
        if (!Options.ServedQueues.Contains(item.Queue))
            throw new ConflictException($"Work item {item.Id} is in queue \"{item.Queue}\", and this runtime serves {string.Join(", ", Options.ServedQueues)}; name the queue in RoostOptions.Queues, or {Instead}");
        if (stateVersion > engine.Facts.StateVersion)
            throw new ConflictException($"Work item {item.Id} has a state of version {stateVersion}, and engine \"{item.Engine}\" knows versions up to {engine.Facts.StateVersion}; use the newer engine, or {Instead}");
    }

    private async Task<WorkSummary> WaitForEndAsync(string workId, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        using IDisposable watch = store.Watch();
        try
        {
            while (true)
            {
                Task next = store.Ended.Next;
                WorkSummary item = await FindAsync(workId, cancellationToken).ConfigureAwait(false);
                if (item.State.IsEnded()) return item;
                store.ThrowIfStopped(); // Nobody would tell us of its end any more.
                await next.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (disposed != 0 && e is ObjectDisposedException or (RoostException and not NotFoundException))
        {
            // A temporary file goes with its runtime, perhaps in the middle of this read.
            throw new OperationCanceledException($"The runtime of {Path} was closed while item {workId} was waited for.", e);
        }
    }

    private async Task<WorkSummary> FindAsync(string workId, CancellationToken cancellationToken) =>
        await Readable.FindAsync(workId, cancellationToken).ConfigureAwait(false) ?? throw NotFound(workId);

    /// <summary>One loop at a time: registers the worker, claims while the body runs, drains, and leaves.</summary>
    private async Task<T> LoopAsync<T>(LoopScope scope, Func<Loop, Task<T>> body, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        if (!await loopEnded.WaitAsync(0, CancellationToken.None).ConfigureAwait(false))
            throw new ConflictException("A loop of this runtime is running already; one runtime runs one loop at a time. Await the call that runs (a timer that calls StepOnceAsync, say), or use WaitAsync to wait for an item that the running loop steps.");
        try
        {
            loopRunning = true;
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
            Worker running = await PatientlyAsync(() => WorkerAsync(either.Token), either.Token).ConfigureAwait(false);
            await PatientlyAsync(async () =>
            {
                await running.OpenAsync(scope, Options.DrainTime, either.Token).ConfigureAwait(false);
                return true;
            }, either.Token).ConfigureAwait(false);
            using CancellationTokenRegistration leaving = closing.Token.Register(running.Loop.StopWaiting);
            using CancellationTokenRegistration stopping = either.Token.Register(running.BeginStop);
            try
            {
                T result = await body(running.Loop).ConfigureAwait(false);
                store.ThrowIfStopped();
                return result;
            }
            finally
            {
                await running.CloseAsync(store.Stopped.IsCompleted ? TimeSpan.Zero : Options.DrainTime).ConfigureAwait(false); // What steps still bring could not be saved.
            }
        }
        finally
        {
            try
            {
                if (scope.LeavesAtEnd) await LeaveAsync().ConfigureAwait(false);
            }
            finally
            {
                loopRunning = false;
                loopEnded.Release();
            }
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
                log.LogWarning(e, "The loop cannot begin: another process has kept {Path} locked for {BusyTimeout}; it goes on to wait", Path, Options.BusyTimeout);
            }
        }
    }

    private async Task<Worker> WorkerAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, EngineEntry> registered;
        lock (engines) registered = new(engines, StringComparer.Ordinal);
        if (registered.Count == 0) throw new ConflictException("No engine is registered; call AddEngine before the loop.");
        if (worker is not null && workerEngines != registered.Count) await LeaveAsync().ConfigureAwait(false);
        worker ??= await Worker.StartAsync(this, registered, log, cancellationToken).ConfigureAwait(false);
        workerEngines = registered.Count;
        return worker;
    }

    private async Task LeaveAsync()
    {
        Worker? leaving = worker;
        worker = null;
        if (leaving is not null) await leaving.DisposeAsync().ConfigureAwait(false);
    }

    private async Task StopLoopAsync()
    {
        await loopEnded.WaitAsync().ConfigureAwait(false);
        await LeaveAsync().ConfigureAwait(false);
    }

    private NotFoundException NotFound(string workId) => Store.NoSuchItem(workId, Path);
}
