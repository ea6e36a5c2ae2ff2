using System.Runtime.InteropServices;
using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>
/// The lanes whose ready or delayed items a transaction changes, or that it removes. While another worker is registered they are written down with the
/// commit, one row a transaction, so that it need not look through all lanes to see what is new; and when a transaction is rolled back, what
/// is remembered of them is in doubt. A worker that reads them must be registered, or nobody writes them for it.
/// </summary>
internal sealed class LaneChanges(WriteConnection connection)
{
    private const int RowsKept = 2000;
    private const int PruneEvery = 256;
    private const int LargeSet = 4096;

    private readonly Statement insert = connection.Prepare("INSERT INTO roost_lane_change (lanes) VALUES (?1) RETURNING seq");
    private readonly Statement since = connection.Prepare("SELECT seq, lanes FROM roost_lane_change WHERE seq > ?1 ORDER BY seq");
    private readonly Statement last = connection.Prepare("SELECT max(seq) FROM roost_lane_change");
    private readonly Statement prune = connection.Prepare("DELETE FROM roost_lane_change WHERE seq <= ?1");

    private HashSet<long> changed = [];
    private long seen;
    private long? saved;

    public void Add(long lane) => changed.Add(lane);

    /// <summary>From here on <see cref="ReadOthers"/> tells what has changed.</summary>
    public void Follow() => seen = last.Scalar() ?? 0;

    /// <summary>Tells which lanes others have changed since the last time; false where that cannot be known any more.</summary>
    public bool ReadOthers(Action<long> tell)
    {
        since.Bind(1, seen);
        while (since.Step())
        {
            long seq = since.Int64(0);
            if (seq != seen + 1)
            {
                since.Reset();
                return false;
            }
            foreach (long lane in MemoryMarshal.Cast<byte, long>(since.Bytes(1))) tell(lane);
            seen = seq;
        }
        return true;
    }

    /// <summary>The transaction has changed any.</summary>
    public bool IsAny => changed.Count > 0;

    /// <summary>At the end of a transaction.</summary>
    /// <param name="isFollowed">Another worker reads them.</param>
    public void Save(bool isFollowed)
    {
        saved = null;
        if (changed.Count == 0 || !isFollowed) return;
        long seq = insert.BindBlob(1, MemoryMarshal.AsBytes<long>(changed.ToArray())).Scalar()!.Value;
        saved = seq;
        // The last row stays, so that no number is given twice.
        if (seq % PruneEvery == 0) prune.Bind(1, seq - RowsKept).Run();
    }

    public void Committed()
    {
        if (saved is { } own) seen = own;
        Clear();
    }

    /// <summary>Tells which lanes the transaction that is rolled back, or a part of it, has changed.</summary>
    public void RolledBack(Action<long> tell)
    {
        foreach (long lane in changed) tell(lane);
    }

    public void Clear()
    {
        if (changed.Count > LargeSet) changed = [];
        else if (changed.Count > 0) changed.Clear();
    }
}
