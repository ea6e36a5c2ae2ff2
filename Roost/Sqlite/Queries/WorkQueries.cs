using System.Text;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of work items in one line, single and in lists.</summary>
internal static class WorkQueries
{
    /// <summary>The version of the shape of an item's stored state; 0 before its first snapshot.</summary>
    public static int StateVersion(SqliteConnection db, string workId)
    {
        using var version = new Statement(db.Handle!, "SELECT l.state_version FROM roost_work w JOIN roost_lane l ON l.key = w.lane WHERE w.id = ?1");
        return (int)(version.Bind(1, workId).Scalar() ?? 0);
    }

    /// <summary>The item that has an idempotency key, or null.</summary>
    public static string? IdOfKey(SqliteConnection db, string engine, string key)
    {
        using var id = new Statement(db.Handle!, WorkRow.IdOfIdempotencyKeySql);
        return id.Bind(1, engine).Bind(2, key).One(static row => row.Text(0));
    }

    /// <summary>
    /// How far back the end of an id is looked for; there is no index of ends. As bytes, because the end of a text is found by counting its characters.
    /// </summary>
    private const int Latest = 50_000;

    private const int LeastPart = 3;

    public static long? KeyOf(SqliteConnection db, string workId)
    {
        using var key = new Statement(db.Handle!, $"SELECT key FROM roost_work WHERE key = {WorkRow.KeyOfIdSql}");
        return key.Bind(1, workId).Scalar();
    }

    public static WorkSummary? Summary(SqliteConnection db, string workId, long now) =>
        KeyOf(db, workId) is { } key ? Summaries(db, [key], now)[0] : null;

    /// <summary>
    /// Ids that a part of one may mean: the id itself, else those that begin with it, by the index, and those of the latest items that end with it.
    /// </summary>
    public static IReadOnlyList<string> FindIds(SqliteConnection db, string part, int limit)
    {
        using var exact = new Statement(db.Handle!, "SELECT id FROM roost_work WHERE id = ?1");
        if (exact.Bind(1, part).One(static row => row.Text(0)) is { } whole) return [whole];
        if (part.Length < LeastPart) return [];
        using var beginning = new Statement(db.Handle!, "SELECT id FROM roost_work WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3");
        using var ending = new Statement(db.Handle!,
            """
            SELECT id FROM roost_work
            WHERE key > (SELECT coalesce(max(key), 0) FROM roost_work) - ?2 AND substr(CAST(id AS BLOB), -length(CAST(?1 AS BLOB))) = CAST(?1 AS BLOB)
            ORDER BY key DESC LIMIT ?3
            """);
        List<string> found = beginning.Bind(1, part).Bind(2, part + char.ConvertFromUtf32(0x10FFFF)).Bind(3, limit).All(static row => row.Text(0));
        found.AddRange(ending.Bind(1, part).Bind(2, Latest).Bind(3, limit).All(static row => row.Text(0)));
        return [.. found.Distinct(StringComparer.Ordinal).Take(limit)];
    }

    public static Page<WorkSummary> List(SqliteConnection db, Selection selection, int limit, Position after, long now)
    {
        (List<Position> found, string? next) = Find(db, selection with { Now = now }, limit, after);
        return new(Summaries(db, [.. found.Select(place => place.Key)], now), next);
    }

    public static Page<WorkSummary> List(SqliteConnection db, Selection selection, int limit, ConditionOrder.Place after, long now)
    {
        using var order = new ConditionOrder(db, selection with { Now = now }, after);
        List<long> found = order.Take(limit);
        return new(Summaries(db, found, now), order.IsAtEnd ? null : order.Reached.Write());
    }

    /// <summary>The places of the items of a page, and the cursor of the next where there may be one.</summary>
    public static (List<Position> Found, string? Next) Find(SqliteConnection db, Selection selection, int limit, Position after)
    {
        using var order = new RecentOrder(db, selection, after);
        List<Position> found = order.Take(limit);
        return (found, order.IsAtEnd ? null : order.Reached.Write());
    }

    /// <summary>The items of these keys, in their order; a pause that is over by now is none.</summary>
    public static WorkSummary[] Summaries(SqliteConnection db, IReadOnlyList<long> keys, long now)
    {
        using var row = new Statement(db.Handle!,
            """
            SELECT w.id, l.engine, l.queue, w.state, w.priority, w.version, s.step, w.created_at, max(w.updated_at, coalesce(s.at, 0)), w.ended_at,
                   f.reason, f.message, w.paused, p.fraction, p.text, p.version, p.at
            FROM roost_work w
            JOIN roost_lane l ON l.key = w.lane
            LEFT JOIN roost_snapshot s ON s.work = w.key AND s.version = w.version
            LEFT JOIN roost_failure f ON f.work = w.key
            LEFT JOIN roost_progress p ON p.work = w.key
            WHERE w.key = ?1
            """);
        var items = new WorkSummary[keys.Count];
        for (int n = 0; n < items.Length; n++)
        {
            row.Bind(1, keys[n]).Step();
            items[n] = new()
            {
                Id = row.Text(0),
                Engine = row.Text(1),
                Queue = row.Text(2),
                State = WorkStates.Parse(row.Bytes(3)),
                Priority = row.Int32(4),
                Version = row.Int32(5),
                Step = row.NullableText(6),
                CreatedAt = StoredTime.Read(row.Int64(7)),
                UpdatedAt = StoredTime.Read(row.Int64(8)),
                EndedAt = StoredTime.Read(row.NullableInt64(9)),
                FailReason = row.NullableText(10),
                Error = row.NullableText(11),
                Pause = row.Int32(12) == 0 ? null : PauseQueries.Of(db, keys[n], now),
                Progress = row.IsNull(15) ? null : new()
                {
                    Fraction = row.NullableReal(13),
                    Text = row.NullableText(14),
                    Version = row.Int32(15),
                    At = StoredTime.Read(row.Int64(16)),
                },
            };
            row.Reset();
        }
        return items;
    }

    public static WorkState StateOf(string name) => WorkStates.Parse(Encoding.UTF8.GetBytes(name));
}
