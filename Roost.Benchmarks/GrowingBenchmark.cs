using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Roost.Benchmarks;

/// <summary>
/// What a state costs that grows by a kilobyte a turn, as a transcript does: bytes of the log above those of a state of 200 bytes, for several shapes, with
/// checkpoints off; the time and the memory of the whole; and how long it takes to read versions of it.
/// </summary>
internal static class GrowingBenchmark
{
    public const string Part = "grow", Check = "check-grown";

    private const int Window = 100;
    private const int SideBySide = 64;
    private const int TurnsOfMany = 20;
    private const int Readings = 9;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);

    private static readonly GrowthShape[] Shapes = [GrowthShape.ListLast, GrowthShape.ListFirst, GrowthShape.TwoLists, GrowthShape.Dictionary];

    public static async Task RunAsync(Settings settings)
    {
        int turns = settings.Number("--turns", 1000);
        Row.Head($"growing: {turns:N0} turns, a kilobyte more in each", settings.Runs);
        var rows = Shapes.ToDictionary(shape => shape, _ => new Figures());
        Sample side = new(), smallSeconds = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            Run small = await AskAsync(settings.Folder, GrowthShape.Small, turns, 1);
            smallSeconds.Add(small.Seconds);
            foreach (GrowthShape shape in Shapes) rows[shape].Add(await AskAsync(settings.Folder, shape, turns, 1), small);
            side.Add((await AskAsync(settings.Folder, GrowthShape.ListLast, turns, SideBySide)).Megabytes);
        }
        Row.Write("Small, the whole", smallSeconds, "0.00", "s");
        foreach ((GrowthShape shape, Figures figures) in rows) figures.Write(shape, turns);
        Row.Write($"{SideBySide} of ListLast side by side, peak above idle", side, "N0", "MB", Goal.AtMost(400));
        await WriteOthersAsync(settings, turns);
        await WriteCheckAsync(settings, items: turns * 10);
    }

    private sealed record Run(double Early, double Late, double Log, double Seconds, double Megabytes, double Read, double Open);

    private sealed class Figures
    {
        private readonly Sample early = new(), late = new(), ratio = new(), log = new(), seconds = new(), memory = new(), read = new(), open = new();

        public void Add(Run run, Run small)
        {
            early.Add(run.Early - small.Early);
            late.Add(run.Late - small.Late);
            ratio.Add((run.Late - small.Late) / (run.Early - small.Early));
            log.Add((run.Log - small.Log) / 1e6);
            seconds.Add(run.Seconds);
            memory.Add(run.Megabytes);
            read.Add(run.Read);
            open.Add(run.Open);
        }

        public void Write(GrowthShape shape, int turns)
        {
            Row.Write($"{shape}, log bytes above a small state's, a turn, from turn {turns / 10}", early, "N0", "bytes");
            Row.Write($"{shape}, the same from turn {turns - Window}", late, "N0", "bytes");
            Row.Write($"{shape}, the one by the other", ratio, "0.00", "", Goal.AtMost(1.1));
            Row.Write($"{shape}, the log of the whole above a small state's", log, "0.0", "MB", Goal.AtMost(12));
            Row.Write($"{shape}, the whole", seconds, "0.00", "s", Goal.AtMost(1.5));
            Row.Write($"{shape}, peak above idle", memory, "N0", "MB", Goal.AtMost(40));
            Row.Write($"{shape}, reading a version, the slowest", read, "0.0", "ms", Goal.AtMost(10));
            Row.Write($"{shape}, opening the file and the last version", open, "0.0", "ms", Goal.AtMost(10));
        }
    }

    /// <summary>
    /// What stays as large as it is, so that it is written whole whenever what has changed adds up to it; and what nothing can be left out of: what it costs to
    /// write it, and to free what is trimmed.
    /// </summary>
    private static async Task WriteOthersAsync(Settings settings, int turns)
    {
        Sample replaced = new(), with = new(), without = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            double small = (await AskAsync(settings.Folder, GrowthShape.Small, turns, 1)).Log;
            replaced.Add(((await AskAsync(settings.Folder, GrowthShape.Replaced, turns, 1)).Log - small) / turns);
            with.Add((await AskAsync(settings.Folder, GrowthShape.Random, turns / 5, 1)).Log / (turns / 5) / 1e6);
            without.Add((await AskAsync(settings.Folder, GrowthShape.Random, turns / 5, 1, keepsAll: true)).Log / (turns / 5) / 1e6);
        }
        Row.Write("Replaced, log bytes above a small state's, the mean of all turns", replaced, "N0", "bytes");
        Row.Write("Random, log a turn", with, "0.00", "MB");
        Row.Write("Random, log a turn where nothing is trimmed", without, "0.00", "MB");
    }

    /// <summary>What a check takes that puts every version of many items together.</summary>
    private static async Task WriteCheckAsync(Settings settings, int items)
    {
        Sample memory = new(), seconds = new();
        string path = StoredFile.New(settings.Folder);
        await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = SideBySide, Durability = Durability.None }))
        {
            roost.AddEngine(Growing.Engine(GrowthShape.ListLast));
            await roost.EnqueueAsync(
                Enumerable.Range(0, items).Select(_ => new WorkItem(Growing.EngineOf(GrowthShape.ListLast), new Growth(TurnsOfMany)))
            );
            await roost.RunUntilIdleAsync();
        }
        for (int run = 0; run < settings.Runs; run++)
        {
            await using Child child = Child.Start(Check, "--file", path);
            string[] words = await child.ReadAsync("checked");
            await child.StopAsync();
            memory.Add(double.Parse(words[1], CultureInfo.InvariantCulture));
            seconds.Add(double.Parse(words[2], CultureInfo.InvariantCulture));
        }
        StoredFile.Delete(path);
        Row.Write($"a full check of {items:N0} items of {TurnsOfMany + 1} versions, peak of its process", memory, "N0", "MB", Goal.AtMost(150));
        Row.Write("the same, its time", seconds, "0.0", "s");
    }

    /// <summary>A child's verb: checks a file, and says what that took.</summary>
    public static async Task CheckAsync(Settings settings)
    {
        long began = Stopwatch.GetTimestamp();
        FileCheck contents = (await RoostRuntime.CheckFileAsync(settings.Text("--file")!)).Single(check => check.Name == "contents");
        if (contents.Status != CheckStatus.Ok) throw new InvalidOperationException(contents.Found);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"checked {Machine.PeakMegabytes} {seconds}"));
    }

    private static async Task<Run> AskAsync(string folder, GrowthShape shape, int turns, int items, bool keepsAll = false)
    {
        string path = StoredFile.New(folder);
        string all = keepsAll ? "--all" : "";
        await using Child child = Child.Start(Part, "--file", path, "--shape", $"{shape}", "--turns", $"{turns}", "--items", $"{items}", all);
        string[] words = await child.ReadAsync("grown");
        await child.StopAsync();
        StoredFile.Delete(path);
        double[] figures = [.. words.Skip(1).Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
        return new(figures[0], figures[1], figures[2], figures[3], figures[4], figures[5], figures[6]);
    }

    /// <summary>A child's verb: steps items of one shape through their turns, and says what that took.</summary>
    public static async Task OnceAsync(Settings settings)
    {
        (string path, int turns, int items) = (settings.Text("--file")!, settings.Number("--turns", 1000), settings.Number("--items", 1));
        var shape = Enum.Parse<GrowthShape>(settings.Text("--shape")!);
        long[] log = new long[turns + 1];
        var options = new RoostOptions { Path = path, Concurrency = items };
        if (settings.Has("--all")) options = options with { HistoryLast = 1_000_000 };
        (double seconds, double megabytes, string[] ids) = (0, 0, []);
        await using (var roost = new RoostRuntime(options))
        {
            Action<int>? note = items > 1 ? null : turn => log[turn] = new FileInfo(path + "-wal").Length;
            roost.AddEngine(Growing.Engine(shape, note));
            using SqliteConnection? holder = items == 1 ? HoldLog(path) : null;
            await roost.EnqueueAsync(new WorkItem(Growing.EngineOf(shape), new Growth(3))); // What a process takes to run at all is not the state's.
            await roost.RunUntilIdleAsync();
            GC.Collect();
            await Task.Delay(Settle);
            Machine.ForgetPeak();
            double idle = Machine.PeakMegabytes;
            long began = Stopwatch.GetTimestamp();
            EnqueueResult[] queued =
            [
                .. await roost.EnqueueAsync(Enumerable.Range(0, items).Select(_ => new WorkItem(Growing.EngineOf(shape), new Growth(turns)))),
            ];
            await roost.RunUntilIdleAsync();
            seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            megabytes = Machine.PeakMegabytes - idle;
            log[turns] = new FileInfo(path + "-wal").Length;
            ids = [.. queued.Select(each => each.Id)];
        }
        (double read, double open) = items > 1 ? (0, 0) : await ReadAsync(options, ids[0]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"grown {Mean(log, turns / 10)} {Mean(log, turns - Window)} {log[turns]} {seconds} {megabytes} {read} {open}"));
    }

    /// <summary>A reader that stays where it is: the log cannot begin anew meanwhile, so that its length tells what was written.</summary>
    private static SqliteConnection HoldLog(string path)
    {
        var holder = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=false");
        holder.Open();
        using SqliteCommand read = holder.CreateCommand();
        read.CommandText = "BEGIN; SELECT count(*) FROM roost_work";
        read.ExecuteScalar();
        return holder;
    }

    private static double Mean(long[] log, int from)
    {
        int to = Math.Min(from + Window, log.Length - 1);
        return (log[to] - log[Math.Max(from, 0)]) / (double)Math.Max(1, to - from);
    }

    /// <summary>The slowest of the kept versions, each by the median of some readings; and the last, by a runtime that has just opened the file.</summary>
    private static async Task<(double Read, double Open)> ReadAsync(RoostOptions options, string id)
    {
        double slowest = 0;
        await using (var roost = new RoostRuntime(options))
        {
            IReadOnlyList<SnapshotVersion> kept = await roost.ListHistoryAsync(id);
            foreach (SnapshotVersion version in kept) await roost.GetSnapshotAsync(id, version.Version); // What compiles is not the state's.
            foreach (SnapshotVersion version in kept)
            {
                double[] times = new double[Readings];
                for (int n = 0; n < Readings; n++)
                {
                    long began = Stopwatch.GetTimestamp();
                    await roost.GetSnapshotAsync(id, version.Version);
                    times[n] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                }
                slowest = Math.Max(slowest, times.Order().ElementAt(Readings / 2));
            }
        }
        double open = double.MaxValue;
        for (int n = 0; n < 5; n++)
        {
            await using var roost = new RoostRuntime(options);
            long began = Stopwatch.GetTimestamp();
            await roost.GetSnapshotAsync(id);
            open = Math.Min(open, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return (slowest, open);
    }
}
