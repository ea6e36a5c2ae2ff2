using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>Reads of single work items.</summary>
internal static class WorkQueries
{
    private sealed record SummaryRow(
        string Id, string Engine, string Queue, string State, long Priority, long Version, string? Step,
        long CreatedAt, long UpdatedAt, long? EndedAt, string? FailReason, string? Error);

    public static WorkSummary? Summary(SqliteConnection db, string workId)
    {
        SummaryRow? row = db.QuerySingleOrDefault<SummaryRow>(
            """
            SELECT w.id AS Id, l.engine AS Engine, l.queue AS Queue, w.state AS State, w.priority AS Priority, w.version AS Version, s.step AS Step,
                   w.created_at AS CreatedAt, max(w.updated_at, coalesce(s.at, 0)) AS UpdatedAt, w.ended_at AS EndedAt, f.reason AS FailReason, f.message AS Error
            FROM work w
            JOIN lane l ON l.key = w.lane
            LEFT JOIN snapshot s ON s.work = w.key AND s.version = w.version
            LEFT JOIN failure f ON f.work = w.key
            WHERE w.id = @workId
            """, new { workId });
        return row is null ? null : new(
            row.Id, row.Engine, row.Queue, WorkStates.Parse(System.Text.Encoding.UTF8.GetBytes(row.State)), (int)row.Priority, (int)row.Version, row.Step,
            Time(row.CreatedAt), Time(row.UpdatedAt), row.EndedAt is { } ended ? Time(ended) : null, row.FailReason, row.Error);
    }

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
