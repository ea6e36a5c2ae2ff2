using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of the resources that are held, and who waits for them.</summary>
internal static class ResourceQueries
{
    public const char Mark = 'n';
    private const int MaxWaiters = 100;

    internal sealed class Row
    {
        public string Name { get; init; } = "";
        public string HolderId { get; init; } = "";
        public string? WorkerId { get; init; }
        public long Since { get; init; }
    }

    internal sealed class WaiterRow
    {
        public string Id { get; init; } = "";
        public int Priority { get; init; }
        public long Place { get; init; }
    }

    /// <summary>The next resources by name after one.</summary>
    public static Page<ResourceInfo> Held(SqliteConnection db, string after, int limit)
    {
        List<Row> rows = [.. db.Query<Row>(
            """
            SELECT r.name AS Name, w.id AS HolderId, h.id AS WorkerId, r.since AS Since
            FROM roost_resource r CROSS JOIN roost_work w ON w.key = r.work LEFT JOIN roost_worker h ON h.key = w.worker
            WHERE r.name > @after ORDER BY r.name LIMIT @limit + 1
            """, new { after, limit })];
        ResourceInfo[] items = [.. rows.Take(limit).Select(row => WithWaiters(db, row))];
        return new(items, rows.Count > limit ? Position.Write(Mark, items[^1].Name) : null);
    }

    private static ResourceInfo WithWaiters(SqliteConnection db, Row row)
    {
        List<WaiterRow> waiters =
        [
            .. db.Query<WaiterRow>(
                "SELECT id AS Id, priority AS Priority, place AS Place FROM roost_work WHERE blocked_on = @Name LIMIT @most + 1",
                new { row.Name, most = MaxWaiters }
            ),
        ];
        return new()
        {
            Name = row.Name,
            HolderId = row.HolderId,
            WorkerId = row.WorkerId,
            Since = StoredTime.Read(row.Since),
            Waiters = [.. waiters.OrderByDescending(waiter => waiter.Priority).ThenBy(waiter => waiter.Place).Take(MaxWaiters).Select(waiter => waiter.Id)],
            HasMoreWaiters = waiters.Count > MaxWaiters,
        };
    }
}
