using System.CommandLine;
using System.Globalization;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>How much work there is, in which state, what was done of late, and how big the file is.</summary>
internal sealed class StatsVerb : Verb
{
    private readonly Option<StatisticsSpan> over = new("--over") { Description = "How far back steps are counted: the last hour, day or week. Default: hour." };

    public StatsVerb()
        : base("stats", "Count the work by state, engine and queue, and the steps of late.") => Take(over, CommonOptions.Json, CommonOptions.Watch);

    private sealed record Stats(
        StateCounts Total,
        IReadOnlyList<QueueCounts> Queues,
        int Workers,
        int WorkersAlive,
        DateTimeOffset? OldestReady,
        long EventSequence,
        string Path,
        long FileBytes,
        long WalBytes,
        StepStatistics Steps,
        IReadOnlyList<PauseInfo> Pauses
    );

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        return await call.ShowAsync(async () =>
        {
            Stats stats = await ReadAsync(roost, call.Get(over), call.Stop);
            return new(stats, print => Show(print, stats, call.Get(over)));
        });
    }

    private static async Task<Stats> ReadAsync(RoostRuntime roost, StatisticsSpan over, CancellationToken stop)
    {
        WorkCounts counts = await roost.GetCountsAsync(stop);
        IReadOnlyList<WorkerInfo> workers = await roost.ListWorkersAsync(stop);
        DateTimeOffset[] ready = [.. (await roost.ListEnginesAsync(stop)).SelectMany(engine => engine.OldestReady).Select(each => each.Since)];
        return new(
            counts.Total, counts.Queues, workers.Count, workers.Count(worker => worker.IsAlive), ready.Length == 0 ? null : ready.Min(),
            await roost.GetLastSequenceAsync(stop), roost.Path, Size(roost.Path), Size($"{roost.Path}-wal"),
            await roost.GetStepStatisticsAsync(over, stop), counts.Pauses);
    }

    private static long Size(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private static void Show(Printer print, Stats stats, StatisticsSpan over)
    {
        print.Table(
            ["engine", "queue", "ready", "delayed", "blocked", "running", "waiting", "done", "failed", "cancelled", "total", "paused"],
            stats.Queues.Select(each => Row(each.Engine, each.Queue, each.Counts)).Append(Row("all", "", stats.Total)), "");
        foreach (PauseInfo pause in stats.Pauses) print.Line(Text.Line(print.Hide(PauseWords.Of(pause))));
        print.Fields(
            ("workers", string.Create(CultureInfo.InvariantCulture, $"{stats.WorkersAlive} alive of {stats.Workers}")),
            ("oldest ready", stats.OldestReady is { } ready ? Times.Past(ready, print.Now) : null),
            ("events", Text.Number(stats.EventSequence)),
            ("file", $"{stats.Path}, {Times.Size(stats.FileBytes)}, log {Times.Size(stats.WalBytes)}"));
        print.Line();
        string atLeast = stats.Steps.CountedSince is { } since && since > stats.Steps.From
            ? $", at least: they are counted since {Times.Past(since, print.Now)}"
            : "";
        print.Line($"Steps of the last {over.ToString().ToLowerInvariant()}{atLeast}:");
        print.Table(["engine", "step", "steps", "failed tries", "run p50", "run p95", "waited on average"], stats.Steps.Steps.Select(Row), "No step was made.");
    }

    private static string[] Row(StepTotals line) =>
    [
        line.Engine, line.Step, Text.Number(line.Steps), Text.Number(line.FailedTries), Span(line.RunTimeP50), Span(line.RunTimeP95),
        Span(line.AverageWait),
    ];

    private static string Span(TimeSpan? span) => span is { } time ? Times.Span(time) : "";

    private static string[] Row(string engine, string queue, StateCounts counts) =>
        [
            engine,
            queue,
            .. ((long[])
            [
                counts.Ready, counts.Delayed, counts.Blocked, counts.Running, counts.Waiting, counts.Done, counts.Failed, counts.Cancelled, counts.Total,
                counts.Paused,
            ]).Select(Text.Number),
        ];
}
