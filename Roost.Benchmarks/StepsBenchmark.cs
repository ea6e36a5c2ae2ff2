using System.Diagnostics;
using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>Durable steps per second of the whole product, and of the bare loop, in turn in the same run on the same file system.</summary>
internal static class StepsBenchmark
{
    private static readonly (int Items, int Steps)[] Works = [(2000, 5), (400, 50)];
    private static readonly int[] Concurrencies = [1, 16, 64];

    public static async Task RunAsync(string folder, int runs)
    {
        Directory.CreateDirectory(folder);
        Console.WriteLine($"{Machine.Facts}; median (least to most) of {runs} runs; synchronous=FULL; one step = one engine call and its commit");
        foreach (int concurrency in Concurrencies) await ProductAsync(folder, 300, 5, concurrency);
        foreach ((int items, int steps) in Works)
            foreach (int concurrency in Concurrencies)
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
                Console.WriteLine($"{items} items x {steps} steps, concurrency {concurrency,2}: product {product.Format("N0")} steps/s, bare loop {floor.Format("N0")} steps/s, ratio {ratio.Format("0.00")}");
            }
    }

    public static async Task OnceAsync(string folder, int items, int steps, int concurrency, bool floor)
    {
        Directory.CreateDirectory(folder);
        if (floor) await FloorAsync(folder, 300, 5, concurrency); else await ProductAsync(folder, 2000, 5, concurrency);
        for (int i = 0; i < 4; i++)
        {
            TimeSpan cpu = System.Environment.CpuUsage.TotalTime;
            long bytes = GC.GetTotalAllocatedBytes();
            double perSecond = floor ? await FloorAsync(folder, items, steps, concurrency) : await ProductAsync(folder, items, steps, concurrency);
            double n = items * (steps + 1);
            Console.WriteLine($"{perSecond:N0} steps/s, {(System.Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / n:N1} us CPU/step (enqueue included), {(GC.GetTotalAllocatedBytes() - bytes) / n:N0} B/step");
        }
    }

    private static async Task<double> ProductAsync(string folder, int items, int steps, int concurrency)
    {
        string path = NewFile(folder);
        await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = concurrency }))
        {
            roost.AddEngine(new CounterEngine());
            await roost.EnqueueAsync(Enumerable.Range(0, items).Select(_ => new WorkItem("counter", new Target(steps))));
            var watch = Stopwatch.StartNew();
            await roost.RunUntilIdleAsync();
            double perSecond = items * (steps + 1) / watch.Elapsed.TotalSeconds;
            await CheckAsync(roost, items);
            if (Environment.GetEnvironmentVariable("EV") is not null)
            {
                await using var c = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={roost.Path};Pooling=False");
                await c.OpenAsync();
                await using var k = c.CreateCommand();
                k.CommandText = "SELECT group_concat(kind || ' ' || n, ', ') FROM (SELECT kind, count(*) AS n FROM event GROUP BY kind)";
                Console.WriteLine(await k.ExecuteScalarAsync());
                k.CommandText = "SELECT batch FROM writer ORDER BY batch DESC LIMIT 1";
                Console.WriteLine($"batches {await k.ExecuteScalarAsync()}");
            }
            await roost.DisposeAsync();
            StoredFile.Delete(path);
            return perSecond;
        }
    }

    private static async Task<double> FloorAsync(string folder, int items, int steps, int concurrency)
    {
        string path = NewFile(folder);
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
        command.CommandText = "SELECT count(*) FROM work WHERE state = 'done'";
        int done = Convert.ToInt32(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
        if (done != items) throw new InvalidOperationException($"{done} items are done where {items} are right.");
    }

    private static string NewFile(string folder) => Path.Combine(folder, Guid.NewGuid().ToString("N") + ".db");
}
