using System.Diagnostics;

namespace Roost.Storage;

/// <summary>
/// Whether an open transaction should wait a moment for those whom the last one answered: short steps come back within microseconds, and one
/// full transaction costs less than two half-full ones. It waits only while requests keep coming, half a millisecond in all at most, and less
/// and less often where nobody comes.
/// </summary>
internal sealed class Gathering
{
    private const int MostSkipped = 256;
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

    /// <summary>Waits until somebody comes; false where the transaction should not wait any longer.</summary>
    /// <param name="gathered">How many it holds.</param>
    /// <param name="waiting">How many wait to join it; asked again and again.</param>
    public bool Wait(int gathered, Func<int> waiting)
    {
        if (gathered >= expected) return false;
        long start = Stopwatch.GetTimestamp(), waited = 0;
        while (waiting() == 0)
        {
            waited = Stopwatch.GetTimestamp() - start;
            if (waited > Patience || waited > left)
            {
                Missed();
                return false;
            }
            Thread.Yield();
        }
        left -= waited;
        misses = 0;
        return true;
    }

    private void Missed()
    {
        misses = Math.Min(MostSkipped, misses * 2 + 1);
        skip = misses;
        expected = 0;
    }
}
