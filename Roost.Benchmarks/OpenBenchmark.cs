using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;

namespace Roost.Benchmarks;

/// <summary>
/// Opening a big file: the constructor, again and again in one process, and once in a process that has opened nothing before. And opening one that is new.
/// </summary>
internal static class OpenBenchmark
{
    private const string Said = "opened";

    public static async Task RunAsync(Settings settings)
    {
        (int items, int opens) = (settings.Number("--items", 1_000_000), settings.Number("--opens", 50));
        string path = await StoredFile.CopyAsync(settings.Folder, StoredMix.Mixed, items);
        Row.Head($"open: milliseconds of the constructor on a file of {items:N0} items, {opens} openings in each run", settings.Runs);
        Sample half = new(), most = new(), first = new(), made = new(), inTurn = new();
        await OpenAsync(path);
        await MakeAsync(settings.Folder);
        for (int run = 0; run < settings.Runs; run++)
        {
            var found = new Latencies();
            for (int open = 0; open < opens; open++) found.Add(await OpenAsync(path));
            half.Add(found.Percentile(0.5));
            most.Add(found.Max);
            await using Child child = Child.Start("open-once", "--file", path);
            first.Add(double.Parse((await child.ReadAsync(Said))[1], System.Globalization.CultureInfo.InvariantCulture));
            await child.StopAsync();
            var fresh = new Latencies();
            for (int open = 0; open < opens; open++) fresh.Add(await MakeAsync(settings.Folder));
            made.Add(fresh.Percentile(0.5));
            inTurn.Add(Tables(opens, db => Schema.RunScripts(db, 0, Schema.Version)) / Tables(opens, Schema.Make));
        }
        Row.Write("opening, p50", half, "0.0", "ms", Goal.AtMost(50));
        Row.Write("opening, longest", most, "0.0", "ms", Goal.AtMost(50));
        Row.Write("the first opening of a process, loading and compiling the code included", first, "0.0", "ms");
        Row.Write("opening a new file, p50", made, "0.0", "ms", Goal.AtMost(50));
        Row.Write($"its tables made by {Schema.Version} versions in turn beside one script", inTurn, "0.0", "times");
        StoredFile.Delete(path);
    }

    /// <summary>A child's verb.</summary>
    public static async Task OnceAsync(Settings settings) =>
        Console.WriteLine(FormattableString.Invariant($"{Said} {(await OpenAsync(settings.Text("--file")!)).TotalMilliseconds:0.0}"));

    private static async Task<TimeSpan> MakeAsync(string folder)
    {
        string path = Path.Combine(folder, "new.db");
        StoredFile.Delete(path);
        TimeSpan took = await OpenAsync(path);
        StoredFile.Delete(path);
        return took;
    }

    private static TimeSpan Tables(int times, Action<SqliteConnection> make)
    {
        TimeSpan took = TimeSpan.Zero;
        for (int i = 0; i < times; i++)
        {
            using var db = new SqliteConnection("Data Source=:memory:");
            db.Open();
            long began = Stopwatch.GetTimestamp();
            make(db);
            took += Stopwatch.GetElapsedTime(began);
        }
        return took;
    }

    private static async Task<TimeSpan> OpenAsync(string path)
    {
        long began = Stopwatch.GetTimestamp();
        var roost = new RoostRuntime(path);
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        await roost.DisposeAsync();
        return took;
    }
}
