using System.Buffers.Binary;
using System.Numerics;

namespace Roost.Sqlite.Tables;

/// <summary>
/// A histogram of run times in classes that are each a quarter of an octave wide: whatever falls into one is known to within 19 %. Stored as
/// five bytes for each class that has any.
/// </summary>
internal sealed class RunTimes
{
    private const int Classes = 144;
    private const int FirstOctave = 6; // The first class takes everything up to 64 microseconds, the last everything above 50 days.
    private const int StoredBytes = 5;

    private readonly uint[] counts = new uint[Classes];

    public void Add(long microseconds) => counts[ClassOf(microseconds)]++;

    public void Add(RunTimes others)
    {
        for (int i = 0; i < Classes; i++) counts[i] += others.counts[i];
    }

    public void Add(ReadOnlySpan<byte> stored)
    {
        for (; stored.Length >= StoredBytes; stored = stored[StoredBytes..])
            if (stored[0] < Classes) counts[stored[0]] += BinaryPrimitives.ReadUInt32LittleEndian(stored[1..]);
    }

    public void Clear() => Array.Clear(counts);

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[counts.Count(count => count > 0) * StoredBytes];
        int at = 0;
        for (int i = 0; i < Classes; i++)
        {
            if (counts[i] == 0) continue;
            bytes[at] = (byte)i;
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at + 1), counts[i]);
            at += StoredBytes;
        }
        return bytes;
    }

    /// <summary>The time that this share of the runs did not exceed: the upper bound of the class that it falls into. Null where there was none.</summary>
    public TimeSpan? Percentile(double share)
    {
        long all = 0, seen = 0;
        foreach (uint count in counts) all += count;
        if (all == 0) return null;
        long wanted = Math.Clamp((long)Math.Ceiling(all * share), 1, all);
        for (int i = 0; ; i++)
            if ((seen += counts[i]) >= wanted) return TimeSpan.FromMicroseconds(UpperBound(i));
    }

    private static int ClassOf(long microseconds)
    {
        if (microseconds <= 1 << FirstOctave) return 0;
        int octave = BitOperations.Log2((ulong)microseconds - 1);
        int most = 4 * (octave + 1 - FirstOctave);
        for (int i = most - 3; i < most; i++)
            if (microseconds <= UpperBound(i)) return Math.Min(i, Classes - 1);
        return Math.Min(most, Classes - 1);
    }

    private static double UpperBound(int i) => Math.ScaleB(Quarters[i & 3], FirstOctave + (i >> 2));

    private static readonly double[] Quarters = [1, Math.Pow(2, 0.25), Math.Sqrt(2), Math.Pow(2, 0.75)];
}
