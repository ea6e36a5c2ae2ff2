using System.Text;

namespace Roost.Stores;

/// <summary>The text of one stream that is not written yet, as UTF-8. No more of it is held than may wait, and a slice that is on its way in.</summary>
internal sealed class StreamText(int mostBytes)
{
    private const int Slice = 16 * 1024, Spare = 64 * 1024;

    private readonly Encoder encoder = Encoding.UTF8.GetEncoder(); // A pair of surrogates may come in two pieces.
    private readonly List<StreamChunk> inFlight = [];
    private byte[] buffer = [];
    private int start, end;
    private long skipped;

    /// <summary>What waits.</summary>
    public string Waiting => Encoding.UTF8.GetString(Live);

    private ReadOnlySpan<byte> Live => buffer.AsSpan(start, end - start);

    public void Append(ReadOnlySpan<char> text)
    {
        for (; text.Length > Slice; text = text[Slice..]) Encode(text[..Slice], flush: false);
        Encode(text, flush: false);
    }

    /// <summary>Nothing follows: half of a letter that waits for the other becomes U+FFFD. True where there was one.</summary>
    public bool End()
    {
        int before = end;
        Encode([], flush: true);
        return end > before;
    }

    /// <summary>What waits goes on its way; null where nothing does.</summary>
    public StreamChunk? Take()
    {
        if (start == end) return null;
        var chunk = new StreamChunk(skipped, Live.ToArray());
        inFlight.Add(chunk);
        Clear();
        return chunk;
    }

    public void Landed() => inFlight.Clear();

    /// <summary>What was on its way waits again; false where nothing was.</summary>
    public bool TakeBack()
    {
        if (inFlight.Count == 0) return false;
        StreamChunk[] all = [.. inFlight, new(skipped, Live.ToArray())];
        inFlight.Clear();
        Clear();
        foreach (StreamChunk chunk in all)
        {
            if (chunk.Skipped > 0)
            {
                skipped += end - start + chunk.Skipped; // What stands before a gap is given up with it.
                start = end = 0;
            }
            MakeRoom(chunk.Utf8.Length);
            chunk.Utf8.CopyTo(buffer, end);
            end += chunk.Utf8.Length;
        }
        GiveUp();
        return true;
    }

    private void Encode(ReadOnlySpan<char> text, bool flush)
    {
        MakeRoom(encoder.GetByteCount(text, flush));
        end += encoder.GetBytes(text, buffer.AsSpan(end), flush);
        GiveUp();
    }

    /// <summary>At the buffer's end; what waits is moved to its beginning only where at least as much was given up before it.</summary>
    private void MakeRoom(int bytes)
    {
        if (buffer.Length - end >= bytes) return;
        int live = end - start;
        byte[] to = start >= live && buffer.Length - live >= bytes ? buffer : new byte[Math.Max(256, 2 * (live + bytes))];
        Live.CopyTo(to);
        (buffer, start, end) = (to, 0, live);
    }

    private void GiveUp()
    {
        int gone = start + Math.Max(0, end - start - mostBytes);
        if (gone == start) return;
        while (gone < end && (buffer[gone] & 0xC0) == 0x80) gone++; // No letter is torn.
        skipped += gone - start;
        start = gone;
    }

    private void Clear()
    {
        (start, end, skipped) = (0, 0, 0);
        if (buffer.Length > Spare) buffer = [];
    }
}
