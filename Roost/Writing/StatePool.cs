using System.Numerics;
using System.Runtime.InteropServices;

namespace Roost.Writing;

/// <summary>
/// Memory for large states, which is used again: a new array of a megabyte for each step would have to wait for a collection of everything. Sizes are
/// powers of two and what lies half-way between: a state that grows leaves few behind, and no page of an array counts before it is written to.
/// </summary>
internal static class StatePool
{
    /// <summary>Below it the collector does as well.</summary>
    public const int LeastBytes = 64 * 1024;

    private const long MostKeptBytes = 8L * 1024 * 1024;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<int, Stack<byte[]>> Free = [];
    private static long kept;

    /// <summary>An array of so many bytes or some more, with whatever stands in it.</summary>
    public static byte[] Rent(int bytes)
    {
        int size = SizeFor(bytes);
        lock (Gate)
        {
            if (Free.TryGetValue(size, out Stack<byte[]>? free) && free.TryPop(out byte[]? array))
            {
                kept -= size;
                return array;
            }
        }
        return GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>Takes back what was rented, which nobody looks at any more; what is small or was made elsewhere is let go.</summary>
    public static void Return(ReadOnlyMemory<byte> memory)
    {
        if (!MemoryMarshal.TryGetArray(memory, out ArraySegment<byte> rented) || rented.Array is not { Length: >= LeastBytes } array) return;
        if (SizeFor(array.Length) == array.Length) Keep(array);
    }

    private static void Keep(byte[] array)
    {
        lock (Gate)
        {
            if (kept + array.Length > MostKeptBytes)
            {
                Free.Clear(); // Of states that have grown since, as a rule.
                kept = 0;
            }
            if (!Free.TryGetValue(array.Length, out Stack<byte[]>? free)) Free.Add(array.Length, free = new());
            free.Push(array);
            kept += array.Length;
        }
    }

    private static int SizeFor(int bytes)
    {
        long half = 1L << Math.Max(0, BitOperations.Log2((uint)bytes) - 1);
        return (int)Math.Min(Array.MaxLength, (bytes + half - 1) / half * half);
    }
}
