using System.Text;
using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>Reads of work items in one line, single and in lists.</summary>
internal static class WorkQueries
{
    /// <summary>The version of the shape of an item's stored state; 0 before its first snapshot.</summary>
    public static int StateVersion(SqliteConnection db, string workId) =>
        db.QuerySingleOrDefault<int>("SELECT l.state_version FROM work w JOIN lane l ON l.key = w.lane WHERE w.id = @workId", new { workId });

    /// <summary>The item that has an idempotency key, or null.</summary>
    public static string? IdOfKey(SqliteConnection db, string engine, string key) =>
        db.QuerySingleOrDefault<string>("SELECT w.id FROM idempotency k JOIN work w ON w.key = k.work WHERE k.engine = @engine AND k.key = @key", new { engine, key });

    private const string Columns =
        """
        w.key AS Key, w.id AS Id, l.engine AS Engine, l.queue AS Queue, w.state AS State, w.priority AS Priority, w.version AS Version, s.step AS Step,
        w.created_at AS CreatedAt, max(w.updated_at, coalesce(s.at, 0)) AS UpdatedAt, w.ended_at AS EndedAt, f.reason AS FailReason, f.message AS Error
        """;

    private const string Joins =
        """
        JOIN lane l ON l.key = w.lane
        LEFT JOIN snapshot s ON s.work = w.key AND s.version = w.version
        LEFT JOIN failure f ON f.work = w.key
        """;

    /// <summary>How far back the end of an id is looked for; there is no index of ends.</summary>
    private const int Latest = 100_000;

    private const int LeastPart = 3;

    private sealed class Row
    {
        public long Key { get; init; }
        public string Id { get; init; } = "";
        public string Engine { get; init; } = "";
        public string Queue { get; init; } = "";
        public string State { get; init; } = "";
        public int Priority { get; init; }
        public int Version { get; init; }
        public string? Step { get; init; }
        public long CreatedAt { get; init; }
        public long UpdatedAt { get; init; }
        public long? EndedAt { get; init; }
        public string? FailReason { get; init; }
        public string? Error { get; init; }

        public WorkSummary Summary => new(
            Id, Engine, Queue, StateOf(State), Priority, Version, Step,
            StoredTime.Read(CreatedAt), StoredTime.Read(UpdatedAt), StoredTime.Read(EndedAt), FailReason, Error);
    }

    public static long? KeyOf(SqliteConnection db, string workId) => db.ExecuteScalar<long?>("SELECT key FROM work WHERE id = @workId", new { workId });

    public static WorkSummary? Summary(SqliteConnection db, string workId) =>
        db.QuerySingleOrDefault<Row>($"SELECT {Columns} FROM work w {Joins} WHERE w.id = @workId", new { workId })?.Summary;

    /// <summary>Ids that a part of one may mean: the id itself, else those that begin with it, by the index, and those of the latest items that end with it.</summary>
    public static IReadOnlyList<string> FindIds(SqliteConnection db, string part, int limit)
    {
        if (db.ExecuteScalar<string?>("SELECT id FROM work WHERE id = @part", new { part }) is { } exact) return [exact];
        if (part.Length < LeastPart) return [];
        IEnumerable<string> beginning = db.Query<string>("SELECT id FROM work WHERE id >= @part AND id < @past ORDER BY id LIMIT @limit", new { part, past = part + char.ConvertFromUtf32(0x10FFFF), limit });
        IEnumerable<string> ending = db.Query<string>(
            """
            SELECT id FROM work
            WHERE key > (SELECT coalesce(max(key), 0) FROM work) - @Latest AND substr(id, -length(@part)) = @part
            ORDER BY key DESC LIMIT @limit
            """, new { part, Latest, limit });
        return [.. beginning.Concat(ending).Distinct(StringComparer.Ordinal).Take(limit)];
    }

    public static WorkPage List(SqliteConnection db, Selection selection, int limit, Position after)
    {
        (List<Position> found, string? next) = Find(db, selection, limit, after);
        return new([.. Summaries(db, found).Select(item => item.Summary)], next);
    }

    /// <summary>The places of the items of a page, and the cursor of the next where there may be one.</summary>
    public static (List<Position> Found, string? Next) Find(SqliteConnection db, Selection selection, int limit, Position after)
    {
        var order = new RecentOrder(db, selection, after);
        List<Position> found = order.Take(limit);
        return (found, order.IsAtEnd ? null : order.Reached.Write());
    }

    /// <summary>The items at these places, in their order.</summary>
    public static IEnumerable<(long Key, WorkSummary Summary)> Summaries(SqliteConnection db, IReadOnlyList<Position> places)
    {
        Dictionary<long, Row> rows = db.Query<Row>(
            $"SELECT {Columns} FROM json_each(@keys) k CROSS JOIN work w ON w.key = k.value {Joins}", new { keys = Keys(places) }).ToDictionary(row => row.Key);
        return places.Select(place => (place.Key, rows[place.Key].Summary));
    }

    public static string Keys(IReadOnlyList<Position> places) => JsonSerializer.Serialize(places.Select(place => place.Key));

    public static WorkState StateOf(string name) => WorkStates.Parse(Encoding.UTF8.GetBytes(name));
}
