using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>
/// The file's running numbers. Each writer keeps its own row, so that the row also says which of its batches was the last to land:
/// after a commit that failed half-way this answers what became of it.
/// </summary>
internal sealed class Counters(WriteConnection connection, LatestTime latestTime)
{
    private readonly Statement load = connection.Prepare(
        "SELECT max(event_seq), max(ready_seq), max(saved_at), (SELECT at FROM roost_event WHERE seq = (SELECT max(seq) FROM roost_event)) FROM roost_writer");
    private readonly Statement batchOf = connection.Prepare("SELECT batch FROM roost_writer WHERE key = ?1");
    private readonly Statement batchesOfOthers = connection.Prepare("SELECT CAST(total(batch) AS INTEGER) FROM roost_writer WHERE key <> ?1");
    private readonly Statement dropOld = connection.Prepare("DELETE FROM roost_writer WHERE saved_at < ?1");
    private readonly Statement save = connection.Prepare(
        """
        INSERT INTO roost_writer (key, batch, event_seq, ready_seq, saved_at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (key) DO UPDATE SET batch = excluded.batch, event_seq = excluded.event_seq, ready_seq = excluded.ready_seq, saved_at = excluded.saved_at
        """);

    private readonly Statement beginRun = connection.Prepare("INSERT INTO roost_event_run (seq) VALUES (?1)");

    private static readonly long Day = (long)TimeSpan.FromDays(1).TotalMilliseconds;

    private const int RandomsAtOnce = 128;

    [ThreadStatic]
    private static long[]? randoms;

    [ThreadStatic]
    private static int randomsLeft;

    private bool loaded, saved;
    private int changesAtBegin;
    private long eventSeqAtBegin, lastEventAt, seenOfOthers = -1;
    private Place lastPlace;

    /// <summary>Names this writer's row. Fresh for each connection.</summary>
    public long WriterKey { get; } = Token();

    /// <summary>The number of the last batch that this writer has saved.</summary>
    public long Batch { get; private set; }

    /// <summary>The sequence number of the last event.</summary>
    public long EventSeq { get; private set; }

    public void Begin()
    {
        Load();
        changesAtBegin = connection.TotalChanges;
        eventSeqAtBegin = EventSeq;
    }

    /// <summary>Reads the numbers that others have left, where they are not known.</summary>
    public void Load()
    {
        if (loaded) return;
        if (load.Step())
        {
            EventSeq = load.NullableInt64(0) ?? 0;
            lastPlace = new(load.NullableInt64(1) ?? 0);
            latestTime.Learn(load.NullableInt64(2) ?? 0);
            lastEventAt = load.NullableInt64(3) ?? long.MinValue;
            load.Reset();
        }
        loaded = true;
    }

    public long NextEvent() => ++EventSeq;

    /// <summary>The last place given to an item that came, by any process, and did not only go back behind its equals.</summary>
    public Place LastComer => lastPlace.LastComer;

    /// <summary>The place behind everything that is ready now, for an item that comes.</summary>
    public Place NextPlace() => lastPlace = lastPlace.OfNextComer;

    /// <summary>The same for an item that has held its slot and goes back behind its equals.</summary>
    public Place NextPlaceAgain() => lastPlace = lastPlace.OfNextReturned;

    /// <summary>The place before everything that became ready in the ordinary way, and behind what went to the head earlier.</summary>
    public Place NextPlaceAtHead() => NextPlace().AtHead;

    public void Save()
    {
        if (connection.TotalChanges == changesAtBegin)
            return;
        if (!saved)
            dropOld.Bind(1, Math.Min(connection.Now, latestTime.LastSaved) - Day).Run(); // By the file's own time: a clock far ahead drops nobody who lives.
        Batch++;
        NoteTime();
        SaveRow();
    }

    /// <summary>Says where the time of the events goes back, so that a search by time knows in which pieces it only rises.</summary>
    private void NoteTime()
    {
        if (EventSeq == eventSeqAtBegin) return;
        if (connection.Now < lastEventAt) beginRun.Bind(1, eventSeqAtBegin + 1).Run();
        lastEventAt = connection.Now;
    }

    public void Forget() => loaded = false;

    /// <summary>Whether another writer has saved a batch since this was last asked; whoever writes to the file without one is no Roost.</summary>
    public bool OthersHaveSaved()
    {
        long before = seenOfOthers;
        seenOfOthers = batchesOfOthers.Bind(1, WriterKey).Scalar() ?? 0;
        return seenOfOthers != before;
    }

    /// <summary>The last batch of a writer's row.</summary>
    public long BatchOf(long writerKey) => batchOf.Bind(1, writerKey).Scalar() ?? 0;

    /// <summary>Writes this writer's row, whether or not anything else is written.</summary>
    public void SaveRow()
    {
        save.Bind(1, WriterKey).Bind(2, Batch).Bind(3, EventSeq).Bind(4, lastPlace.Number).Bind(5, latestTime.SavedAt).Run();
        saved = true;
    }

    /// <summary>A random positive number, used as lease token, nonce and pin.</summary>
    public static long Token()
    {
        // Drawn by the hundred: a call of the system's generator for each was 3 % of the writer's time in a profile.
        long[] drawn = randoms ??= new long[RandomsAtOnce];
        if (randomsLeft == 0)
        {
            RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(drawn.AsSpan()));
            randomsLeft = drawn.Length;
        }
        return drawn[--randomsLeft] & long.MaxValue;
    }
}
