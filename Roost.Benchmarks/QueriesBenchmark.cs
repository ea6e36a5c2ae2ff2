using System.Diagnostics;
using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>
/// Every query of an operator on a mixed file, one after the other: first with nothing else at work, then while 64 slots step counters in the same process.
/// </summary>
internal static class QueriesBenchmark
{
    private const int Slots = 64;
    private const int Counters = 200;
    private const double Goal = 20;

    private sealed class Line
    {
        public Sample QuietMedian { get; } = new();
        public Sample QuietTail { get; } = new();
        public Sample Median { get; } = new();
        public Sample Tail { get; } = new();
        public Sample Max { get; } = new();
    }

    public static async Task RunAsync(Settings settings)
    {
        (string folder, int runs, int items, int calls) = (
            settings.Folder,
            settings.Runs,
            settings.Number("--items", 1_000_000),
            settings.Number("--calls", 200)
        );
        string path = await StoredFile.CopyAsync(folder, StoredMix.Mixed, items);
        await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = Slots }))
        {
            roost.AddEngine(new CounterEngine());
            await roost.EnqueueAsync(Enumerable.Range(0, Counters).Select(_ => new WorkItem("counter", new Target(int.MaxValue))));
            ConsolePages? console = settings.Has("--no-console") ? null : await ConsolePages.StartAsync(roost);
            try
            {
                OperatorQuery[] queries = [.. await OperatorQueries.AllAsync(roost), .. console?.All ?? []];
                await MeasureAsync(roost, queries, items, runs, calls);
            }
            finally
            {
                if (console is not null) await console.DisposeAsync();
            }
        }
        StoredFile.Delete(path);
    }

    private static async Task MeasureAsync(RoostRuntime roost, OperatorQuery[] queries, int items, int runs, int calls)
    {
        Line[] lines = [.. queries.Select(_ => new Line())];
        var speed = new Sample();
        await Latencies.OfAsync(queries, 3);
        for (int run = 0; run < runs; run++)
        {
            Latencies[] quiet = await Latencies.OfAsync(queries, calls);
            (Latencies[] busy, double perSecond) = await WhileWorkingAsync(roost, () => Latencies.OfAsync(queries, calls));
            speed.Add(perSecond);
            for (int query = 0; query < queries.Length; query++)
            {
                lines[query].QuietMedian.Add(quiet[query].Percentile(0.5));
                lines[query].QuietTail.Add(quiet[query].Percentile(0.99));
                lines[query].Median.Add(busy[query].Percentile(0.5));
                lines[query].Tail.Add(busy[query].Percentile(0.99));
                lines[query].Max.Add(busy[query].Max);
            }
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Machine.Facts}; {items:N0} items of all kinds; {runs} runs of {calls} calls each; milliseconds; median of the runs, with least and most; " +
            $"{Slots} slots wrote {speed.Format("N0")} steps/s"));
        Console.WriteLine($"peak memory of the process: {Machine.PeakMegabytes:N0} MB");
        Console.WriteLine();
        Console.WriteLine("| query | p50, nothing writes | p99, nothing writes | p50, 64 slots write | p99, 64 slots write | max |");
        Console.WriteLine("|---|---|---|---|---|---|");
        for (int query = 0; query < queries.Length; query++)
        {
            Line line = lines[query];
            string over = line.Tail.Median > Goal ? " **over**" : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {queries[query].Name} | {line.QuietMedian.Median:0.00} | {line.QuietTail.Median:0.0} | {line.Median.Median:0.0} | " +
                $"{line.Tail.Format("0.0")}{over} | {line.Max.Format("0")} |"));
        }
    }

    private static async Task<(Latencies[] Found, double StepsPerSecond)> WhileWorkingAsync(RoostRuntime roost, Func<Task<Latencies[]>> measure)
    {
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await Task.Delay(500, CancellationToken.None);
        long before = await roost.GetLastSequenceAsync(CancellationToken.None);
        var watch = Stopwatch.StartNew();
        Latencies[] found = await measure();
        double perSecond = (await roost.GetLastSequenceAsync(CancellationToken.None) - before) / watch.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        await loop;
        return (found, perSecond);
    }
}
