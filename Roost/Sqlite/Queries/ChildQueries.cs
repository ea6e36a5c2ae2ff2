using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of an item's children, as its own step sees them.</summary>
internal static class ChildQueries
{
    private const int MostBytes = 4 * 1024 * 1024;

    private const string Columns =
        """
        w.key, w.id, l.engine, w.state, w.version, w.detached, i.idempotency_key, w.created_at, w.ended_at,
        s.state_version, s.step, s.data, s.sha256, s.at, s.delay_ms, s.whole
        """;

    // The snapshot is taken by the index and by what its row says: a damaged index would lead to another item's.
    private const string Joined =
        """
        JOIN roost_lane l ON l.key = w.lane JOIN roost_work_input i ON i.work = w.key
        LEFT JOIN roost_snapshot s ON s.key = (SELECT key FROM roost_snapshot WHERE work = w.key AND version = w.version)
                                  AND +s.work = w.key AND +s.version = w.version
        """;

    private const string AllSql =
        $"""
        SELECT w.key, {Columns} FROM roost_work w {Joined}
        WHERE w.parent = ?1 AND w.key > ?2 AND (?3 IS NULL OR l.engine = ?3) ORDER BY w.key LIMIT ?4
        """;

    private const string EndedSql =
        $"""
        SELECT e.n, {Columns} FROM roost_child_end e CROSS JOIN roost_work w ON w.key = e.child {Joined}
        WHERE e.parent = ?1 AND e.n > ?2 AND (?3 IS NULL OR l.engine = ?3) AND e.n <= ?5 ORDER BY e.n LIMIT ?4
        """;

    /// <summary>
    /// Some children behind a place in their order, as many as are asked for or as fit in some megabytes, and the place behind the last of them.
    /// </summary>
    public static (IReadOnlyList<StoredChild> Children, long? Next) Page(
        SqliteConnection db, ChildSelection selection, long parent, long after, int limit, RoostOptions options)
    {
        using var page = new Statement(db.Handle!, selection.AfterEnd is null ? AllSql : EndedSql);
        page.Bind(1, parent).Bind(2, after).Bind(3, selection.Engine).Bind(4, limit);
        if (selection.UpToEnd is { } last) page.Bind(5, last);
        var found = new List<StoredChild>();
        long place = after, bytes = 0;
        while (bytes < MostBytes && page.Step())
        {
            place = page.Int64(0);
            found.Add(Read(db, page, options));
            bytes += found[^1].Snapshot?.Utf8.Length ?? 0;
        }
        page.Reset();
        return (found, found.Count == limit || bytes >= MostBytes ? place : null);
    }

    private static StoredChild Read(SqliteConnection db, Statement row, RoostOptions options)
    {
        string id = row.Text(2);
        WorkState state = WorkStates.Parse(row.Bytes(4));
        int version = row.Int32(5);
        (Snapshot? snapshot, string? error) = version == 0 ? (null, null) : SnapshotOf(db, row, id, state, version, options);
        return new()
        {
            Id = id,
            Engine = row.Text(3),
            State = state,
            Version = version,
            IsDetached = row.Int32(6) != 0,
            IdempotencyKey = row.NullableText(7),
            Snapshot = snapshot,
            SnapshotError = error,
            Error = state == WorkState.Failed ? FailureQueries.InLists(db, [row.Int64(1)])[0].Failure : null,
        };
    }

    private static (Snapshot? Snapshot, string? Error) SnapshotOf(
        SqliteConnection db, Statement row, string id, WorkState state, int version, RoostOptions options)
    {
        if (row.IsNull(10)) return (null, Damage.OfMissing(id, version));
        var stored = new SnapshotQueries.Row
        {
            Version = version,
            StateVersion = row.Int32(10),
            Step = row.Text(11),
            At = row.Int64(14),
            DelayMs = row.Int64(15),
        };
        try
        {
            int? whole = row.IsNull(16) ? null : row.Int32(16);
            byte[] data = SnapshotQueries.StateOf(db, row.Int64(1), id, version, row.Bytes(12).ToArray(), row.Bytes(13).ToArray(), whole);
            DateTimeOffset? ended = StoredTime.Read(row.NullableInt64(9));
            return (SnapshotQueries.Made(stored, data, id, row.Text(3), StoredTime.Read(row.Int64(8)), state, ended, options), null);
        }
        catch (DataCorruptException e)
        {
            return (null, e.Message);
        }
    }
}
