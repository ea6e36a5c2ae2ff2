using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Counts what a purge would remove.</summary>
internal static class PurgeQueries
{
    private const string Ended =
        """
        FROM roost_lane_count c JOIN roost_lane l ON l.key = c.lane
        WHERE c.n > 0 AND c.condition IN (SELECT value FROM json_each(@states)) AND (@engine IS NULL OR l.engine = @engine)
        """;

    /// <summary>Up to the last that has ended, be it by a clock that was ahead and has been set back since.</summary>
    public static PurgeScope WithWhatHasEnded(SqliteConnection db, PurgeScope scope) => scope with
    {
        Before = Math.Max(scope.Before, db.ExecuteScalar<long?>(
            $"""
            SELECT max((
                SELECT w.updated_at FROM roost_work w WHERE w.worker IS NULL AND w.lane = c.lane AND w.state = c.condition
                ORDER BY w.updated_at DESC LIMIT 1))
            {Ended}
            """, new { engine = scope.Engine, states = StatesOf(scope) }) ?? 0),
    };

    /// <summary>How many would go, and how many would be left for their parents.</summary>
    public static PurgeResult Count(SqliteConnection db, PurgeScope scope)
    {
        var of = new { before = scope.Before, engine = scope.Engine, states = StatesOf(scope) };
        long all = db.ExecuteScalar<long>(
            $"""
            SELECT coalesce(sum((
                SELECT count(*) FROM roost_work w
                WHERE w.worker IS NULL AND w.lane = c.lane AND w.state = c.condition AND w.updated_at <= @before)), 0)
            {Ended}
            """, of);
        long kept = db.ExecuteScalar<long>(
            $"""
            SELECT count(*) FROM roost_child_count k CROSS JOIN roost_work p ON p.key = k.parent AND p.ended_at IS NULL
            CROSS JOIN roost_work w ON w.parent = p.key AND w.worker IS NULL AND w.detached = 0
                AND w.state IN (SELECT value FROM json_each(@states)) AND w.updated_at <= @before
            CROSS JOIN roost_lane l ON l.key = w.lane AND (@engine IS NULL OR l.engine = @engine)
            WHERE k.done > 0 OR k.failed > 0 OR k.cancelled > 0
            """, of);
        return new() { Items = all - kept, KeptForParents = kept };
    }

    /// <summary>The states, which are conditions of the counts by the same names, as a list in JSON.</summary>
    private static string StatesOf(PurgeScope scope) => $"[{string.Join(',', scope.States.Select(state => $"\"{state.Name()}\""))}]";
}
