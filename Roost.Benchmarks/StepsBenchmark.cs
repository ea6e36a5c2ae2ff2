using System.Diagnostics;
using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>Durable steps per second of the whole product, and of the bare loop, in turn in the same run on the same file system.</summary>
internal static class StepsBenchmark
{
    private static readonly (int Items, int Steps)[] Works = [(2000, 5), (400, 50)];
    private static readonly int[] Concurrencies = [1, 16, 64];
    private const double WarmUpSeconds = 10;

    public static async Task RunAsync(Settings settings)
    {
        (string folder, int runs, int share) = (settings.Folder, settings.Runs, settings.Number("--share", 100));
        Console.WriteLine($"{Machine.Facts}; median (least to most) of {runs} runs; synchronous=FULL; one step = one engine call and its commit");
        int[] concurrencies = settings.Numbers("--concurrency", Concurrencies);
        foreach (int concurrency in concurrencies) await WarmUpAsync(settings, concurrency);
        foreach ((int items, int steps) in Works.Select(work => (work.Items * share / 100, work.Steps)))
            foreach (int concurrency in concurrencies)
            {
                Sample product = new(), floor = new(), ratio = new();
                for (int run = 0; run < runs; run++)
                {
                    double bare = await FloorAsync(folder, items, steps, concurrency);
                    double whole = await ProductAsync(folder, items, steps, concurrency);
                    floor.Add(bare);
                    product.Add(whole);
                    ratio.Add(whole / bare);
                }
                Console.WriteLine($"{items} items x {steps} steps, concurrency {concurrency,2}: product {product.Format("N0")} steps/s, bare loop " +
                    $"{floor.Format("N0")} steps/s, ratio {ratio.Format("0.00")}");
            }
    }

    /// <summary>What one step of the whole product costs in processor time and in bytes allocated, the enqueueing included; a profiler's target, too.</summary>
    public static async Task CostAsync(Settings settings)
    {
        int items = settings.Number("--items", 4000), steps = settings.Number("--steps", 20), concurrency = settings.Number("--concurrency", 64);
        Func<string, int, int, int, Task<double>> measure = settings.Has("--bare") ? FloorAsync : ProductAsync;
        await WarmUpAsync(settings, concurrency);
        Sample perSecond = new(), cpu = new(), bytes = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
            long bytesBefore = GC.GetTotalAllocatedBytes(precise: true);
            perSecond.Add(await measure(settings.Folder, items, steps, concurrency));
            double done = items * (steps + 1.0);
            cpu.Add((Environment.CpuUsage.TotalTime - cpuBefore).TotalMicroseconds / done);
            bytes.Add((GC.GetTotalAllocatedBytes(precise: true) - bytesBefore) / done);
        }
        Console.WriteLine(
            $"{items} items x {steps} steps, concurrency {concurrency}: {perSecond.Format("N0")} steps/s, {cpu.Format("N1")} microseconds of processor " +
            $"time and {bytes.Format("N0")} bytes allocated per step"
        );
    }

    /// <summary>Until the compiler has seen what is hot: the first second of a process runs code that is not optimised yet.</summary>
    public static async Task WarmUpAsync(Settings settings, int concurrency)
    {
        (string folder, TimeSpan howLong) = (settings.Folder, settings.Seconds("--warm-up", WarmUpSeconds));
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < howLong)
        {
            await ProductAsync(folder, 1000, 10, concurrency);
            await FloorAsync(folder, 1000, 10, concurrency);
        }
    }

    public static async Task<double> ProductAsync(string folder, int items, int steps, int concurrency)
    {
        string path = StoredFile.New(folder);
        await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = concurrency }))
        {
            roost.AddEngine(new CounterEngine());
            await roost.EnqueueAsync(Enumerable.Range(0, items).Select(_ => new WorkItem("counter", new Target(steps))));
            var watch = Stopwatch.StartNew();
            await roost.RunUntilIdleAsync();
            double perSecond = items * (steps + 1) / watch.Elapsed.TotalSeconds;
            await CheckAsync(roost, items);
            await roost.DisposeAsync();
            StoredFile.Delete(path);
            return perSecond;
        }
    }

    private static async Task<double> FloorAsync(string folder, int items, int steps, int concurrency)
    {
        string path = StoredFile.New(folder);
        await using (var roost = new RoostRuntime(path))
            await roost.EnqueueAsync(Enumerable.Range(0, items).Select(_ => new WorkItem("counter", new Target(steps))));
        double perSecond;
        using (var loop = new BareLoop(path))
        {
            (long done, TimeSpan time) = loop.Run(steps, concurrency);
            if (done != items * (steps + 1)) throw new InvalidOperationException($"The bare loop made {done} steps where {items * (steps + 1)} are right.");
            perSecond = done / time.TotalSeconds;
        }
        StoredFile.Delete(path);
        return perSecond;
    }

    private static async Task CheckAsync(RoostRuntime roost, int items)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={roost.Path};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM roost_work WHERE state = 'done'";
        int done = Convert.ToInt32(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
        if (done != items) throw new InvalidOperationException($"{done} items are done where {items} are right.");
    }
}
