using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of what steps have recorded of their effects.</summary>
internal static class EffectQueries
{
    private const char Mark = 'e';

    public static long ReadCursor(string cursor) => Position.ReadKey(Mark, cursor);

    /// <summary>What tries of a step have recorded.</summary>
    public static IReadOnlyList<StoredEffect> OfStep(SqliteConnection db, long work, int version)
    {
        using var effects = new Statement(db.Handle!,
            """
            SELECT path, CAST(arguments AS BLOB), begun_at, CAST(result AS BLOB), sha256, idempotency_key, told_by IS NOT NULL
            FROM roost_effect WHERE work = ?1 AND version = ?2
            """);
        return effects.Bind(1, work).Bind(2, version).All(static row => new StoredEffect(
            row.Text(0), row.Text(5), row.IsNull(1) ? null : row.Bytes(1).ToArray(), row.Int64(2), row.IsNull(3) ? null : row.Bytes(3).ToArray(),
            row.IsNull(4) ? null : row.Bytes(4).ToArray(), row.Int64(6) != 0));
    }

    /// <summary>Those of an item, in the order in which they were first written.</summary>
    public static Page<EffectInfo> Page(SqliteConnection db, long work, string workId, long after, int limit)
    {
        using var page = new Statement(db.Handle!,
            """
            SELECT e.key, e.name, e.n, e.path, e.version, e.idempotency_key, e.arguments, e.begun_at, e.ended_at, e.result, e.sha256, e.told_by,
                   w.state = 'running' AND w.version = e.version
            FROM roost_effect e JOIN roost_work w ON w.key = e.work WHERE e.work = ?1 AND e.key > ?2 ORDER BY e.key LIMIT ?3
            """);
        List<(long Key, EffectInfo Effect)> found = page.Bind(1, work).Bind(2, after).Bind(3, limit + 1).All(row => (row.Int64(0), Read(row, workId)));
        string? next = found.Count <= limit ? null : Position.Write(Mark, found[limit - 1].Key.ToString(CultureInfo.InvariantCulture));
        return new([.. found.Take(limit).Select(one => one.Effect)], next);
    }

    private static EffectInfo Read(Statement row, string workId)
    {
        if (!row.IsNull(9) && !Damage.IsWhole(row.Bytes(9), row.Bytes(10))) throw new DataCorruptException(Damage.OfEffect(workId, row.Text(3)));
        return new()
        {
            Name = row.Text(1),
            Number = row.Int32(2),
            Path = row.Text(3),
            Version = row.Int32(4),
            Key = row.Text(5),
            Arguments = row.IsNull(6) ? null : JsonText.Parse(row.Bytes(6).ToArray()),
            BegunAt = StoredTime.Read(row.Int64(7)),
            EndedAt = StoredTime.Read(row.NullableInt64(8)),
            Result = row.IsNull(9) ? null : JsonText.Parse(row.Bytes(9).ToArray()),
            ToldBy = row.NullableText(11),
            State = !row.IsNull(9) ? EffectState.Recorded : row.Int32(12) != 0 ? EffectState.Running : EffectState.Unknown,
        };
    }
}
