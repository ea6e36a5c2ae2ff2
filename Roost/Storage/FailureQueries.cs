using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>Reads of last errors, and of the dead letters that they belong to.</summary>
internal static class FailureQueries
{
    private sealed class Row
    {
        public long Work { get; init; }
        public string Reason { get; init; } = "";
        public string? ErrorType { get; init; }
        public string Message { get; init; } = "";
        public string? Stack { get; init; }
        public int Attempt { get; init; }
        public int Version { get; init; }
        public long At { get; init; }

        public WorkFailure Failure => new(Reason, ErrorType, Message, Stack, Attempt, Version, StoredTime.Read(At));
    }

    public static WorkFailure? Last(SqliteConnection db, long work) => db.QuerySingleOrDefault<Row>(
        """
        SELECT work AS Work, reason AS Reason, error_type AS ErrorType, message AS Message, stack AS Stack, attempt AS Attempt, version AS Version, at AS At
        FROM failure WHERE work = @work
        """, new { work })?.Failure;

    public static DeadLetterPage DeadLetters(SqliteConnection db, Selection selection, int limit, Position after)
    {
        (List<Position> found, string? next) = WorkQueries.Find(db, selection, limit, after);
        Dictionary<long, Row> failures = db.Query<Row>(
            """
            SELECT f.work AS Work, f.reason AS Reason, f.error_type AS ErrorType, f.message AS Message, f.attempt AS Attempt, f.version AS Version, f.at AS At
            FROM json_each(@keys) k CROSS JOIN failure f ON f.work = k.value
            """, new { keys = WorkQueries.Keys(found) }).ToDictionary(row => row.Work);
        return new([.. WorkQueries.Summaries(db, found).Select(item => new DeadLetter(item.Summary, failures[item.Key].Failure))], next);
    }
}
