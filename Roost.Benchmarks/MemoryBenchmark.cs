using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>The peak of processes of their own: one that works in a big file, and one that streams an artifact in and out.</summary>
internal static class MemoryBenchmark
{
    private const int Slots = 64;
    private const int Counters = 200;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(Settings settings)
    {
        (int items, int mebibytes) = (settings.Number("--items", 1_000_000), settings.Number("--mebibytes", 1024));
        string stored = await StoredFile.CopyAsync(settings.Folder, StoredMix.Mixed, items);
        Row.Head("memory: the peak working set of a process of its own", settings.Runs);
        Sample working = new(), idle = new(), into = new(), outOf = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            working.Add(Number((await AskAsync("work-in", stored, settings.Number("--seconds", 10)))[1]));
            string path = StoredFile.New(settings.Folder);
            string[] words = await AskAsync("stream", path, mebibytes);
            idle.Add(Number(words[1]));
            into.Add(Number(words[2]));
            outOf.Add(Number(words[3]));
            StoredFile.Delete(path);
        }
        Row.Write($"opens {items:N0} items and steps counters on {Slots} slots beside them", working, "N0", "MB", Goal.AtMost(150));
        Row.Write("an idle runtime", idle, "N0", "MB");
        Row.Write($"an artifact of {mebibytes:N0} MiB in, above idle", into, "N0", "MB", Goal.AtMost(64));
        Row.Write($"the same out, above idle", outOf, "N0", "MB", Goal.AtMost(64));
        StoredFile.Delete(stored);
    }

    /// <summary>A child's verb: works in a file for a while.</summary>
    public static async Task WorkAsync(Settings settings)
    {
        await using var roost = new RoostRuntime(new RoostOptions { Path = settings.Text("--file")!, Concurrency = Slots });
        foreach (string engine in StoredEngine.Ids) roost.AddEngine(new StoredEngine(engine));
        roost.AddEngine(new CounterEngine());
        await roost.EnqueueAsync(Enumerable.Range(0, Counters).Select(_ => new WorkItem("counter", new Target(int.MaxValue))));
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(settings.Number("--size", 10)));
        await roost.RunAsync(stop.Token);
        Say(Machine.PeakMegabytes);
    }

    /// <summary>A child's verb: idles, then streams an artifact into the file, then out of it.</summary>
    public static async Task StreamAsync(Settings settings)
    {
        long bytes = settings.Number("--size", 1024) * 1024L * 1024;
        await using var roost = new RoostRuntime(settings.Text("--file")!);
        roost.AddEngine(new UploadEngine());
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await UploadAsync(roost, 1);
        await Task.Delay(Settle);
        Machine.ForgetPeak();
        double idle = Machine.PeakMegabytes;
        string id = await UploadAsync(roost, bytes);
        double into = Machine.PeakMegabytes - idle;
        await Task.Delay(Settle);
        Machine.ForgetPeak();
        await using (Stream content = await roost.OpenArtifactAsync(id, UploadEngine.Name))
        {
            await content.CopyToAsync(Stream.Null);
            if (content.Length != bytes) throw new InvalidOperationException($"The artifact has {content.Length} bytes where {bytes} are right.");
        }
        double outOf = Machine.PeakMegabytes - idle;
        await stop.CancelAsync();
        await loop;
        Say(idle, into, outOf);
    }

    private static async Task<string> UploadAsync(RoostRuntime roost, long bytes)
    {
        string id = (await roost.EnqueueAsync(new WorkItem("upload", new Upload(bytes)))).Id;
        WorkSummary ended = await roost.WaitAsync(id);
        return ended.State == WorkState.Done ? id : throw new InvalidOperationException($"The upload ended as {ended.State}.");
    }

    private static async Task<string[]> AskAsync(string verb, string path, int size)
    {
        await using Child child = Child.Start(verb, "--file", path, "--size", size.ToString(CultureInfo.InvariantCulture));
        string[] words = await child.ReadAsync("peak");
        await child.StopAsync();
        return words;
    }

    private static void Say(params double[] megabytes) =>
        Console.WriteLine("peak " + string.Join(' ', megabytes.Select(each => each.ToString("0.0", CultureInfo.InvariantCulture))));

    private static double Number(string word) => double.Parse(word, CultureInfo.InvariantCulture);
}
