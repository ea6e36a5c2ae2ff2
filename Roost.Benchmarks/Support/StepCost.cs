using Roost.Sqlite;
using SQLitePCL;

namespace Roost.Benchmarks;

/// <summary>What one step has cost the write connection, by SQLite's own counts.</summary>
internal sealed record StepCost(double MachineSteps, double PagesAsked, double PagesRead, double PagesWritten, double LogBytes)
{
    /// <summary>The log only grows from here on, so that its length tells what was written.</summary>
    public static Task StopCheckpointsAsync(RoostRuntime roost) =>
        SqliteStore.Of(roost).Writer.RunAsync(session => session.Connection.Prepare("PRAGMA wal_autocheckpoint = 0").Scalar());

    /// <summary>Runs a stint and counts.</summary>
    public static async Task<StepCost> OfAsync(RoostRuntime roost, Stint stint, int steps)
    {
        await TakeAsync(roost);
        long log = LogLength(roost);
        (int made, _) = await stint.RunAsync(roost, steps);
        long[] counted = await TakeAsync(roost);
        return new(
            (double)counted[0] / made,
            (double)(counted[1] + counted[2]) / made,
            (double)counted[2] / made,
            (double)counted[3] / made,
            (double)(LogLength(roost) - log) / made
        );
    }

    private static Task<long[]> TakeAsync(RoostRuntime roost) => SqliteStore.Of(roost).Writer.RunAsync<long[]>(session =>
    [
        session.Connection.Statements.Sum(statement => (long)statement.TakeMachineSteps()),
        session.Connection.TakeStatus(raw.SQLITE_DBSTATUS_CACHE_HIT),
        session.Connection.TakeStatus(raw.SQLITE_DBSTATUS_CACHE_MISS),
        session.Connection.TakeStatus(raw.SQLITE_DBSTATUS_CACHE_WRITE),
    ]);

    private static long LogLength(RoostRuntime roost) => new FileInfo(roost.Path + "-wal").Length;
}
