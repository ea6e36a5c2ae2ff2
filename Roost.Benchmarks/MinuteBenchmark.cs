using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>
/// A minute at full speed. Every few milliseconds a request of its own rides along and writes nothing: it tells how long a request takes until its
/// commit is acknowledged, and how much of that came after its turn in the transaction: the rest of the batch, the COMMIT and the way back.
/// </summary>
internal static class MinuteBenchmark
{
    private const int Slots = 64;
    private const int Items = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);

    public static async Task RunAsync(Settings settings)
    {
        int seconds = settings.Number("--seconds", 60);
        Row.Head($"minute: {seconds} s at full speed, {Items} endless items on {Slots} slots", settings.Runs);
        Sample speed = new(), half = new(), tail = new(), most = new(), commitHalf = new(), commitTail = new(), commitMost = new(), log = new();
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
                Latencies whole = new(), rest = new();
                (long first, var watch, long largest) = (await roost.GetLastSequenceAsync(), Stopwatch.StartNew(), 0L);
                while (watch.Elapsed.TotalSeconds < seconds)
                {
                    long began = Stopwatch.GetTimestamp();
                    long ran = await roost.Writer.RunAsync(_ => Stopwatch.GetTimestamp());
                    long ended = Stopwatch.GetTimestamp();
                    whole.Add(Stopwatch.GetElapsedTime(began, ended));
                    rest.Add(Stopwatch.GetElapsedTime(ran, ended));
                    largest = Math.Max(largest, new FileInfo(path + "-wal").Length);
                    await Task.Delay(Pause);
                }
                speed.Add((await roost.GetLastSequenceAsync() - first) / watch.Elapsed.TotalSeconds);
                await stop.CancelAsync();
                await loop;
                half.Add(whole.Percentile(0.5));
                tail.Add(whole.Percentile(0.99));
                most.Add(whole.Max);
                commitHalf.Add(rest.Percentile(0.5));
                commitTail.Add(rest.Percentile(0.99));
                commitMost.Add(rest.Max);
                log.Add(largest / 1024.0 / 1024);
            }
            StoredFile.Delete(path);
        }
        Row.Write("events/s", speed, "N0", "");
        Row.Write("from request to acknowledgement, p50", half, "0.00", "ms");
        Row.Write("from request to acknowledgement, p99", tail, "0.00", "ms");
        Row.Write("from request to acknowledgement, longest", most, "0.0", "ms");
        Row.Write("COMMIT with the rest of its batch and the way back, p50", commitHalf, "0.00", "ms");
        Row.Write("COMMIT with the rest of its batch and the way back, p99", commitTail, "0.00", "ms", Goal.AtMost(3));
        Row.Write("COMMIT with the rest of its batch and the way back, longest", commitMost, "0.0", "ms", Goal.AtMost(50));
        Row.Write("largest log", log, "0.0", "MiB", Goal.AtMost(64));
    }
}
