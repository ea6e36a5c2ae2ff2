using System.Collections.Concurrent;
using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>
/// A minute at full speed: how long every step takes from its call until its commit is acknowledged, by the runtime's own meter. The engine's
/// part of that is some microseconds; the rest is the wait for the transaction under way, its own transaction and the way back.
/// </summary>
internal static class MinuteBenchmark
{
    private const int Slots = 64;
    private const int Items = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task RunAsync(Settings settings)
    {
        int seconds = settings.Number("--seconds", 60);
        Row.Head($"minute: {seconds} s at full speed, {Items} endless items on {Slots} slots", settings.Runs);
        Sample speed = new(), half = new(), tail = new(), most = new(), log = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            string path = StoredFile.New(settings.Folder);
            await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = Slots }))
            {
                roost.AddEngine(new CounterEngine());
                await roost.EnqueueAsync(Enumerable.Range(0, Items).Select(_ => new WorkItem("counter", new Target(int.MaxValue))));
                using var stop = new CancellationTokenSource();
                Task loop = roost.RunAsync(stop.Token);
                await Task.Delay(2000);
                var steps = new ConcurrentQueue<double>();
                (var watch, long largest) = (Stopwatch.StartNew(), 0L);
                using (Latencies.Listen("roost.step.duration", steps))
                    for (; watch.Elapsed.TotalSeconds < seconds; await Task.Delay(Pause))
                        largest = Math.Max(largest, new FileInfo(path + "-wal").Length);
                var found = new Latencies(steps);
                speed.Add(found.Count / watch.Elapsed.TotalSeconds);
                await stop.CancelAsync();
                await loop;
                half.Add(found.Percentile(0.5));
                tail.Add(found.Percentile(0.99));
                most.Add(found.Max);
                log.Add(largest / 1024.0 / 1024);
            }
            StoredFile.Delete(path);
        }
        Row.Write("steps/s", speed, "N0", "");
        Row.Write("a step with its commit, p50", half, "0.00", "ms");
        Row.Write("a step with its commit, p99", tail, "0.00", "ms", Goal.AtMost(3));
        Row.Write("a step with its commit, longest", most, "0.0", "ms", Goal.AtMost(50));
        Row.Write("largest log", log, "0.0", "MiB", Goal.AtMost(64));
    }
}
