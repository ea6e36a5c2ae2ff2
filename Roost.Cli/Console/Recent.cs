namespace Roost.Cli.Console;

/// <summary>One bar of the chart: what was committed in one minute.</summary>
public readonly record struct Minute(DateTimeOffset At, int Steps, int Failures);

/// <summary>
/// The end of the history, followed a bounded way with each look: the last events for the tail, and how many steps each of the last minutes had.
/// The library reads the history forwards only, so its end is found by halving: about fifty reads of one row, once.
/// </summary>
internal sealed class Recent(RoostRuntime roost) : IDisposable
{
    private const int Kept = 500;
    private const int Minutes = 60;
    private const int AtFirst = 5_000;
    private const int PageSize = 5_000;
    private const int PagesAtOnce = 4;

    private readonly SemaphoreSlim gate = new(1);
    private readonly LinkedList<WorkEvent> events = new();
    private readonly SortedDictionary<long, (int Steps, int Failures)> minutes = [];
    private long? last;
    private long since;

    /// <summary>Whether the oldest minutes shown may lack steps, because more happened than was read.</summary>
    public DateTimeOffset CompleteSince { get; private set; }

    public async Task<IReadOnlyList<WorkEvent>> EventsAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        lock (events) return [.. events.Reverse()];
    }

    public async Task<IReadOnlyList<Minute>> MinutesAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        long now = roost.Options.TimeProvider.GetUtcNow().ToUnixTimeSeconds() / 60;
        lock (events)
            return [.. Enumerable.Range(0, Minutes).Select(back => now - Minutes + 1 + back)
                .Select(minute => new Minute(DateTimeOffset.FromUnixTimeSeconds(minute * 60), minutes.GetValueOrDefault(minute).Steps, minutes.GetValueOrDefault(minute).Failures))];
    }

    /// <summary>The last events of one item, oldest first.</summary>
    public async Task<(IReadOnlyList<WorkEvent> Events, bool All)> OfAsync(string workId, int count, CancellationToken cancellationToken)
    {
        IReadOnlyList<WorkEvent> first = await roost.ReadEventsAsync(workId, null, count, cancellationToken).ConfigureAwait(false);
        if (first.Count < count) return (first, true);
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        long after = await FirstAsync(first[^1].Sequence, last ?? first[^1].Sequence, async place =>
            (await roost.ReadEventsAsync(workId, place, count, cancellationToken).ConfigureAwait(false)).Count < count).ConfigureAwait(false);
        IReadOnlyList<WorkEvent> tail = await roost.ReadEventsAsync(workId, after, count, cancellationToken).ConfigureAwait(false);
        return (tail, false);
    }

    public void Dispose() => gate.Dispose();

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            last ??= await StartAsync(cancellationToken).ConfigureAwait(false);
            for (int page = 0; page < PagesAtOnce; page++)
            {
                IReadOnlyList<WorkEvent> read = await ReadAsync(last.Value, PageSize, cancellationToken).ConfigureAwait(false);
                if (read.Count == 0) return;
                Take(read);
            }
            if ((await ReadAsync(last.Value, 1, cancellationToken).ConfigureAwait(false)).Count == 0) return;
            last = await StartAsync(cancellationToken).ConfigureAwait(false); // Too far behind: leave a gap, go on at the end.
            lock (events) events.Clear();
        }
        finally
        {
            gate.Release();
        }
    }

    private void Take(IReadOnlyList<WorkEvent> read)
    {
        lock (events)
        {
            foreach (WorkEvent one in read)
            {
                events.AddLast(one);
                if (events.Count > Kept) events.RemoveFirst();
                long minute = one.At.ToUnixTimeSeconds() / 60;
                (int steps, int failures) = minutes.GetValueOrDefault(minute);
                if (one.Kind is EventKinds.Stepped or EventKinds.Done) steps++;
                else if (one.Kind is EventKinds.StepFailed or EventKinds.Failed) failures++;
                else continue;
                minutes[minute] = (steps, failures);
            }
            while (minutes.Count > 2 * Minutes) minutes.Remove(minutes.First().Key);
            if (CompleteSince == default && read.Count > 0 && since > 0) CompleteSince = read[0].At;
        }
        last = read[^1].Sequence;
    }

    private async Task<long> StartAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<WorkEvent> oldest = await roost.ReadEventsAsync(null, null, 1, cancellationToken).ConfigureAwait(false);
        if (oldest.Count == 0) return 0;
        long low = oldest[0].Sequence, high = low + 1;
        while (await AnyAfterAsync(high).ConfigureAwait(false)) high *= 2;
        long end = await FirstAsync(low, high, async place => !await AnyAfterAsync(place).ConfigureAwait(false)).ConfigureAwait(false);
        CompleteSince = default;
        return since = Math.Max(low - 1, end - AtFirst);

        async Task<bool> AnyAfterAsync(long place) => (await ReadAsync(place, 1, cancellationToken).ConfigureAwait(false)).Count > 0;
    }

    /// <summary>A cap on events may trim what was to be read; then it goes on with the oldest that is kept.</summary>
    private async Task<IReadOnlyList<WorkEvent>> ReadAsync(long after, int limit, CancellationToken cancellationToken)
    {
        try
        {
            return await roost.ReadEventsAsync(null, after, limit, cancellationToken).ConfigureAwait(false);
        }
        catch (EventsTrimmedException trimmed)
        {
            return await roost.ReadEventsAsync(null, trimmed.Watermark, limit, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<long> FirstAsync(long low, long high, Func<long, Task<bool>> holds)
    {
        while (low < high)
        {
            long middle = low + (high - low) / 2;
            if (await holds(middle).ConfigureAwait(false)) high = middle;
            else low = middle + 1;
        }
        return low;
    }
}
