using System.Collections.Concurrent;
using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>How long a short item waits that comes to a runtime whose slots all step items without an end.</summary>
internal static class NewcomerBenchmark
{
    private const int Slots = 64;
    private const int Endless = 200;

    public static async Task RunAsync(Settings settings)
    {
        int newcomers = settings.Number("--newcomers", 300);
        Row.Head(
            $"newcomer: milliseconds from the call that enqueues a short item, among {Endless} endless ones on {Slots} slots; {newcomers} of them in each " +
            $"run, one every 30 ms",
            settings.Runs
        );
        Sample half = new(),
            start = new(),
            end = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            (Latencies starts, Latencies ends) = await MeasureAsync(settings.Folder, newcomers);
            half.Add(starts.Percentile(0.5));
            start.Add(starts.Percentile(0.99));
            end.Add(ends.Percentile(0.99));
        }
        Row.Write("to its first step, p50", half, "0.0", "ms");
        Row.Write("to its first step, p99", start, "0.0", "ms", Goal.AtMost(80));
        Row.Write("to its last step, p99", end, "0.0", "ms");
    }

    private static async Task<(Latencies Starts, Latencies Ends)> MeasureAsync(string folder, int newcomers)
    {
        string path = StoredFile.New(folder);
        Latencies starts = new(), ends = new();
        var began = new ConcurrentDictionary<string, long>();
        using var left = new CountdownEvent(newcomers);
        await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = Slots }))
        {
            roost.AddEngine(new CounterEngine());
            roost.AddEngine(new MomentEngine((id, version, at) =>
            {
                TimeSpan wait = Stopwatch.GetElapsedTime(began[id], at);
                lock (starts) (version == 0 ? starts : ends).Add(wait);
                if (version > 0) left.Signal();
            }));
            await roost.EnqueueAsync(Enumerable.Range(0, Endless).Select(_ => new WorkItem("counter", new Target(int.MaxValue))));
            using var stop = new CancellationTokenSource();
            Task loop = roost.RunAsync(stop.Token);
            await Task.Delay(2000);
            for (int n = 0; n < newcomers; n++)
            {
                string id = Guid.CreateVersion7().ToString();
                began[id] = Stopwatch.GetTimestamp();
                await roost.EnqueueAsync(new WorkItem(MomentEngine.Id, new Moment()) { Id = id });
                await Task.Delay(30);
            }
            await Task.Run(left.Wait);
            await stop.CancelAsync();
            await loop;
        }
        StoredFile.Delete(path);
        return (starts, ends);
    }
}
