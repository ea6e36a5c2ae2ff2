namespace Roost.Stores;

/// <summary>Text of a stream on its way into the store.</summary>
/// <param name="Skipped">How many bytes before it were given up, because more than is kept was waiting.</param>
/// <param name="Utf8">The text.</param>
internal readonly record struct StreamChunk(long Skipped, byte[] Utf8);

/// <summary>What a step has said since it was last asked.</summary>
/// <param name="Texts">The new text of each stream that has some.</param>
/// <param name="Progress">How far it is; null where it has not said so.</param>
internal readonly record struct StepSaid(IReadOnlyList<(string Name, StreamChunk Chunk)> Texts, WorkProgress? Progress);

/// <summary>
/// What one try of a step says while it runs, until the store has written it. Any thread adds to it. The store takes what is there into a transaction, and says
/// afterwards whether that has landed: what has not is taken again.
/// </summary>
/// <param name="lease">The lease of the step.</param>
/// <param name="mostBytes">How much of a stream's text may wait; beyond that the oldest is given up.</param>
/// <param name="toWrite">Told when there is something to write where there was nothing. Default: nobody writes it.</param>
internal sealed class StepOutput(LeasedWork lease, int mostBytes, Action<StepOutput>? toWrite = null)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, StreamText> texts = new(StringComparer.Ordinal);
    private WorkProgress? progress, progressInFlight;
    private bool isTold, isClosed;

    public LeasedWork Lease => lease;

    /// <summary>Somebody writes it.</summary>
    public bool IsWritten => toWrite is not null;

    /// <summary>The version that the step was made from; its lease may be further by now.</summary>
    public int Version { get; } = lease.Version;

    /// <summary>Which of the tries of its step that have written something; null before it has. Of the store's thread.</summary>
    public int? Try { get; set; }

    /// <summary>Since when something waits to be written, by the clock that nobody sets, in milliseconds.</summary>
    public long Since { get; private set; }

    /// <summary>All that was said to nobody who writes it: the text of each stream, and how far the step was last.</summary>
    public (IReadOnlyDictionary<string, string> Texts, WorkProgress? Progress) Unwritten
    {
        get
        {
            lock (gate) return (texts.ToDictionary(text => text.Key, text => text.Value.Waiting), progress);
        }
    }

    public void Append(string name, ReadOnlySpan<char> text)
    {
        lock (gate)
        {
            if (isClosed) return;
            if (!texts.TryGetValue(name, out StreamText? stream)) texts.Add(name, stream = new(mostBytes));
            stream.Append(text);
            Tell();
        }
    }

    public void Report(WorkProgress now)
    {
        lock (gate)
        {
            if (isClosed) return;
            progress = now;
            Tell();
        }
    }

    /// <summary>The step has ended: half of a letter that waits for the other is one for good.</summary>
    public void End()
    {
        lock (gate)
        {
            bool isAny = false;
            foreach (StreamText text in texts.Values) isAny |= text.End();
            if (isAny && !isClosed) Tell();
        }
    }

    /// <summary>What waits, to be written in the transaction that is open.</summary>
    public StepSaid Take()
    {
        lock (gate)
        {
            isTold = false;
            var said = new List<(string, StreamChunk)>(texts.Count);
            foreach ((string name, StreamText text) in texts)
                if (text.Take() is { } chunk) said.Add((name, chunk));
            progressInFlight = progress ?? progressInFlight;
            WorkProgress? reported = progress;
            progress = null;
            return new(said, reported);
        }
    }

    /// <summary>What was taken is on the disk.</summary>
    public void Landed()
    {
        lock (gate)
        {
            foreach (StreamText text in texts.Values) text.Landed();
            progressInFlight = null;
        }
    }

    /// <summary>What was taken was not written.</summary>
    public void TakeBack()
    {
        lock (gate)
        {
            bool isAny = progressInFlight is not null;
            foreach (StreamText text in texts.Values) isAny |= text.TakeBack();
            progress ??= progressInFlight;
            progressInFlight = null;
            if (isAny && !isClosed) Tell();
        }
    }

    /// <summary>Its lease is lost: nothing that it says is written any more.</summary>
    public void Close()
    {
        lock (gate)
        {
            isClosed = true;
            texts.Clear();
            progress = null;
        }
    }

    private void Tell()
    {
        if (isTold) return;
        isTold = true;
        Since = Environment.TickCount64;
        toWrite?.Invoke(this);
    }
}
