using System.Buffers.Text;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Roost.Stores;

/// <summary>One place where a state differs from the version before it.</summary>
/// <param name="At">Where it begins in the version before.</param>
/// <param name="Removed">How many bytes of that are left out.</param>
/// <param name="Inserted">How many bytes stand there instead.</param>
internal readonly record struct Splice(int At, int Removed, int Inserted)
{
    private const int LongestNumber = 11;

    /// <summary>As they are stored: <c>[at,removed,inserted,...]</c>.</summary>
    public static byte[] Write(List<Splice> splices)
    {
        byte[] text = new byte[2 + splices.Count * 3 * (LongestNumber + 1)];
        text[0] = (byte)'[';
        int used = 1;
        foreach (Splice splice in splices)
        {
            Append(splice.At);
            Append(splice.Removed);
            Append(splice.Inserted);
        }
        text[Math.Max(1, used - 1)] = (byte)']';
        return text[..Math.Max(2, used)];

        void Append(int number)
        {
            bool written = Utf8Formatter.TryFormat(number, text.AsSpan(used), out int length);
            Debug.Assert(written, "Each number has its room.");
            used += length;
            text[used++] = (byte)',';
        }
    }

    /// <summary>Reads what <see cref="Write"/> has written; false where it is not that.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, List<Splice> splices)
    {
        splices.Clear();
        var numbers = new Utf8JsonReader(text);
        Span<int> three = stackalloc int[3];
        try
        {
            if (!numbers.Read() || numbers.TokenType != JsonTokenType.StartArray) return false;
            for (int n = 0; numbers.Read(); n++)
            {
                if (numbers.TokenType == JsonTokenType.EndArray) return n % 3 == 0;
                if (numbers.TokenType != JsonTokenType.Number || !numbers.TryGetInt32(out three[n % 3]) || three[n % 3] < 0) return false;
                if (n % 3 == 2) splices.Add(new(three[0], three[1], three[2]));
            }
            return false;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The bytes of a state that are stored with these.</summary>
    public static ReadOnlyMemory<byte> Inserts(List<Splice> splices, ReadOnlyMemory<byte> state)
    {
        int shift = 0;
        if (splices.Count == 1) return state.Slice(splices[0].At, splices[0].Inserted);
        byte[] inserts = new byte[Total(splices)];
        int used = 0;
        foreach (Splice splice in splices)
        {
            state.Span.Slice(splice.At + shift, splice.Inserted).CopyTo(inserts.AsSpan(used));
            used += splice.Inserted;
            shift += splice.Inserted - splice.Removed;
        }
        return inserts;
    }

    private static int Total(List<Splice> splices)
    {
        int total = 0;
        foreach (Splice splice in CollectionsMarshal.AsSpan(splices)) total += splice.Inserted;
        return total;
    }
}
