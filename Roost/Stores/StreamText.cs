using System.Text;

namespace Roost.Stores;

/// <summary>The text of one stream that is not written yet, as UTF-8.</summary>
internal sealed class StreamText(int mostBytes)
{
    private readonly Encoder encoder = Encoding.UTF8.GetEncoder(); // A pair of surrogates may come in two pieces.
    private readonly List<StreamChunk> inFlight = [];
    private byte[] buffer = [];
    private int length;
    private long skipped;

    /// <summary>What waits.</summary>
    public string Waiting => Encoding.UTF8.GetString(buffer.AsSpan(0, length));

    public void Append(ReadOnlySpan<char> text)
    {
        int most = encoder.GetByteCount(text, flush: false);
        if (buffer.Length - length < most) Array.Resize(ref buffer, Math.Max(256, Math.Max(2 * buffer.Length, length + most)));
        length += encoder.GetBytes(text, buffer.AsSpan(length), flush: false);
        if (length > mostBytes) GiveUp(length - mostBytes);
    }

    /// <summary>What waits goes on its way; null where nothing does.</summary>
    public StreamChunk? Take()
    {
        if (length == 0) return null;
        var chunk = new StreamChunk(skipped, buffer[..length]);
        inFlight.Add(chunk);
        (length, skipped) = (0, 0);
        return chunk;
    }

    public void Landed() => inFlight.Clear();

    /// <summary>What was on its way waits again; false where nothing was.</summary>
    public bool TakeBack()
    {
        if (inFlight.Count == 0) return false;
        var all = new List<StreamChunk>(inFlight) { new(skipped, buffer[..length]) };
        inFlight.Clear();
        (length, skipped) = (0, 0);
        foreach (StreamChunk chunk in all)
        {
            if (chunk.Skipped > 0) (skipped, length) = (skipped + length + chunk.Skipped, 0); // What stands before a gap is given up with it.
            if (buffer.Length - length < chunk.Utf8.Length) Array.Resize(ref buffer, length + chunk.Utf8.Length);
            chunk.Utf8.CopyTo(buffer, length);
            length += chunk.Utf8.Length;
        }
        return true;
    }

    private void GiveUp(int least)
    {
        int gone = least;
        while (gone < length && (buffer[gone] & 0xC0) == 0x80) gone++; // No letter is torn.
        buffer.AsSpan(gone, length - gone).CopyTo(buffer);
        length -= gone;
        skipped += gone;
    }
}
