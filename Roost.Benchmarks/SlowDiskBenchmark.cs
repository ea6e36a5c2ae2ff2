using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>How much of a slow disk's wait is shared: steps per second at concurrency 64 against 1 where every sync takes longer.</summary>
internal static class SlowDiskBenchmark
{
    private const int Steps = 5;

    public static async Task RunAsync(Settings settings)
    {
        int milliseconds = settings.Number("--milliseconds", 5);
        Row.Head(
            $"slow-disk: steps per second where each fsync and fdatasync takes {milliseconds} ms more; {Steps} steps an item; synchronous=FULL",
            settings.Runs
        );
        if (await SlowDisk.EnvironmentAsync(settings.Folder, TimeSpan.FromMilliseconds(milliseconds)) is not { } environment)
            return;
        await using Child child = Child.Start(
            environment,
            "steps-slowly",
            "--folder",
            settings.Folder,
            "--runs",
            settings.Runs.ToString(CultureInfo.InvariantCulture)
        );
        Sample sync = new(),
            one = new(),
            many = new(),
            ratio = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            double[] figures = [.. (await child.ReadAsync("slowly"))[1..].Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
            sync.Add(figures[0]);
            one.Add(figures[1]);
            many.Add(figures[2]);
            ratio.Add(figures[2] / figures[1]);
        }
        await child.StopAsync();
        Row.Write("fsync of a page appended to a file, in the same process", sync, "0.00", "ms");
        Row.Write("concurrency 1", one, "N0", "steps/s");
        Row.Write("concurrency 64", many, "N0", "steps/s");
        Row.Write("concurrency 64 against 1", ratio, "0.0", "times", Goal.AtLeast(40));
    }

    /// <summary>What the child does: for each run, one line with what a sync took and the steps per second at 1 and at 64.</summary>
    public static async Task StepAsync(Settings settings)
    {
        await StepsBenchmark.WarmUpAsync(settings, 64);
        for (int run = 0; run < settings.Runs; run++)
        {
            double sync = Sync(settings.Folder);
            double one = await StepsBenchmark.ProductAsync(settings.Folder, 60, Steps, 1);
            double many = await StepsBenchmark.ProductAsync(settings.Folder, 3000, Steps, 64);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"slowly {sync} {one} {many}"));
        }
    }

    private static double Sync(string folder)
    {
        using var file = new FileStream(StoredFile.New(folder), FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.DeleteOnClose);
        var syncs = new Latencies();
        for (int n = 0; n < 20; n++) syncs.Add(LatencyBenchmark.Append(file));
        return syncs.Percentile(0.5);
    }
}
