using System.Collections.Concurrent;
using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>Several processes, each with a runtime of 16 slots, on one file full of endless counters; beside one process on the same work.</summary>
internal static class ProcessesBenchmark
{
    /// <summary>The verb of one of the processes.</summary>
    public const string Part = "steps-beside";

    private const int Slots = 16;
    private const int Items = 256;
    private const double PatientMilliseconds = 250;
    private const double WarmUpSeconds = 8;

    private static readonly (int Processes, double Total, double Slowest)[] Goals = [(2, 0.9, 0.8), (4, 0.9, 0.8), (8, 0.8, 0.5)];

    private sealed class Row
    {
        public Sample PerSecond { get; } = new();
        public Sample Ratio { get; } = new();
        public Sample Slowest { get; } = new();
        public Sample Wait { get; } = new();
        public double LongestWait { get; set; }
        public int Busy { get; set; }
    }

    private sealed record Share(long Steps, double Wait, double LongestWait, int Busy);

    public static async Task RunAsync(Settings settings)
    {
        TimeSpan time = settings.Seconds("--seconds", 60), warmUp = TimeSpan.FromSeconds(Math.Min(WarmUpSeconds, time.TotalSeconds));
        var one = new Sample();
        int[] asked = settings.Numbers("--processes", [.. Goals.Select(goal => goal.Processes)]);
        (int Processes, double Total, double Slowest)[] goals = [.. Goals.Where(goal => asked.Contains(goal.Processes))];
        Row[] rows = [.. goals.Select(_ => new Row())];
        for (int run = 0; run < settings.Runs; run++)
        {
            // Disks change their speed from minute to minute: each row has its own measurement of one process right before it.
            for (int i = 0; i < rows.Length; i++)
            {
                double alone = (await MeasureAsync(settings.Folder, 1, warmUp, time)).Sum(share => share.Steps) / time.TotalSeconds;
                one.Add(alone);
                Add(rows[i], await MeasureAsync(settings.Folder, goals[i].Processes, warmUp, time), alone, time);
            }
        }
        Console.WriteLine(
            $"{Machine.Facts}; {Slots} slots a process, {Items} endless items, {time.TotalSeconds:0.#} s after {warmUp.TotalSeconds:0.#} s of warming up; " +
            $"synchronous=FULL"
        );
        Console.WriteLine($"1 process: {one.Format("N0")} steps/s");
        foreach ((Row row, (int processes, double total, double slowest)) in rows.Zip(goals))
        {
            bool met = row.Ratio.Median >= total && row.Slowest.Median >= slowest && row.Wait.Median <= PatientMilliseconds && row.Busy == 0;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{processes} processes: {row.PerSecond.Format("N0")} steps/s, {row.Ratio.Format("0.00")} of one (goal {total}); slowest " +
                $"{row.Slowest.Format("0.00")} of its fair share (goal {slowest}); wait for the lock p99 {row.Wait.Format("0.0")} ms (goal " +
                $"{PatientMilliseconds}), longest {row.LongestWait:0} ms; {row.Busy} busy errors (goal 0): {(met ? "met" : "NOT met")}"));
        }
    }

    /// <summary>
    /// One of the processes. Says "ready", begins at the first line it is told, measures from the second to the third, and says what it found.
    /// </summary>
    public static async Task ChildAsync(Settings settings)
    {
        string path = settings.Text("--file")!;
        var waits = new ConcurrentQueue<double>();
        using IDisposable listener = Latencies.Listen("roost.write_lock.wait", waits);
        var log = new ErrorLog();
        await using var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = Slots, LoggerFactory = log });
        var engine = new CounterEngine();
        roost.AddEngine(engine);
        Console.WriteLine("ready");
        Console.ReadLine();
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        Console.ReadLine();
        long before = engine.Steps;
        waits.Clear();
        Console.ReadLine();
        long steps = engine.Steps - before;
        var found = new Latencies(waits);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"found {steps} {found.Percentile(0.99):R} {found.Max:R} {log.Busy}"));
        await stop.CancelAsync();
        await loop;
    }

    private static async Task<Share[]> MeasureAsync(string folder, int processes, TimeSpan warmUp, TimeSpan time)
    {
        string path = StoredFile.New(folder);
        await using (var roost = new RoostRuntime(path))
            await roost.EnqueueAsync(Enumerable.Range(0, Items).Select(_ => new WorkItem("counter", new Target(int.MaxValue))));
        Child[] children = [.. Enumerable.Range(0, processes).Select(_ => Child.Start(Part, "--file", path, "--folder", folder))];
        try
        {
            foreach (Child child in children) await child.ReadAsync("ready");
            TellAll(children, "go");
            await Task.Delay(warmUp);
            TellAll(children, "measure");
            await Task.Delay(time);
            TellAll(children, "stop");
            return await Task.WhenAll(children.Select(async child => Parse(await child.ReadAsync("found"))));
        }
        finally
        {
            foreach (Child child in children) await child.DisposeAsync();
            StoredFile.Delete(path);
        }
    }

    private static void Add(Row row, Share[] shares, double alone, TimeSpan time)
    {
        long total = shares.Sum(share => share.Steps);
        row.PerSecond.Add(total / time.TotalSeconds);
        row.Ratio.Add(total / time.TotalSeconds / alone);
        row.Slowest.Add(shares.Min(share => share.Steps) * (double)shares.Length / total);
        row.Wait.Add(shares.Max(share => share.Wait));
        row.LongestWait = Math.Max(row.LongestWait, shares.Max(share => share.LongestWait));
        row.Busy += shares.Sum(share => share.Busy);
    }

    private static void TellAll(Child[] children, string line)
    {
        foreach (Child child in children) child.Tell(line);
    }

    private static Share Parse(string[] words) => new(
        long.Parse(words[1], CultureInfo.InvariantCulture), double.Parse(words[2], CultureInfo.InvariantCulture),
        double.Parse(words[3], CultureInfo.InvariantCulture), int.Parse(words[4], CultureInfo.InvariantCulture));
}
