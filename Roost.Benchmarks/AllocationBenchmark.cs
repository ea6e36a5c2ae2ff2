namespace Roost.Benchmarks;

/// <summary>What the runtime allocates for a step with a state of about 200 bytes, and what of it stays, over many steps on 64 slots.</summary>
internal static class AllocationBenchmark
{
    private const int Slots = 64;
    private const int Items = 200;
    private const int Warm = 250;

    public static async Task RunAsync(Settings settings)
    {
        int steps = settings.Number("--steps", 1_000_000) / Items;
        Row.Head($"allocation: {Items} items x {steps:N0} steps on {Slots} slots, typed engine", settings.Runs);
        Sample perStep = new(), growth = new(), collections = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            string path = StoredFile.New(settings.Folder);
            await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = Slots }))
            {
                roost.AddEngine(new CounterEngine());
                await StepAsync(roost, Math.Min(Warm, steps));
                long old = OldBytes();
                int before = GC.CollectionCount(2);
                long allocated = GC.GetTotalAllocatedBytes(precise: true);
                await StepAsync(roost, steps);
                perStep.Add((GC.GetTotalAllocatedBytes(precise: true) - allocated) / (Items * (steps + 1.0)));
                collections.Add(GC.CollectionCount(2) - before);
                growth.Add((OldBytes() - old) / 1024.0);
            }
            StoredFile.Delete(path);
        }
        Row.Write("allocated per step, engine and enqueueing included", perStep, "N0", "bytes", Goal.AtMost(2048));
        Row.Write("generation 2 and large objects after a full collection, growth", growth, "N0", "KiB", Goal.AtMost(1024));
        Row.Write("collections of generation 2 meanwhile", collections, "N0", "");
    }

    private static async Task StepAsync(RoostRuntime roost, int steps)
    {
        await roost.EnqueueAsync(Enumerable.Range(0, Items).Select(_ => new WorkItem("counter", new Target(steps))));
        await roost.RunUntilIdleAsync();
    }

    private static long OldBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        ReadOnlySpan<GCGenerationInfo> generations = GC.GetGCMemoryInfo(GCKind.FullBlocking).GenerationInfo;
        return generations[2].SizeAfterBytes - generations[2].FragmentationAfterBytes + generations[3].SizeAfterBytes - generations[3].FragmentationAfterBytes;
    }
}
