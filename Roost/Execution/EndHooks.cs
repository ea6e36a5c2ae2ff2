using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>
/// Tells engines of items that have ended without being done, beside the loop and a few at once. What is to be told is stored, and taken for a while by whoever
/// tells it: a process that dies has it told by the next when that time is over.
/// </summary>
internal sealed class EndHooks(RoostRuntime runtime, StoreLoop store, IReadOnlyDictionary<string, EngineEntry> engines, Backoff backoff, ILogger log)
    : IDisposable
{
    private const int AtOnce = 4;

    private static readonly TimeSpan LeastBetween = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1); // A clock may be set meanwhile.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);

    private readonly RoostOptions options = runtime.Options;
    private readonly IReadOnlyList<EngineFacts> told = [.. engines.Values.Select(engine => engine.Facts).Where(facts => facts.WantsEnds)];
    private readonly SemaphoreSlim room = new(AtOnce), taking = new(1);
    private readonly HashSet<Task> running = [];
    private CancellationTokenSource? stop, giveUp;
    private Task loop = Task.CompletedTask;
    private int begun;
    private volatile bool disposed;

    /// <summary>Begins to look for ends, where an engine wants to be told.</summary>
    public void Start()
    {
        if (told.Count == 0) return;
        stop = new();
        giveUp = new();
        begun = 0;
        CancellationToken stopping = stop.Token;
        loop = Task.Run(() => LookAsync(stopping));
    }

    /// <summary>Takes nothing more, and lets what runs end within this time.</summary>
    public async Task StopAsync(TimeSpan drain)
    {
        if (stop is null) return;
        await stop.CancelAsync().ConfigureAwait(false);
        await SettleAsync(drain).ConfigureAwait(false);
        await giveUp!.CancelAsync().ConfigureAwait(false);
        await SettleAsync(StopPatience).ConfigureAwait(false);
        stop = null;
    }

    /// <summary>Tells of everything that is due now. How many tries were begun since the loop was, and when the next is due.</summary>
    public async Task<(int Begun, long? Next)> WorkOffAsync(CancellationToken cancellationToken)
    {
        if (told.Count == 0) return (0, null);
        while (true)
        {
            (Task[] now, long? next) = await StandAsync(cancellationToken).ConfigureAwait(false);
            if (next is { } due && due <= runtime.Now.ToUnixTimeMilliseconds()) await TakeAsync(cancellationToken).ConfigureAwait(false);
            else if (now.Length == 0) return (begun, next);
            else await Task.WhenAll(now).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What is told now and when the next is due, with none between the two.</summary>
    private async Task<(Task[] Running, long? Next)> StandAsync(CancellationToken cancellationToken)
    {
        await taking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return (Running(), await store.NextEndAsync(told).ConfigureAwait(false));
        }
        finally
        {
            taking.Release();
        }
    }

    public void Dispose()
    {
        disposed = true;
        stop?.Dispose();
        giveUp?.Dispose();
        room.Dispose();
        taking.Dispose();
    }

    private Task[] Running()
    {
        lock (running) return [.. running];
    }

    private async Task SettleAsync(TimeSpan time)
    {
        try
        {
            await Task.WhenAll([loop, .. Running()]).WaitAsync(time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It is due again when its time is over.
        }
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested && !runtime.Store.Stopped.IsCompleted)
        {
            try
            {
                Task added = store.EndAdded.Next;
                long? next = await store.NextEndAsync(told).ConfigureAwait(false);
                if (next is { } due && due <= runtime.Now.ToUnixTimeMilliseconds()) await TakeAsync(stopping).ConfigureAwait(false);
                else await RestAsync(added, next, stopping).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (Exception e)
            {
                log.EndsNotLookedFor(e);
                await Task.Delay(StopPatience, stopping).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Until something may be due: other processes may write all the time, so not at once.</summary>
    private async Task RestAsync(Task added, long? next, CancellationToken stopping)
    {
        await Task.Delay(LeastBetween, stopping).ConfigureAwait(false);
        TimeSpan rest = Timeout.InfiniteTimeSpan;
        if (next is { } due)
        {
            rest = StoredTime.Read(due) - runtime.Now;
            if (rest <= TimeSpan.Zero) return;
            if (rest > LongestRest) rest = LongestRest;
        }
        try
        {
            await added.WaitAsync(rest, options.TimeProvider, stopping).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It may be due now.
        }
    }

    private async Task TakeAsync(CancellationToken stopping)
    {
        await room.WaitAsync(stopping).ConfigureAwait(false);
        Task? telling = null;
        try
        {
            await taking.WaitAsync(stopping).ConfigureAwait(false);
            try
            {
                if (await store.TakeEndAsync(told).ConfigureAwait(false) is { } ended) telling = Begin(ended);
            }
            finally
            {
                taking.Release();
            }
        }
        finally
        {
            if (telling is null) room.Release();
        }
    }

    private Task Begin(EndedWork ended)
    {
        begun++;
        Task telling = Task.Run(() => TellAsync(ended));
        lock (running) running.Add(telling);
        _ = telling.ContinueWith(it =>
        {
            lock (running) running.Remove(it);
            if (!disposed) room.Release();
        }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return telling;
    }

    /// <summary>One try, and how it went. Throws nothing.</summary>
    private async Task TellAsync(EndedWork ended)
    {
        try
        {
            await store.SaveEndAsync(ended, await TryAsync(ended).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            log.TellingUnsaved(e, ended.Item.Engine, ended.Item.Id);
        }
    }

    private async Task<EndTold> TryAsync(EndedWork ended)
    {
        EngineEntry engine = engines[ended.Item.Engine];
        using var time = new CancellationTokenSource(options.EndedTimeout, options.TimeProvider);
        CancellationToken ending = giveUp?.Token ?? CancellationToken.None;
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, ending);
        try
        {
            Task call = Task.Run(() => CallAsync(engine, ended, new EndContext(runtime, ended, either.Token)));
            await call.WaitAsync(options.EndedTimeout + options.StepTimeoutGrace, options.TimeProvider).ConfigureAwait(false);
            return new(null);
        }
        catch (Exception e)
        {
            Failure failure = CauseChain.Of(e).ToFailure(ended.Item.Engine, FailReasons.Error, ended.Attempt);
            if (ending.IsCancellationRequested) return new(failure, IsUncharged: true);
            bool isLast = ended.Attempt >= options.MaxAttempts;
            Tell(ended, e, isLast);
            return new(failure, backoff.After(ended.Attempt), isLast);
        }
    }

    private void Tell(EndedWork ended, Exception e, bool isLast)
    {
        if (isLast) log.EndNeverTold(CauseChain.ForLog(e), ended.Item.Engine, ended.Item.Id, ended.Attempt);
        else log.EndNotTold(CauseChain.ForLog(e), ended.Item.Engine, ended.Item.Id, ended.Attempt);
    }

    private static async Task CallAsync(EngineEntry entry, EndedWork ended, EndContext context)
    {
        if (entry.Shared is { } shared)
        {
            await CallAsync(shared, entry.Facts, ended, context).ConfigureAwait(false);
            return;
        }
        EngineScope scope = entry.OpenScope();
        await using (scope.ConfigureAwait(false)) await CallAsync(scope.Engine, entry.Facts, ended, context).ConfigureAwait(false);
    }

    private static async Task CallAsync(IEngine engine, EngineFacts facts, EndedWork ended, EndContext context)
    {
        Snapshot? last = ended.Snapshot;
        if (last is not null && last.StateVersion < facts.StateVersion) last = engine.Migrate(last);
        if (engine.OnEndedAsync(last, context) is { } telling) await telling.ConfigureAwait(false);
    }
}
