using Roost.Stores;

namespace Roost.Sqlite.Writing;

/// <summary>
/// What running steps say, on its way into the file: with whatever commits once it has waited for a tenth of the flush interval, and after all of it by a
/// commit of its own. Steps add from any thread; the rest is the writer's.
/// </summary>
internal sealed class Outgoing : IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeSpan interval;
    private readonly int mostBytes;
    private readonly Action commit;
    private readonly Timer timer;
    private readonly List<StepOutput> written = []; // In the transaction that is open, or was not seen to land.
    private List<StepOutput> waiting = [];
    private bool isTimed, isDisposed;

    /// <param name="options">The flush interval, and how much may wait.</param>
    /// <param name="commit">Asks for a transaction that takes everything.</param>
    public Outgoing(RoostOptions options, Action commit)
    {
        (interval, mostBytes, this.commit) = (options.StreamFlushInterval, options.MaxStreamBytes, commit);
        timer = new(static state => ((Outgoing)state!).TimeIsOver(), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>How many were written, for <see cref="TakeBackTo"/>.</summary>
    public int Mark => written.Count;

    /// <summary>Where a step says something.</summary>
    public StepOutput Of(LeasedWork lease) => new(lease, mostBytes, Add);

    /// <summary>Writes what has waited long enough to go with whatever commits now; or everything.</summary>
    public void WriteWaiting(Session session, bool all = false)
    {
        if (Volatile.Read(ref waiting).Count == 0) return;
        foreach (StepOutput output in Ready(all)) Write(session, output);
    }

    /// <summary>Writes what a step has said, where its lease is held.</summary>
    public void Write(Session session, StepOutput output)
    {
        if (session.Streams.IsHeld(output)) WriteHeld(session, output);
        else output.Close();
    }

    /// <summary>The same of a step whose lease is known to be held, or was until this transaction ended it.</summary>
    public void WriteHeld(Session session, StepOutput output)
    {
        written.Add(output);
        session.Streams.Write(output, output.Take());
    }

    /// <summary>What was written is on the disk; false where nothing was.</summary>
    public bool Landed()
    {
        if (written.Count == 0) return false;
        foreach (StepOutput output in written) output.Landed();
        written.Clear();
        return true;
    }

    /// <summary>What was written since then was rolled back: it waits again.</summary>
    public void TakeBackTo(int mark)
    {
        for (int n = written.Count - 1; n >= mark; n--) written[n].TakeBack();
        written.RemoveRange(mark, written.Count - mark);
    }

    public void Dispose()
    {
        lock (gate) isDisposed = true;
        timer.Dispose();
    }

    private void Add(StepOutput output)
    {
        lock (gate)
        {
            if (isDisposed) return;
            waiting.Add(output);
            if (!isTimed) isTimed = timer.Change(interval, Timeout.InfiniteTimeSpan);
        }
    }

    private void TimeIsOver()
    {
        lock (gate)
        {
            isTimed = waiting.Count > 0 && !isDisposed && timer.Change(interval, Timeout.InfiniteTimeSpan); // That commit may fail.
            if (!isTimed) return;
        }
        commit();
    }

    /// <summary>All that waits, where the first of it has done so for long enough: who reads them is woken once.</summary>
    private List<StepOutput> Ready(bool all)
    {
        lock (gate)
        {
            if (waiting.Count == 0 || (!all && Environment.TickCount64 - waiting[0].Since < (long)(interval.TotalMilliseconds / 10))) return [];
            List<StepOutput> ready = waiting;
            waiting = [];
            return ready;
        }
    }
}
