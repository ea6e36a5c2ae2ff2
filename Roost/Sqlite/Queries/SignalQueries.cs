using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of mailboxes and waits.</summary>
internal static class SignalQueries
{
    private const char Mark = 's';

    public static long ReadCursor(string cursor) => Position.ReadKey(Mark, cursor);

    public static Page<Signal> Page(SqliteConnection db, long work, string workId, long after, int limit, JsonSerializerOptions json)
    {
        using var page = new Statement(db.Handle!,
            $"SELECT {StoredSignal.Columns} FROM roost_signal WHERE work = ?1 AND key > ?2 ORDER BY key LIMIT ?3");
        List<Signal> found = page.Bind(1, work).Bind(2, after).Bind(3, limit + 1).All(row => StoredSignal.Read(row, workId, json));
        if (found.Find(signal => !signal.IsWhole) is { } damaged) throw new DataCorruptException(Damage.OfSignal(damaged));
        if (found.Count <= limit) return new(found, null);
        found.RemoveAt(limit);
        return new(found, Position.Write(Mark, found[^1].Key.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>What a step takes: what came up to one of them, without those that it has.</summary>
    public static List<Signal> Mail(
        SqliteConnection db, long work, string workId, string? name, long upTo, IReadOnlyCollection<long> without, int limit, JsonSerializerOptions json)
    {
        using var mail = new Statement(db.Handle!,
            $"""
            SELECT {StoredSignal.Columns} FROM roost_signal
            WHERE work = ?1 AND key <= ?2 AND (?3 IS NULL OR name = ?3) AND key NOT IN (SELECT value FROM json_each(?4)) ORDER BY key LIMIT ?5
            """);
        return mail.Bind(1, work).Bind(2, upTo).Bind(3, name).Bind(4, $"[{string.Join(',', without)}]").Bind(5, limit)
            .All(row => StoredSignal.Read(row, workId, json));
    }

    /// <summary>What an item waits for; null where it does not wait.</summary>
    public static WaitInfo? WaitOf(SqliteConnection db, long work)
    {
        using var wait = new Statement(db.Handle!,
            """
            SELECT t.signals, t.since, w.due_at, a.id, t.child_ends, t.or_failure
            FROM roost_work w JOIN roost_wait t ON t.work = w.key AND t.version = w.version
            LEFT JOIN roost_ask a ON a.key = t.ask
            WHERE w.key = ?1 AND w.state = 'waiting' AND t.wake IS NULL
            UNION ALL
            SELECT '[]', a.asked_at, NULL, a.id, NULL, 0 FROM roost_work w JOIN roost_ask a ON a.work = w.key AND a.state = 'open' AND a.effect IS NOT NULL
            WHERE w.key = ?1 AND w.state = 'waiting'
            """);
        return wait.Bind(1, work).One(row => new WaitInfo
        {
            Signals = ColumnJson.Read(row.Bytes(0), ColumnJson.Default.StringArray, $"What work item {work} waits for"),
            Since = StoredTime.Read(row.Int64(1)),
            Until = StoredTime.Read(row.NullableInt64(2)),
            AskId = row.NullableText(3),
            Children = row.NullableInt64(4) is { } ends ? ChildJoin.Of(ends, row.Int32(5) != 0) : null,
        });
    }
}
