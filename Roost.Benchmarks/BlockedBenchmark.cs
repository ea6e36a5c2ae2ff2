using System.Diagnostics;
using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>
/// What a step costs whose item is handed its resource while few or many others wait for it, and whether a drain of crossing names leaves anything behind.
/// </summary>
internal static class BlockedBenchmark
{
    private const int Slots = 64;
    private const int Warm = 200;
    private const string Engine = "fetch";

    public static async Task RunAsync(Settings settings)
    {
        int[] waiters = settings.Numbers("--items", 1000, 100_000);
        (int steps, int drained) = (settings.Number("--steps", 1200), settings.Number("--drain", 20_000));
        Row.Head(
            $"blocked: {string.Join(" and ", waiters.Select(n => n.ToString("N0", CultureInfo.InvariantCulture)))} items waiting for one name, with " +
            $"another name each; {steps:N0} steps of them",
            settings.Runs
        );
        Sample fewSpeed = new(),
            manySpeed = new(),
            ratio = new(),
            machine = new(),
            written = new(),
            drain = new();
        await HandOverAsync(settings.Folder, waiters[0], steps);
        for (int run = 0; run < settings.Runs; run++)
        {
            (StepCost fewCost, double few) = await HandOverAsync(settings.Folder, waiters[0], steps);
            (StepCost manyCost, double many) = await HandOverAsync(settings.Folder, waiters[^1], steps);
            fewSpeed.Add(few);
            manySpeed.Add(many);
            ratio.Add(many / few);
            machine.Add(manyCost.MachineSteps / fewCost.MachineSteps);
            written.Add(manyCost.PagesWritten / fewCost.PagesWritten);
            drain.Add(await DrainAsync(settings.Folder, drained));
        }
        Row.Write($"{waiters[0]:N0} waiters", fewSpeed, "N0", "steps/s");
        Row.Write($"{waiters[^1]:N0} waiters", manySpeed, "N0", "steps/s");
        Row.Write("steps/s, many to few", ratio, "0.00", "times", Goal.AtLeast(0.8));
        Row.Write("virtual-machine steps per step, many to few", machine, "0.000", "times", Goal.AtMost(1.2));
        Row.Write("pages written per step, many to few", written, "0.000", "times", Goal.AtMost(1.2));
        Row.Write($"drain of {drained:N0} items on crossing names, all done and no name held afterwards", drain, "N0", "items/s");
    }

    /// <summary>Parks everybody behind one holder, lets it end, and measures the stint that follows.</summary>
    private static async Task<(StepCost Cost, double PerSecond)> HandOverAsync(string folder, int waiters, int steps)
    {
        string path = StoredFile.New(folder);
        var stint = new Stint();
        (StepCost, double) found;
        await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = Slots, DrainTime = TimeSpan.Zero }))
        {
            roost.AddEngine(new StoredEngine(Engine, stint.Started));
            roost.AddEngine(new MomentEngine((_, _, _) => { }));
            string holder = (
                await roost.EnqueueAsync(
                    new WorkItem(MomentEngine.Id, new Moment(Holds: true))
                    {
                        Priority = 1,
                        Resources = [StoredFile.OneName],
                        ResourceHold = ResourceHold.Life,
                    }
                )
            ).Id;
            await roost.EnqueueAsync(
                Enumerable
                    .Range(0, waiters)
                    .Select(n => new WorkItem(Engine, new Fate(StoredEngine.Finish)) { Resources = [StoredFile.OneName, StoredFile.Site(n)] })
            );
            await StepCost.StopCheckpointsAsync(roost);
            await ParkAsync(roost, holder, waiters);
            await stint.RunAsync(roost, Warm);
            var watch = Stopwatch.StartNew();
            StepCost cost = await StepCost.OfAsync(roost, stint, steps);
            found = (cost, steps / watch.Elapsed.TotalSeconds);
        }
        StoredFile.Delete(path);
        return found;
    }

    private static async Task ParkAsync(RoostRuntime roost, string holder, int waiters)
    {
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        while ((await roost.GetCountsAsync()).Total.Blocked < waiters) await Task.Delay(20);
        await stop.CancelAsync();
        await loop;
        await roost.CancelAsync(holder);
        if ((await roost.WaitAsync(holder, TimeSpan.FromSeconds(10))).State != WorkState.Cancelled)
            throw new InvalidOperationException("The holder of the name has not ended.");
    }

    private static async Task<double> DrainAsync(string folder, int items)
    {
        string path = StoredFile.New(folder);
        double perSecond;
        await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = Slots }))
        {
            roost.AddEngine(new StoredEngine(Engine));
            var random = new Random(1);
            await roost.EnqueueAsync(Enumerable.Range(0, items).Select(_ =>
            {
                int[] names = random.GetItems([.. Enumerable.Range(0, 100)], 2);
                return new WorkItem(Engine, new Fate(StoredEngine.Finish, 2)) { Resources = [.. names.Distinct().Select(StoredFile.Site)] };
            }));
            var watch = Stopwatch.StartNew();
            await roost.RunUntilIdleAsync();
            perSecond = items / watch.Elapsed.TotalSeconds;
            long done = (await roost.GetCountsAsync()).Total.Done;
            int held = (await roost.ListResourcesAsync()).Items.Count;
            if (done != items || held != 0) throw new InvalidOperationException($"{done} of {items} items are done, and {held} names are held or waited for.");
        }
        StoredFile.Delete(path);
        return perSecond;
    }
}
