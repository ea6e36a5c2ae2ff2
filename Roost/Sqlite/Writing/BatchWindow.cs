using System.Diagnostics;

namespace Roost.Sqlite.Writing;

/// <summary>
/// Whether the writer should wait a moment, before a transaction or in an open one, for those whom the last one answered: short steps come
/// back within microseconds, one full transaction costs less than two half-full ones, and a thread that sleeps costs time to wake. It waits
/// only while callers are told or come back, half a millisecond in all at most, and less and less often where nobody comes.
/// </summary>
internal sealed class BatchWindow
{
    private const int MostSkipped = 256;
    private static readonly long PatienceForTheFirst = Stopwatch.Frequency * 250 / 1_000_000;
    private static readonly long Patience = Stopwatch.Frequency * 50 / 1_000_000;
    private static readonly long Most = Stopwatch.Frequency * 500 / 1_000_000;

    private int expected, skip, misses;
    private long left;

    /// <summary>A transaction has landed: so many were answered, and so many more wait already. All of them may be there for the next.</summary>
    public void Expect(int answered, int waiting)
    {
        expected = answered + waiting;
        left = Most;
        if (skip > 0) (skip, expected) = (skip - 1, 0);
    }

    /// <summary>Waits until somebody comes; false where the writer should not wait any longer.</summary>
    /// <param name="gathered">How many the transaction holds; none where it has not begun.</param>
    /// <param name="waiting">How many wait to join it; asked again and again.</param>
    /// <param name="told">How many of those who were answered know it by now; asked again and again.</param>
    public bool Wait(int gathered, Func<int> waiting, Func<int> told)
    {
        if (gathered >= expected) return false;
        long start = Stopwatch.GetTimestamp(), moved = start, now = start;
        long patience = gathered == 0 ? PatienceForTheFirst : Patience;
        for (int before = told(); waiting() == 0; now = Stopwatch.GetTimestamp())
        {
            if (told() is var known && known != before) (before, moved) = (known, now);
            if (now - moved > patience || now - start > left)
            {
                StopWaiting(gathered);
                return false;
            }
            Thread.Yield();
        }
        left -= now - start;
        misses = 0;
        return true;
    }

    /// <summary>Some who call only now and then do not come back; where most do, waiting is worth it all the same.</summary>
    private void StopWaiting(int gathered)
    {
        misses = gathered * 4 >= expected * 3 ? 0 : Math.Min(MostSkipped, misses * 2 + 1);
        skip = misses;
        expected = 0;
    }
}
