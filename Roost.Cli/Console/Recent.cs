namespace Roost.Cli.Console;

/// <summary>One bar of the chart: what was committed in one minute.</summary>
public readonly record struct Minute(DateTimeOffset At, int Steps, int Failures);

/// <summary>
/// The end of the history, followed a bounded way with each look: how many steps each of the last minutes had.
/// </summary>
internal sealed class Recent(RoostRuntime roost) : IDisposable
{
    private const int Minutes = 60;
    private const int AtFirst = 5_000;
    private const int PageSize = 5_000;
    private const int PagesAtOnce = 4;

    private readonly SemaphoreSlim gate = new(1);
    private readonly SortedDictionary<long, (int Steps, int Failures)> minutes = [];
    private long? last;
    private long since;

    /// <summary>From when on all was read: what is counted of earlier minutes is of their end alone, because more happened than was read.</summary>
    public DateTimeOffset CompleteSince { get; private set; }

    public async Task<IReadOnlyList<Minute>> MinutesAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        long now = roost.Options.TimeProvider.GetUtcNow().ToUnixTimeSeconds() / 60;
        lock (minutes)
            return [.. Enumerable.Range(0, Minutes).Select(back => now - Minutes + 1 + back)
                .Select(minute => new Minute(DateTimeOffset.FromUnixTimeSeconds(minute * 60), minutes.GetValueOrDefault(minute).Steps, minutes.GetValueOrDefault(minute).Failures))];
    }

    /// <summary>The last events of one item, oldest first.</summary>
    public async Task<(IReadOnlyList<WorkEvent> Events, bool All)> OfAsync(string workId, int count, CancellationToken cancellationToken)
    {
        IReadOnlyList<WorkEvent> tail = await roost.ReadLastEventsAsync(workId, limit: count, cancellationToken: cancellationToken).ConfigureAwait(false);
        return (tail, tail.Count == 0 || (await roost.ReadLastEventsAsync(workId, tail[0].Sequence, 1, cancellationToken).ConfigureAwait(false)).Count == 0);
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
        }
        finally
        {
            gate.Release();
        }
    }

    private void Take(IReadOnlyList<WorkEvent> read)
    {
        lock (minutes)
        {
            foreach (WorkEvent one in read)
            {
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
        CompleteSince = default;
        return since = Math.Max(0, await roost.GetLastSequenceAsync(cancellationToken).ConfigureAwait(false) - AtFirst);
    }

    /// <summary>A cap on events may trim what was to be read; then it goes on with the oldest that is kept.</summary>
    private async Task<IReadOnlyList<WorkEvent>> ReadAsync(long after, int limit, CancellationToken cancellationToken)
    {
        try
        {
            return await roost.ReadEventsAsync(after: after, limit: limit, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (EventsTrimmedException trimmed)
        {
            since = trimmed.Watermark;
            return await roost.ReadEventsAsync(after: trimmed.Watermark, limit: limit, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
    }
}
