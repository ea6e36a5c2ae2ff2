using Roost.Stores;

namespace Roost.Execution;

/// <summary>Waits for the end of an item, whoever steps it.</summary>
internal sealed class EndWait(Store store, string path, TimeProvider time, CancellationToken closing)
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    /// <param name="workId">The item.</param>
    /// <param name="limit">Null, or more than a timer can be set to: for ever.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="TimeoutException">The time is over and the item has not ended.</exception>
    public async Task<WorkSummary> WaitAsync(string workId, TimeSpan? limit, CancellationToken cancellationToken)
    {
        if (limit is not { } most || most > LongestTimer) return await WaitAsync(workId, cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<WorkSummary> ended = WaitAsync(workId, over.Token);
        try
        {
            return await ended.WaitAsync(most, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await over.CancelAsync().ConfigureAwait(false);
            await ((Task)ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // However short the time was, whoever asks learns what has ended and what is not there.
            WorkSummary found = await FindAsync(workId, cancellationToken).ConfigureAwait(false);
            if (found.State.IsEnded()) return found;
            throw new TimeoutException($"Work item {workId} has not ended within {most}; it goes on. GetAsync says where it stands.");
        }
    }

    /// <exception cref="NotFoundException">There is no such item.</exception>
    public async Task<WorkSummary> FindAsync(string workId, CancellationToken cancellationToken) =>
        await store.Reads.FindAsync(workId, cancellationToken).ConfigureAwait(false) ?? throw Store.NoSuchItem(workId, path);

    /// <summary>Waits until an item and everything below it has ended, and returns how the item itself did.</summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public async Task<WorkSummary> WaitBelowAsync(string workId, CancellationToken cancellationToken)
    {
        var walk = new TreeWalk(workId);
        WorkSummary? ended = null;
        bool hasRested = false;
        return await WatchAsync(workId, async () =>
        {
            while (true)
            {
                WalkState? state = await store.Reads.WalkAsync(walk, cancellationToken).ConfigureAwait(false);
                ended = walk.Top ?? ended;
                if (state is null) return ended ?? throw Store.NoSuchItem(workId, path); // Purged once it had ended, and what is left of its tree with it.
                hasRested |= state == WalkState.Rests;
                if (state == WalkState.Rests) return null;
                if (state == WalkState.GoesOn) continue;
                // What was passed may have been retried, or given more children, while the walk rested elsewhere.
                if (!hasRested) return ended;
                (walk, hasRested) = (new(workId), false);
            }
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether nothing below an item is open now.</summary>
    public async Task<bool> HasEndedBelowAsync(string workId, CancellationToken cancellationToken)
    {
        var walk = new TreeWalk(workId);
        while (true)
        {
            WalkState? state = await store.Reads.WalkAsync(walk, cancellationToken).ConfigureAwait(false);
            if (state != WalkState.GoesOn) return state != WalkState.Rests;
        }
    }

    private Task<WorkSummary> WaitAsync(string workId, CancellationToken cancellationToken) => WatchAsync(workId, async () =>
    {
        WorkSummary item = await FindAsync(workId, cancellationToken).ConfigureAwait(false);
        return item.State.IsEnded() ? item : null;
    }, cancellationToken);

    /// <summary>Looks whenever something may have ended, until there is an answer.</summary>
    private async Task<WorkSummary> WatchAsync(string workId, Func<Task<WorkSummary?>> look, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing);
        using IDisposable watch = store.Watch();
        try
        {
            while (true)
            {
                Task next = store.Ended.Next;
                if (await look().ConfigureAwait(false) is { } found) return found;
                store.ThrowIfStopped(); // Nobody would tell us of its end any more.
                await next.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (closing.IsCancellationRequested && e is ObjectDisposedException or (RoostException and not NotFoundException))
        {
            // A temporary file goes with its runtime, perhaps in the middle of this read.
            throw new OperationCanceledException($"The runtime of {path} was closed while item {workId} was waited for.", e);
        }
    }
}
