using System.Diagnostics;
using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>From the kill -9 of a worker to the start of its step in another that stands by.</summary>
internal static class TakeoverBenchmark
{
    public static async Task RunAsync(Settings settings)
    {
        int kills = settings.Number("--kills", 25);
        Row.Head($"takeover: milliseconds from kill -9 to the step's start in a worker that stands by; {kills} kills in each run", settings.Runs);
        Sample half = new(), tail = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            Latencies found = await MeasureAsync(settings.Folder, kills);
            half.Add(found.Percentile(0.5));
            tail.Add(found.Percentile(0.99));
        }
        Row.Write("takeover, p50", half, "N0", "ms");
        Row.Write("takeover, p99", tail, "N0", "ms", Goal.AtMost(1000));
    }

    private static async Task<Latencies> MeasureAsync(string folder, int kills)
    {
        string path = StoredFile.New(folder);
        var found = new Latencies();
        await using (var roost = new RoostRuntime(path))
        {
            Child working = await MomentEngine.StartChildAsync(roost);
            try
            {
                for (int kill = 0; kill < kills; kill++)
                {
                    string id = (await roost.EnqueueAsync(new WorkItem(MomentEngine.Id, new Moment(Holds: true)))).Id;
                    await StartedAsync(working, id);
                    Child standby = await MomentEngine.StartChildAsync(roost);
                    await Task.Delay(200 + kill * 37 % 500);
                    long killed = Stopwatch.GetTimestamp();
                    working.Kill();
                    found.Add(Stopwatch.GetElapsedTime(killed, await StartedAsync(standby, id)));
                    await working.DisposeAsync();
                    working = standby;
                    await roost.CancelAsync(id);
                    await roost.WaitAsync(id);
                }
                await working.StopAsync();
            }
            finally
            {
                await working.DisposeAsync();
            }
        }
        StoredFile.Delete(path);
        return found;
    }

    /// <summary>When the item's step after its first one starts.</summary>
    private static async Task<long> StartedAsync(Child child, string id)
    {
        string[] words = await child.ReadAsync("started");
        while (words[1] != id || words[2] == "0") words = await child.ReadAsync("started");
        return long.Parse(words[3], CultureInfo.InvariantCulture);
    }
}
