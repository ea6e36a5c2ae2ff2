using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>Opening a big file: the constructor, again and again in one process, and once in a process that has opened nothing before.</summary>
internal static class OpenBenchmark
{
    private const string Said = "opened";

    public static async Task RunAsync(Settings settings)
    {
        (int items, int opens) = (settings.Number("--items", 1_000_000), settings.Number("--opens", 50));
        string path = await StoredFile.CopyAsync(settings.Folder, StoredMix.Mixed, items);
        Row.Head($"open: milliseconds of the constructor on a file of {items:N0} items, {opens} openings in each run", settings.Runs);
        Sample half = new(), most = new(), first = new();
        await OpenAsync(path);
        for (int run = 0; run < settings.Runs; run++)
        {
            var found = new Latencies();
            for (int open = 0; open < opens; open++) found.Add(await OpenAsync(path));
            half.Add(found.Percentile(0.5));
            most.Add(found.Max);
            await using Child child = Child.Start("open-once", "--file", path);
            first.Add(double.Parse((await child.ReadAsync(Said))[1], System.Globalization.CultureInfo.InvariantCulture));
            await child.StopAsync();
        }
        Row.Write("opening, p50", half, "0.0", "ms", Goal.AtMost(50));
        Row.Write("opening, longest", most, "0.0", "ms", Goal.AtMost(50));
        Row.Write("the first opening of a process, loading and compiling the code included", first, "0.0", "ms");
        StoredFile.Delete(path);
    }

    /// <summary>A child's verb.</summary>
    public static async Task OnceAsync(Settings settings) =>
        Console.WriteLine(FormattableString.Invariant($"{Said} {(await OpenAsync(settings.Text("--file")!)).TotalMilliseconds:0.0}"));

    private static async Task<TimeSpan> OpenAsync(string path)
    {
        long began = Stopwatch.GetTimestamp();
        var roost = new RoostRuntime(path);
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        await roost.DisposeAsync();
        return took;
    }
}
