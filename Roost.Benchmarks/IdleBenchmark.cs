namespace Roost.Benchmarks;

/// <summary>What a loop costs that has nothing to do, beside many items that are due in years.</summary>
internal static class IdleBenchmark
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(Settings settings)
    {
        int items = settings.Number("--items", 1_000_000);
        string path = await StoredFile.CopyAsync(settings.Folder, StoredMix.Delayed, items);
        Sample cpu = new(), writes = new();
        await using (var roost = new RoostRuntime(path))
        {
            roost.AddEngine(new StoredEngine("fetch"));
            using var stop = new CancellationTokenSource();
            Task loop = roost.RunAsync(stop.Token);
            await Task.Delay(Settle);
            for (int run = 0; run < settings.Runs; run++)
            {
                TimeSpan before = Environment.CpuUsage.TotalTime;
                long written = Machine.BytesWritten;
                await Task.Delay(Watch);
                cpu.Add((Environment.CpuUsage.TotalTime - before) / Watch * 100);
                writes.Add(Machine.BytesWritten - written);
            }
            await stop.CancelAsync();
            await loop;
        }
        StoredFile.Delete(path);
        Console.WriteLine($"idle with {items:N0} delayed items, {settings.Runs} times {Watch.TotalSeconds:N0} s: {cpu.Format("0.000")} % of a core, {writes.Format("N0")} bytes written");
    }
}
