using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of what <see cref="StepTally"/> has saved.</summary>
internal static class StepTallyQueries
{
    private sealed class Line
    {
        public long Steps, Failures, RunMicroseconds, Claims, WaitMilliseconds;
        public readonly RunTimes Times = new();
    }

    public static StepStatistics Read(SqliteConnection db, StatisticsSpan over, long now)
    {
        (int minutes, int count) = over switch { StatisticsSpan.Hour => (1, 60), StatisticsSpan.Day => (60, 24), _ => (60, 7 * 24) };
        long first = (now / 60_000 / minutes) - count + 1;
        var points = new (long Steps, long Failures)[count];
        var lines = new Dictionary<(string Engine, string Step), Line>();
        using var read = new Statement(
            db.Handle!,
            "SELECT at, engine, step, steps, failures, run_us, waits, wait_ms, run_times FROM roost_step_tally WHERE span = ?1 AND at BETWEEN ?2 AND ?3"
        );
        read.Bind(1, minutes).Bind(2, first).Bind(3, first + count - 1);
        while (read.Step())
        {
            (string Engine, string Step) key = (read.Text(1), read.Text(2));
            if (!lines.TryGetValue(key, out Line? line)) lines[key] = line = new();
            long at = read.Int64(0) - first;
            points[at] = (points[at].Steps + read.Int64(3), points[at].Failures + read.Int64(4));
            line.Steps += read.Int64(3);
            line.Failures += read.Int64(4);
            line.RunMicroseconds += read.Int64(5);
            line.Claims += read.Int64(6);
            line.WaitMilliseconds += read.Int64(7);
            line.Times.Add(read.Bytes(8));
        }
        return new()
        {
            From = Begin(0),
            CountedSince = Since(db),
            Points = [.. points.Select((point, i) => new StatisticsPoint { At = Begin(i), Steps = point.Steps, FailedTries = point.Failures })],
            Steps =
            [
                .. lines
                    .OrderBy(line => line.Key.Engine, StringComparer.Ordinal)
                    .ThenBy(line => line.Key.Step, StringComparer.Ordinal)
                    .Select(line => Totals(line.Key, line.Value)),
            ],
        };

        DateTimeOffset Begin(int i) => StoredTime.Read((first + i) * minutes * 60_000);
    }

    private static DateTimeOffset? Since(SqliteConnection db)
    {
        using var read = new Statement(db.Handle!, "SELECT value FROM roost_meta WHERE key = ?1");
        string? value = read.Bind(1, StepTally.SinceKey).One(static row => row.Text(0));
        return value is null ? null : StoredTime.Read(long.Parse(value, CultureInfo.InvariantCulture));
    }

    private static StepTotals Totals((string Engine, string Step) key, Line line) => new()
    {
        Engine = key.Engine,
        Step = key.Step,
        Steps = line.Steps,
        FailedTries = line.Failures,
        RunTime = TimeSpan.FromMicroseconds(line.RunMicroseconds),
        RunTimeP50 = line.Times.Percentile(0.5),
        RunTimeP95 = line.Times.Percentile(0.95),
        Claims = line.Claims,
        WaitTime = TimeSpan.FromMilliseconds(line.WaitMilliseconds),
    };
}
