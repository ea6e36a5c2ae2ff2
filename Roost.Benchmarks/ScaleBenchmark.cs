using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Roost.Sqlite;
using Roost.Sqlite.Writing;
using Roost.Stores;

namespace Roost.Benchmarks;

/// <summary>
/// What a step costs beside few and many stored items of one kind. As many fresh items as are stepped are added first, so that the stock stays;
/// each has two steps, its first and the one that finishes it, so that claiming and finishing are half of what is counted.
/// </summary>
internal static class ScaleBenchmark
{
    private const int Slots = 64;
    private const int Warm = 1000;
    private const int Claims = 1000;

    /// <param name="Name">How it is called.</param>
    /// <param name="Mix">What is stored.</param>
    /// <param name="Engine">Whose items are stepped: of the stored ones where they are ready, else fresh ones.</param>
    /// <param name="Shuffled">The order in which the items are ready has nothing to do with their age.</param>
    private sealed record Kind(string Name, StoredMix Mix, string Engine, bool Shuffled = false);

    private static readonly Kind[] Kinds =
    [
        new("ready, worked in age order", StoredMix.Ready, "archive"),
        new("ready, of an engine that nobody serves", StoredMix.Ready, "fetch"),
        new("delayed", StoredMix.Delayed, "fetch"),
        new("blocked on one resource", StoredMix.Blocked, "fetch"),
        new("done", StoredMix.Done, "fetch"),
        new("dead", StoredMix.Dead, "fetch"),
        new("ready, worked in random order", StoredMix.Ready, "archive", Shuffled: true),
    ];

    private sealed record Found(StepCost Cost, double PerSecond, double ClaimTail);

    public static async Task RunAsync(Settings settings)
    {
        int[] sizes = settings.Numbers("--items", 1000, 100_000, 1_000_000);
        int steps = settings.Number("--steps", 20_000);
        Row.Head(
            $"scale: what a step costs with {string.Join(", ", sizes.Select(size => size.ToString("N0", CultureInfo.InvariantCulture)))} items stored; " +
            $"counts at concurrency 1, steps/s at {Slots}",
            settings.Runs
        );
        await MeasureAsync(settings.Folder, Kinds[0], sizes[0], steps);
        foreach (Kind kind in Kinds.Where(kind => settings.Text("--only") is not { } only || kind.Name.Contains(only, StringComparison.Ordinal)))
        {
            var found = new List<Found>[sizes.Length];
            for (int size = 0; size < sizes.Length; size++) found[size] = [];
            for (int run = 0; run < settings.Runs; run++)
                for (int size = 0; size < sizes.Length; size++) found[size].Add(await MeasureAsync(settings.Folder, kind, sizes[size], steps));
            Goal? same = kind.Shuffled ? null : Goal.AtMost(1.05);
            Write(kind, "virtual-machine steps per step", found, each => each.Cost.MachineSteps, "N1", same);
            Write(kind, "pages looked at per step", found, each => each.Cost.PagesAsked, "N2", null);
            Write(kind, "pages read from the file and written per step", found, each => each.Cost.PagesRead + each.Cost.PagesWritten, "N2", same);
            Row.Write($"{kind.Name}: pages read from the file per step, {sizes[^1]:N0} stored", SampleOf(found[^1], each => each.Cost.PagesRead), "N3", "");
            Write(kind, "bytes of log per step", found, each => each.Cost.LogBytes, "N0", null);
            Write(kind, "steps/s", found, each => each.PerSecond, "N0", Goal.AtLeast(kind.Shuffled ? 0.33 : 0.8));
            Row.Write($"{kind.Name}: claim, p99, {sizes[^1]:N0} stored", SampleOf(found[^1], each => each.ClaimTail), "N0", "microseconds", Goal.AtMost(100));
        }
    }

    private static void Write(Kind kind, string what, List<Found>[] found, Func<Found, double> figure, string format, Goal? goal)
    {
        string[] medians = [.. found.Select(each => SampleOf(each, figure).Median.ToString(format, CultureInfo.InvariantCulture))];
        var ratio = new Sample();
        for (int run = 0; run < found[0].Count; run++) ratio.Add(figure(found[^1][run]) / figure(found[0][run]));
        Row.Write($"{kind.Name}: {what}: {string.Join(", ", medians)}; last to first", ratio, "0.000", "times", goal);
    }

    private static Sample SampleOf(List<Found> found, Func<Found, double> figure)
    {
        var sample = new Sample();
        foreach (Found each in found) sample.Add(figure(each));
        return sample;
    }

    private static async Task<Found> MeasureAsync(string folder, Kind kind, int items, int steps)
    {
        string path = await StoredFile.CopyAsync(folder, kind.Mix, items);
        if (kind.Shuffled) await ShuffleAsync(path);
        StepCost cost = await OpenedAsync(path, kind, 1, async (roost, stint) =>
        {
            await FreshAsync(roost, kind, Warm + steps / 10);
            await StepCost.StopCheckpointsAsync(roost);
            await stint.RunAsync(roost, Warm);
            return await StepCost.OfAsync(roost, stint, steps / 10);
        });
        double perSecond = await OpenedAsync(path, kind, Slots, async (roost, stint) =>
        {
            await FreshAsync(roost, kind, Warm + steps);
            await stint.RunAsync(roost, Warm);
            return (await stint.RunAsync(roost, steps)).PerSecond;
        });
        double tail = await OpenedAsync(path, kind, 1, async (roost, _) =>
        {
            await FreshAsync(roost, kind, 2 * Claims);
            return await ClaimTailAsync(roost, new StoredEngine(kind.Engine));
        });
        StoredFile.Delete(path);
        return new(cost, perSecond, tail);
    }

    private static async Task<T> OpenedAsync<T>(string path, Kind kind, int slots, Func<RoostRuntime, Stint, Task<T>> measureAsync)
    {
        var stint = new Stint();
        await using var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = slots });
        roost.AddEngine(new StoredEngine(kind.Engine, stint.Started));
        return await measureAsync(roost, stint);
    }

    private static async Task FreshAsync(RoostRuntime roost, Kind kind, int steps) =>
        await roost.EnqueueAsync(Enumerable.Range(0, steps / 2 + Slots).Select(_ => new WorkItem(kind.Engine, new Fate(StoredEngine.Finish))));

    /// <summary>Claims one item after the other, each in a transaction of its own; the claim alone is timed, in microseconds.</summary>
    private static async Task<double> ClaimTailAsync(RoostRuntime roost, StoredEngine engine)
    {
        var found = new Latencies();
        var served = new Dictionary<string, EngineFacts> { [engine.EngineId] = EngineFacts.Of(engine) };
        WorkerSeat seat = await WorkerSeat.TakeAsync(
            roost.Path,
            roost.Options,
            SqliteStore.Of(roost).Writer,
            [EngineFacts.Of(engine)],
            NullLogger.Instance,
            CancellationToken.None
        );
        var claimed = new List<LeasedWork>();
        for (int claim = 0; claim < Claims + Claims / 10; claim++)
        {
            var ledger = new SlotLedger(seat.Key, seat.Id, served, roost.Options.ServedQueues, 1, 1, taker: null!);
            TimeSpan took = await SqliteStore.Of(roost).Writer.RunAsync(session =>
            {
                long began = Stopwatch.GetTimestamp();
                session.Claim.Fill(ledger, claimed);
                return Stopwatch.GetElapsedTime(began);
            });
            if (claim >= Claims / 10) found.Add(took);
        }
        if (claimed.Count != Claims + Claims / 10)
            throw new InvalidOperationException($"{claimed.Count} items were claimed where {Claims + Claims / 10} are right.");
        await seat.LeaveAsync(SqliteStore.Of(roost).Writer);
        return found.Percentile(0.99) * 1000;
    }

    private static async Task ShuffleAsync(string path)
    {
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        await connection.OpenAsync();
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "UPDATE roost_work SET ready_seq = (random() & 0xFFFFFFFFFFFFF) - 0xFFFFFFFFFFFFF WHERE ready_seq IS NOT NULL";
        await command.ExecuteNonQueryAsync();
    }
}
