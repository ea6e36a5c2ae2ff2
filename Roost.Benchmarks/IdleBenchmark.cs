namespace Roost.Benchmarks;

/// <summary>What a loop costs that has nothing to do, beside many items that are due in years.</summary>
internal static class IdleBenchmark
{
    private const double WatchSeconds = 20;

    public static async Task RunAsync(Settings settings)
    {
        int items = settings.Number("--items", 1_000_000);
        TimeSpan watch = settings.Seconds("--seconds", WatchSeconds), settle = watch / 4;
        string path = await StoredFile.CopyAsync(settings.Folder, StoredMix.Delayed, items);
        Sample cpu = new(), writes = new();
        await using (var roost = new RoostRuntime(path))
        {
            roost.AddEngine(new StoredEngine("fetch"));
            using var stop = new CancellationTokenSource();
            Task loop = roost.RunAsync(stop.Token);
            await Task.Delay(settle);
            for (int run = 0; run < settings.Runs; run++)
            {
                TimeSpan before = Environment.CpuUsage.TotalTime;
                long written = Machine.BytesWritten;
                await Task.Delay(watch);
                cpu.Add((Environment.CpuUsage.TotalTime - before) / watch * 100);
                writes.Add(Machine.BytesWritten - written);
            }
            await stop.CancelAsync();
            await loop;
        }
        StoredFile.Delete(path);
        Console.WriteLine(
            $"idle with {items:N0} delayed items, {settings.Runs} times {watch.TotalSeconds:N0} s: {cpu.Format("0.000")} % of a core, " +
            $"{writes.Format("N0")} bytes written"
        );
    }
}
