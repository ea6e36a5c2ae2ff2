using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>
/// From the call that enqueues to the start of the step, in a runtime that has nothing else to do and has fallen asleep: in this process, and in another.
/// </summary>
internal static class LatencyBenchmark
{
    private const int Page = 4096;

    /// <summary>Long enough for an idle runtime to have stopped polling.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    public static async Task RunAsync(Settings settings)
    {
        int calls = settings.Number("--calls", 100);
        Row.Head($"latency: milliseconds from the call that enqueues to the start of the step; {calls} calls in each run", settings.Runs);
        await MeasureAsync(settings, HereAsync);
        await MeasureAsync(settings, ElsewhereAsync);
        Sample sync = new(), half = new(), tail = new(), farHalf = new(), farTail = new(), over = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            (Latencies here, double fsync) = await MeasureAsync(settings, HereAsync);
            (Latencies elsewhere, _) = await MeasureAsync(settings, ElsewhereAsync);
            sync.Add(fsync);
            half.Add(here.Percentile(0.5));
            tail.Add(here.Percentile(0.99));
            over.Add(here.Percentile(0.5) - 2 * fsync);
            farHalf.Add(elsewhere.Percentile(0.5));
            farTail.Add(elsewhere.Percentile(0.99));
        }
        Row.Write("fsync of a page appended to a file, at the same moments, p50", sync, "0.00", "ms");
        Row.Write("same process, p50", half, "0.00", "ms");
        Row.Write("same process, p50 above 2 fsyncs", over, "0.00", "ms", Goal.AtMost(0.3));
        Row.Write("same process, p99", tail, "0.00", "ms", Goal.AtMost(5));
        Row.Write("another process, p50", farHalf, "0.00", "ms", Goal.AtMost(10));
        Row.Write("another process, p99", farTail, "0.00", "ms", Goal.AtMost(50));
    }

    /// <summary>The latencies, and what an fsync cost between them.</summary>
    private static async Task<(Latencies Found, double Fsync)> MeasureAsync(
        Settings settings,
        Func<string, Func<RoostRuntime, Func<string, Task<long>>, Task>, Task> serveAsync
    )
    {
        string path = StoredFile.New(settings.Folder);
        Latencies found = new(), syncs = new();
        await using (var appended = new FileStream(path + ".sync", FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.DeleteOnClose))
            await serveAsync(path, async (roost, startedAsync) =>
            {
                for (int call = 0; call < settings.Number("--calls", 100); call++)
                {
                    await Task.Delay(Pause);
                    syncs.Add(Append(appended));
                    await Task.Delay(Pause);
                    string id = Guid.CreateVersion7().ToString();
                    Task<long> started = startedAsync(id);
                    long began = Stopwatch.GetTimestamp();
                    await roost.EnqueueAsync(new WorkItem(MomentEngine.Id, new Moment()) { Id = id });
                    found.Add(Stopwatch.GetElapsedTime(began, await started));
                }
            });
        StoredFile.Delete(path);
        return (found, syncs.Percentile(0.5));
    }

    private static async Task HereAsync(string path, Func<RoostRuntime, Func<string, Task<long>>, Task> measureAsync)
    {
        var waiting = new ConcurrentDictionary<string, TaskCompletionSource<long>>();
        await using var roost = new RoostRuntime(path);
        roost.AddEngine(new MomentEngine((id, version, at) =>
        {
            if (version == 0) waiting[id].SetResult(at);
        }));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await measureAsync(roost, id => (waiting[id] = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task);
        await stop.CancelAsync();
        await loop;
    }

    private static async Task ElsewhereAsync(string path, Func<RoostRuntime, Func<string, Task<long>>, Task> measureAsync)
    {
        await using var roost = new RoostRuntime(path);
        await using Child child = await MomentEngine.StartChildAsync(roost);
        await measureAsync(roost, async id =>
        {
            string[] words = await child.ReadAsync("started");
            while (words[1] != id || words[2] != "0") words = await child.ReadAsync("started");
            return long.Parse(words[3], CultureInfo.InvariantCulture);
        });
        await child.StopAsync();
    }

    /// <summary>How long it takes to append a page to a file and to sync it.</summary>
    public static TimeSpan Append(FileStream file)
    {
        long began = Stopwatch.GetTimestamp();
        file.Write(new byte[Page]);
        RandomAccess.FlushToDisk(file.SafeFileHandle);
        return Stopwatch.GetElapsedTime(began);
    }
}
