using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>Counts what a purge would remove.</summary>
internal static class PurgeQueries
{
    public static long Count(SqliteConnection db, PurgeScope scope)
    {
        long[] lanes = [.. db.Query<long>("SELECT key FROM lane WHERE @engine IS NULL OR engine = @engine", new { engine = scope.Engine })];
        long n = 0;
        foreach (long lane in lanes)
            foreach (WorkState state in scope.States)
                n += db.ExecuteScalar<long>(
                    "SELECT count(*) FROM work WHERE worker IS NULL AND lane = @lane AND state = @state AND updated_at <= @before",
                    new { lane, state = state.Name(), before = scope.Before });
        return n;
    }
}
