using System.Diagnostics;

namespace Roost.Sqlite.Writing;

/// <summary>
/// Tells callers that their transaction has landed, and starts claimed steps: one after the other on one thread of the pool, which stays for the
/// next transaction, while the writer runs that with what the first of them bring back. Waking a thread for each costs more than a short step
/// takes. Where what they do is not short, each gets a place of its own in the pool for a while; and <see cref="Disperse"/> gives one to all that
/// are left, so that nobody who blocks the thread holds up the others.
/// </summary>
internal sealed class Delivery : IThreadPoolWorkItem
{
    private const int MostApart = 256;
    private static readonly TimeSpan Stay = TimeSpan.FromMilliseconds(5);
    private static readonly long Short = Stopwatch.Frequency * 15 / 1_000_000;

    private readonly object gate = new();
    private Landed landed = new([]);
    private int apart, misses;
    private bool isPresent, isIdle, wasLong;

    private sealed class Landed(IReadOnlyList<IThreadPoolWorkItem> callers)
    {
        private int delivered;

        public int Delivered => Volatile.Read(ref delivered);

        public IThreadPoolWorkItem? Next()
        {
            if (Delivered >= callers.Count) return null;
            int next = Interlocked.Increment(ref delivered) - 1;
            return next < callers.Count ? callers[next] : null;
        }
    }

    /// <summary>Somebody waits for a thread of the pool, which on one processor may have this one alone.</summary>
    private static bool IsNeededElsewhere => ThreadPool.PendingWorkItemCount > 0;

    /// <summary>How many of those whom the last transaction answered have been told, or are being told.</summary>
    public int Delivered => landed.Delivered;

    /// <summary>Called by the writer thread alone, as <see cref="Disperse"/> is.</summary>
    public void Deliver(IReadOnlyList<IThreadPoolWorkItem> callers)
    {
        Disperse();
        if (callers.Count == 0) return;
        var next = new Landed(callers);
        if (!IsTaken(next)) PassOn(next);
    }

    /// <summary>Whoever has not been told yet must not wait for the others any longer.</summary>
    public void Disperse() => PassOn(landed);

    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            Landed callers = Volatile.Read(ref landed);
            long began = Stopwatch.GetTimestamp();
            int n = 0;
            for (; callers.Next() is { } caller; n++) caller.Execute();
            if (n > 0 && Stopwatch.GetTimestamp() - began > Short * n) Volatile.Write(ref wasLong, true);
        }
        while (Stays());
    }

    private static void PassOn(Landed callers)
    {
        while (callers.Next() is { } caller) ThreadPool.UnsafeQueueUserWorkItem(caller, preferLocal: false);
    }

    /// <summary>Hands them to the thread that stays, where it has nothing else to do and what it told last was short.</summary>
    private bool IsTaken(Landed next)
    {
        if (apart > 0)
        {
            apart--;
            return false;
        }
        lock (gate)
        {
            misses = wasLong || (isPresent && !isIdle) ? Math.Min(MostApart, misses * 2 + 1) : 0;
            apart = misses;
            wasLong = false;
            if (apart > 0) return false;
            Volatile.Write(ref landed, next);
            isIdle = false;
            if (isPresent) Monitor.Pulse(gate);
            else ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            isPresent = true;
            return true;
        }
    }

    /// <summary>Waits a moment for the next transaction; false where none came, and the thread goes back to the pool.</summary>
    private bool Stays()
    {
        lock (gate)
        {
            isIdle = true;
            while (isIdle)
                if (IsNeededElsewhere || (!Monitor.Wait(gate, Stay) && isIdle))
                {
                    isPresent = isIdle = false;
                    landed = new([]);
                    return false;
                }
            return true;
        }
    }
}
