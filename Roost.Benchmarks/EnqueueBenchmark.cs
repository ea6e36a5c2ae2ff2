using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>Enqueueing one at a time from one caller and from many, and in a batch, each beside a bare loop of the same inserts in the same run.</summary>
internal static class EnqueueBenchmark
{
    private const int Callers = 64;
    private const int Batch = 10_000;
    private const int Batches = 5;

    public static async Task RunAsync(Settings settings)
    {
        Row.Head("enqueue: items/s of the whole product beside a bare loop of the same inserts", settings.Runs);
        int items = settings.Number("--items", 20_000);
        (string Name, Func<RoostRuntime, Task> Enqueue, int Items, int PerTransaction)[] ways =
        [
            ("one at a time from 1 caller", roost => OneByOneAsync(roost, items / 10), items / 10, 1),
            (
                $"one at a time from {Callers} callers",
                roost => Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(() => OneByOneAsync(roost, items / Callers)))),
                items / Callers * Callers,
                Callers
            ),
            ($"{Batches} batches of {Batch:N0}", InBatchesAsync, Batches * Batch, Batch),
        ];
        foreach ((string name, Func<RoostRuntime, Task> enqueue, int each, int perTransaction) in ways)
        {
            await ProductAsync(settings.Folder, enqueue, each);
            Sample product = new(), floor = new(), ratio = new();
            for (int run = 0; run < settings.Runs; run++)
            {
                double bare = await FloorAsync(settings.Folder, each, perTransaction);
                double whole = await ProductAsync(settings.Folder, enqueue, each);
                floor.Add(bare);
                product.Add(whole);
                ratio.Add(whole / bare);
            }
            Row.Write($"{name}, bare loop", floor, "N0", "items/s");
            Row.Write($"{name}, product", product, "N0", "items/s");
            Row.Write($"{name}, ratio", ratio, "0.00", "of the bare loop", Goal.AtLeast(perTransaction == Batch ? 0.8 : 0.75));
        }
    }

    private static async Task<double> ProductAsync(string folder, Func<RoostRuntime, Task> enqueue, int items)
    {
        string path = StoredFile.New(folder);
        double perSecond;
        await using (var roost = new RoostRuntime(path))
        {
            roost.AddEngine(new CounterEngine());
            await roost.EnqueueAsync(Item);
            var watch = Stopwatch.StartNew();
            await enqueue(roost);
            perSecond = items / watch.Elapsed.TotalSeconds;
            await CheckAsync(roost, items);
        }
        StoredFile.Delete(path);
        return perSecond;
    }

    private static async Task<double> FloorAsync(string folder, int items, int perTransaction)
    {
        string path = StoredFile.New(folder);
        await using (var roost = new RoostRuntime(path)) await roost.EnqueueAsync(Item);
        double perSecond;
        using (var loop = new BareInserts(path)) perSecond = items / loop.Run(items, perTransaction).TotalSeconds;
        await using (var roost = new RoostRuntime(path)) await CheckAsync(roost, items);
        StoredFile.Delete(path);
        return perSecond;
    }

    private static async Task OneByOneAsync(RoostRuntime roost, int items)
    {
        for (int i = 0; i < items; i++) await roost.EnqueueAsync(Item);
    }

    private static async Task InBatchesAsync(RoostRuntime roost)
    {
        for (int i = 0; i < Batches; i++) await roost.EnqueueAsync(Enumerable.Range(0, Batch).Select(_ => Item));
    }

    private static WorkItem Item => new("counter", new Target(5));

    private static async Task CheckAsync(RoostRuntime roost, int items)
    {
        long stored = (await roost.GetCountsAsync()).Total.Ready;
        if (stored != items + 1) throw new InvalidOperationException($"{stored} items are ready where {items + 1} are right.");
    }
}
