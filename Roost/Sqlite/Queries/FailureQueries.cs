using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of last errors, and of the dead letters that they belong to.</summary>
internal static class FailureQueries
{
    /// <summary>The last error of an item, with all that it says of its cause.</summary>
    public static WorkFailure? Last(SqliteConnection db, long work) => WithGroup(db, work)?.Failure;

    /// <summary>The same, and the group of dead letters that it belongs to.</summary>
    public static (WorkFailure Failure, string? Group)? WithGroup(SqliteConnection db, long work)
    {
        using var row = new Statement(
            db.Handle!,
            "SELECT reason, error_type, message, attempt, version, at, cause_type, cause_message, group_key, stack, causes FROM roost_failure WHERE work = ?1"
        );
        if (!row.Bind(1, work).Step())
            return null;
        WorkFailure failure = Read(row) with { Stack = row.NullableText(9) };
        if (!row.IsNull(10)) failure = FailureCauses.AddTo(failure, row.Bytes(10).ToArray());
        return (failure, GroupOf(row));
    }

    public static Page<DeadLetter> DeadLetters(SqliteConnection db, Selection selection, int limit, Position after)
    {
        (List<Position> found, string? next) = WorkQueries.Find(db, selection, limit, after);
        long[] keys = [.. found.Select(place => place.Key)];
        return new(
            [
                .. WorkQueries
                    .Summaries(db, keys, now: 0)
                    .Zip(InLists(db, keys), (item, failure) => new DeadLetter
                        {
                            Item = item,
                            Failure = failure.Failure,
                            Group = failure.Group,
                        }),
            ],
            next
        );
    }

    /// <summary>The last errors of these items, in their order, without the stacks.</summary>
    public static (WorkFailure Failure, string? Group)[] InLists(SqliteConnection db, long[] keys)
    {
        using var row = new Statement(
            db.Handle!,
            "SELECT reason, error_type, message, attempt, version, at, cause_type, cause_message, group_key FROM roost_failure WHERE work = ?1"
        );
        var failures = new (WorkFailure, string?)[keys.Length];
        for (int n = 0; n < failures.Length; n++)
        {
            row.Bind(1, keys[n]).Step();
            failures[n] = (Read(row), GroupOf(row));
            row.Reset();
        }
        return failures;
    }

    private static WorkFailure Read(Statement row) => new()
    {
        Reason = row.Text(0),
        ErrorType = row.NullableText(1),
        Message = row.Text(2),
        Attempt = row.Int32(3),
        Version = row.Int32(4),
        At = StoredTime.Read(row.Int64(5)),
        CauseType = row.NullableText(6),
        CauseMessage = row.NullableText(7),
    };

    private static string? GroupOf(Statement row) => row.NullableInt64(8) is { } key ? GroupKey.NameOf(key) : null;
}
