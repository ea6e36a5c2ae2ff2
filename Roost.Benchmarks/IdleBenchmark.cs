namespace Roost.Benchmarks;

internal static class IdleBenchmark
{
    public static async Task RunAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, Guid.NewGuid().ToString("N") + ".db");
        await using var roost = new RoostRuntime(path);
        roost.AddEngine(new CounterEngine());
        for (int i = 0; i < 100; i++) await roost.EnqueueAsync(new WorkItem("counter", new Target(5)) { Delay = TimeSpan.FromHours(2) });
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await Task.Delay(3000);
        for (int i = 0; i < 3; i++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Thread.Sleep(10000);
            Console.WriteLine($"{(Environment.CpuUsage.TotalTime - before).TotalMilliseconds / 100:N3} % of a core");
        }
        await stop.CancelAsync();
        await loop;
    }
}
