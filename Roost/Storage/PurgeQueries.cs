using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>Counts what a purge would remove.</summary>
internal static class PurgeQueries
{
    public static long Count(SqliteConnection db, PurgeScope scope) => db.ExecuteScalar<long>(
        """
        SELECT coalesce(sum((SELECT count(*) FROM work w WHERE w.worker IS NULL AND w.lane = c.lane AND w.state = c.condition AND w.updated_at <= @Before)), 0)
        FROM lane_count c JOIN lane l ON l.key = c.lane
        WHERE c.n > 0 AND c.condition IN (SELECT value FROM json_each(@states)) AND (@Engine IS NULL OR l.engine = @Engine)
        """, new { scope.Before, scope.Engine, states = $"[{string.Join(',', scope.States.Select(state => $"\"{state.Name()}\""))}]" });
}
