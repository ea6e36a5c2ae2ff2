using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>Reads of last errors, and of the dead letters that they belong to.</summary>
internal static class FailureQueries
{
    internal sealed class Row
    {
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
        SELECT reason AS Reason, error_type AS ErrorType, message AS Message, stack AS Stack, attempt AS Attempt, version AS Version, at AS At
        FROM failure WHERE work = @work
        """, new { work })?.Failure;

    public static DeadLetterPage DeadLetters(SqliteConnection db, Selection selection, int limit, Position after)
    {
        (List<Position> found, string? next) = WorkQueries.Find(db, selection, limit, after);
        long[] keys = [.. found.Select(place => place.Key)];
        return new([.. WorkQueries.Summaries(db, keys).Zip(InLists(db, keys), (item, failure) => new DeadLetter(item, failure))], next);
    }

    /// <summary>The last errors of these items, in their order, without the stacks.</summary>
    private static WorkFailure[] InLists(SqliteConnection db, long[] keys)
    {
        using var row = new Statement(db.Handle!, "SELECT reason, error_type, message, attempt, version, at FROM failure WHERE work = ?1");
        var failures = new WorkFailure[keys.Length];
        for (int n = 0; n < failures.Length; n++)
        {
            row.Bind(1, keys[n]).Step();
            failures[n] = new(row.Text(0), row.NullableText(1), row.Text(2), null, row.Int32(3), row.Int32(4), StoredTime.Read(row.Int64(5)));
            row.Reset();
        }
        return failures;
    }
}
