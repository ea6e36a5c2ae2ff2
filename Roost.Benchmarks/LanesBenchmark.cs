using System.Diagnostics;
using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>
/// What many lanes cost: an item in each of many queues, two processes that share many queues, and one engine that steps among thousands that do not.
/// </summary>
internal static class LanesBenchmark
{
    /// <summary>The verb of one of two processes.</summary>
    public const string Part = "lanes-part";

    private const int Slots = 64;
    private const int ItemsOfSharedQueue = 5;
    private const int StepsOfItem = 50;
    private const int Batch = 10_000;

    public static async Task RunAsync(Settings settings)
    {
        int[] queues = settings.Numbers("--queues", 1000, 5000, 20_000, 100_000),
            engines = settings.Numbers("--engines", 1000, 2000);
        int shared = settings.Number("--shared", 3000),
            lanes = settings.Number("--lanes", 10_000),
            steps = settings.Number("--steps", 20_000);
        Row.Head(
            $"lanes: one item in each of many queues; {shared:N0} queues of two processes; {lanes:N0} lanes of which one steps; {Slots} slots",
            settings.Runs
        );
        Sample[] drains = [.. queues.Select(_ => new Sample())];
        Sample flat = new(), one = new(), two = new(), second = new();
        Grid[] grids = [.. engines.Select(n => new Grid(n, Math.Max(1, lanes / n)))];
        await DrainAsync(settings.Folder, queues[0]);
        for (int run = 0; run < settings.Runs; run++)
        {
            double[] found = new double[queues.Length];
            for (int i = 0; i < queues.Length; i++) drains[i].Add(found[i] = await DrainAsync(settings.Folder, queues[i]));
            flat.Add(found[^1] / found[0]);
            (double alone, double together) = (await ShareAsync(settings.Folder, shared, 1), await ShareAsync(settings.Folder, shared, 2));
            one.Add(alone);
            two.Add(together);
            second.Add(together / alone);
            foreach (Grid grid in grids) await grid.MeasureAsync(settings.Folder, steps);
        }
        for (int i = 0; i < queues.Length; i++) Row.Write(Text($"one item in each of {queues[i]:N0} queues"), drains[i], "N0", "items/s");
        Row.Write("most queues to fewest", flat, "0.00", "times", Goal.AtLeast(0.7));
        Row.Write(Text($"{shared:N0} queues, one process"), one, "N0", "items/s");
        Row.Write(Text($"{shared:N0} queues, two processes"), two, "N0", "items/s");
        Row.Write("two processes to one", second, "0.00", "times", Goal.AtLeast(0.8));
        foreach (Grid grid in grids) grid.Write();
    }

    /// <summary>One of the processes. Says "ready", begins when it is told to, and says at which time it had nothing left to do.</summary>
    public static async Task ChildAsync(Settings settings)
    {
        await using RoostRuntime roost = Open(settings.Text("--file")!, Queues(settings.Number("--queues", 1)), new CounterEngine());
        Console.WriteLine("ready");
        Console.ReadLine();
        await roost.RunUntilIdleAsync();
        Console.WriteLine(Text($"idle {Stopwatch.GetTimestamp()}"));
        Console.ReadLine();
    }

    private static async Task<double> DrainAsync(string folder, int queues)
    {
        string path = StoredFile.New(folder);
        string[] names = Queues(queues);
        double perSecond;
        await using (RoostRuntime roost = Open(path, names, new CounterEngine()))
        {
            await EnqueueAsync(roost, names.Select(queue => Item("counter", queue, 1)));
            var watch = Stopwatch.StartNew();
            await roost.RunUntilIdleAsync();
            perSecond = queues / watch.Elapsed.TotalSeconds;
            await CheckAsync(roost, queues);
        }
        StoredFile.Delete(path);
        return perSecond;
    }

    private static async Task<double> ShareAsync(string folder, int queues, int processes)
    {
        string path = StoredFile.New(folder);
        string[] names = Queues(queues);
        await using var roost = new RoostRuntime(path);
        await EnqueueAsync(roost, Enumerable.Range(0, ItemsOfSharedQueue).SelectMany(_ => names.Select(queue => Item("counter", queue, 1))));
        Child[] children =
        [
            .. Enumerable.Range(0, processes).Select(_ => Child.Start(Part, "--file", path, "--folder", folder, "--queues", Text($"{queues}"))),
        ];
        try
        {
            foreach (Child child in children) await child.ReadAsync("ready");
            long began = Stopwatch.GetTimestamp();
            foreach (Child child in children) child.Tell("go");
            string[][] ends = await Task.WhenAll(children.Select(child => child.ReadAsync("idle")));
            await CheckAsync(roost, queues * ItemsOfSharedQueue);
            return queues
                * ItemsOfSharedQueue
                / Stopwatch.GetElapsedTime(began, ends.Max(words => long.Parse(words[1], CultureInfo.InvariantCulture))).TotalSeconds;
        }
        finally
        {
            foreach (Child child in children) await child.DisposeAsync();
            await roost.DisposeAsync();
            StoredFile.Delete(path);
        }
    }

    /// <summary>Engines times queues, of which one steps: with nothing in the others, after something has ended in each, and after that was purged.</summary>
    private sealed class Grid(int engines, int queues)
    {
        private readonly Sample fresh = new(), ended = new(), purged = new(), endedRatio = new(), purgedRatio = new();

        public async Task MeasureAsync(string folder, int steps)
        {
            string path = StoredFile.New(folder);
            string[] names = Queues(queues);
            CounterEngine[] all = [.. Enumerable.Range(0, engines).Select(i => new CounterEngine(Text($"engine{i}")))];
            await using (RoostRuntime roost = Open(path, names, all))
            {
                await StepAsync(roost, steps);
                double before = await StepAsync(roost, steps);
                await EnqueueAsync(roost, all.SelectMany(engine => names.Select(queue => Item(engine.EngineId, queue, 1))));
                await roost.RunUntilIdleAsync();
                double after = await StepAsync(roost, steps);
                await roost.PurgeAsync(new(TimeSpan.Zero));
                double last = await StepAsync(roost, steps);
                fresh.Add(before);
                ended.Add(after);
                purged.Add(last);
                endedRatio.Add(after / before);
                purgedRatio.Add(last / before);
            }
            StoredFile.Delete(path);
        }

        public void Write()
        {
            string what = Text($"{engines:N0} engines x {queues:N0} queues, one of them stepping");
            Row.Write($"{what}: fresh", fresh, "N0", "steps/s");
            Row.Write($"{what}: after one item in each", ended, "N0", "steps/s");
            Row.Write($"{what}: after a purge of all", purged, "N0", "steps/s");
            Row.Write($"{what}: after one item in each, to fresh", endedRatio, "0.00", "times", Goal.AtLeast(0.9));
            Row.Write($"{what}: after a purge of all, to fresh", purgedRatio, "0.00", "times", Goal.AtLeast(0.9));
        }

        private static async Task<double> StepAsync(RoostRuntime roost, int steps)
        {
            await EnqueueAsync(roost, Enumerable.Range(0, steps / StepsOfItem).Select(_ => Item("engine0", "queue0", StepsOfItem)));
            var watch = Stopwatch.StartNew();
            await roost.RunUntilIdleAsync();
            return steps / watch.Elapsed.TotalSeconds;
        }
    }

    private static string[] Queues(int n) => [.. Enumerable.Range(0, n).Select(i => Text($"queue{i}"))];

    private static WorkItem Item(string engine, string queue, int steps) => new(engine, new Target(steps)) { Queue = queue };

    private static RoostRuntime Open(string path, string[] queues, params CounterEngine[] engines)
    {
        var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = Slots, Queues = queues });
        foreach (CounterEngine engine in engines) roost.AddEngine(engine);
        return roost;
    }

    private static async Task EnqueueAsync(RoostRuntime roost, IEnumerable<WorkItem> items)
    {
        foreach (WorkItem[] batch in items.Chunk(Batch)) await roost.EnqueueAsync(batch);
    }

    private static async Task CheckAsync(RoostRuntime roost, int items)
    {
        long done = (await roost.GetCountsAsync()).Total.Done;
        if (done != items) throw new InvalidOperationException($"{done} items are done where {items} are right.");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
