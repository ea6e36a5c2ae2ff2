using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of what is paused. What has its end behind it is over, whether anybody has noticed or not.</summary>
internal static class PauseQueries
{
    private const char Mark = 'z';
    private const int MaxTold = 200;

    private const string Columns = "p.scope, p.name, w.id, p.reason, p.by, p.since, p.until, p.key FROM roost_pause p LEFT JOIN roost_work w ON w.key = p.work";

    /// <summary>Where a page begins.</summary>
    public static long ReadCursor(string? cursor) => cursor is null ? 0 : Position.ReadKey(Mark, cursor);

    public static Page<PauseInfo> Page(SqliteConnection db, PauseScope? scope, long after, int limit, long now)
    {
        List<(long Key, PauseInfo Pause)> found = scope is null or PauseScope.Item
            ? After(db, onlyItems: scope is not null, after, limit + 1, now)
            : [.. WideWithKeys(db, now).Where(one => one.Pause.Target.Scope == scope && one.Key > after).OrderBy(one => one.Key).Take(limit + 1)];
        string? next = found.Count > limit ? Position.Write(Mark, found[limit - 1].Key.ToString(CultureInfo.InvariantCulture)) : null;
        return new([.. found.Take(limit).Select(one => one.Pause)], next);
    }

    /// <summary>Those of the file, of engines and of queues.</summary>
    public static List<PauseInfo> Wide(SqliteConnection db, long now) =>
        [.. WideWithKeys(db, now).Select(one => one.Pause).OrderBy(pause => pause.Target.Scope).ThenBy(pause => pause.Target.Name, StringComparer.Ordinal)];

    private static List<(long Key, PauseInfo Pause)> After(SqliteConnection db, bool onlyItems, long after, int limit, long now)
    {
        string which = onlyItems ? "p.work IS NOT NULL AND" : "";
        using var page = new Statement(
            db.Handle!, $"SELECT {Columns} WHERE {which} p.key > ?1 AND (p.until IS NULL OR p.until > ?2) ORDER BY p.key LIMIT ?3");
        return page.Bind(1, after).Bind(2, now).Bind(3, limit).All(ReadWithKey);
    }

    /// <summary>They are few: as many as engines and queues at most.</summary>
    private static List<(long Key, PauseInfo Pause)> WideWithKeys(SqliteConnection db, long now)
    {
        using var wide = new Statement(
            db.Handle!, $"SELECT {Columns} WHERE p.work IS NULL AND p.scope IN ('file', 'engine', 'queue') AND (p.until IS NULL OR p.until > ?1)");
        return wide.Bind(1, now).All(ReadWithKey);
    }

    /// <summary>The one of an item alone.</summary>
    public static PauseInfo? Of(SqliteConnection db, long work, long now)
    {
        using var one = new Statement(db.Handle!, $"SELECT {Columns} WHERE p.work = ?1 AND (p.until IS NULL OR p.until > ?2)");
        return one.Bind(1, work).Bind(2, now).One(Read);
    }

    /// <summary>Those of the wide ones that keep an item of this engine and queue back.</summary>
    public static IEnumerable<PauseInfo> Covering(IEnumerable<PauseInfo> wide, string engine, string queue) => wide.Where(pause => pause.Target switch
    {
        { Scope: PauseScope.Engine, Name: var name } => name == engine,
        { Scope: PauseScope.Queue, Name: var name } => name == queue,
        _ => true,
    });

    /// <summary>As the situation of an item says it, or of a lane where it is not the item's own.</summary>
    public static string InWords(PauseInfo pause)
    {
        string what = pause.Target.Scope == PauseScope.Item ? "" : $"{pause.Target} is ";
        string until = pause.Until is { } end ? $" until {StoredTime.InWords(end)}" : "";
        return $"{what}paused by {pause.By}{until}: {ShortText.Cut(pause.Reason, MaxTold)}";
    }

    private static (long Key, PauseInfo Pause) ReadWithKey(Statement row) => (row.Int64(7), Read(row));

    private static PauseInfo Read(Statement row) => new()
    {
        Target = PauseTable.ScopeOf(row.Text(0)) switch
        {
            PauseScope.File => PauseTarget.File,
            PauseScope.Engine => PauseTarget.Engine(row.Text(1)),
            PauseScope.Queue => PauseTarget.Queue(row.Text(1)),
            _ => PauseTarget.Item(row.Text(2)),
        },
        Reason = row.Text(3),
        By = row.Text(4),
        Since = StoredTime.Read(row.Int64(5)),
        Until = StoredTime.Read(row.NullableInt64(6)),
    };
}
