using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>Counts what a purge would remove.</summary>
internal static class PurgeQueries
{
    /// <summary>Up to the last that has ended, be it by a clock that was ahead and has been set back since.</summary>
    public static PurgeScope WithWhatHasEnded(SqliteConnection db, PurgeScope scope)
    {
        long last = scope.Before;
        foreach (long lane in LanesOf(db, scope))
            foreach (WorkState state in scope.States)
                last = Math.Max(last, db.ExecuteScalar<long?>("SELECT max(updated_at) FROM work WHERE worker IS NULL AND lane = @lane AND state = @state", new { lane, state = state.Name() }) ?? 0);
        return scope with { Before = last };
    }

    public static long Count(SqliteConnection db, PurgeScope scope)
    {
        long n = 0;
        foreach (long lane in LanesOf(db, scope))
            foreach (WorkState state in scope.States)
                n += db.ExecuteScalar<long>(
                    "SELECT count(*) FROM work WHERE worker IS NULL AND lane = @lane AND state = @state AND updated_at <= @before",
                    new { lane, state = state.Name(), before = scope.Before });
        return n;
    }

    private static long[] LanesOf(SqliteConnection db, PurgeScope scope) =>
        [.. db.Query<long>("SELECT key FROM lane WHERE @engine IS NULL OR engine = @engine", new { engine = scope.Engine })];
}
