using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;

namespace Roost.Benchmarks;

/// <summary>Opening a big file of the schema before the last one: the migration, in a process of its own, and what it does to the file.</summary>
internal static class MigrateBenchmark
{
    public const string Part = "migrate-once";

    private const string Said = "migrated";
    private const double Megabyte = 1_000_000;

    public static async Task RunAsync(Settings settings)
    {
        int items = settings.Number("--items", 1_000_000);
        string old = await KeepAsync(settings.Folder, items), path = Path.Combine(settings.Folder, "migrated.db");
        Row.Head($"migrate: opening a file of {items:N0} items of schema {Schema.LastOfShortNames} by a Roost of schema {Schema.Version}", settings.Runs);
        Sample seconds = new(), memory = new(), before = new(), after = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            StoredFile.Delete(path);
            File.Copy(old, path);
            before.Add(new FileInfo(path).Length / Megabyte);
            await using Child child = Child.Start(Part, "--file", path);
            string[] said = await child.ReadAsync(Said);
            await child.StopAsync();
            seconds.Add(double.Parse(said[1], CultureInfo.InvariantCulture));
            memory.Add(double.Parse(said[2], CultureInfo.InvariantCulture));
            after.Add(new FileInfo(path).Length / Megabyte);
        }
        Row.Write("the opening that migrates", seconds, "0.0", "s");
        Row.Write("peak memory of its process", memory, "0", "MB");
        Row.Write("the file before", before, "0", "MB");
        Row.Write("the file after, with the pages that are free in it", after, "0", "MB");
        StoredFile.Delete(path);
    }

    /// <summary>A child's verb.</summary>
    public static async Task OnceAsync(Settings settings)
    {
        long began = Stopwatch.GetTimestamp();
        var roost = new RoostRuntime(settings.Text("--file")!);
        double took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await roost.DisposeAsync();
        Console.WriteLine(FormattableString.Invariant($"{Said} {took:0.00} {Process.GetCurrentProcess().PeakWorkingSet64 / Megabyte:0}"));
    }

    /// <summary>A mixed file as the schema before the last one had it: its scripts are run, and every table is filled from the file of today.</summary>
    private static async Task<string> KeepAsync(string folder, int items)
    {
        string path = Path.Combine(folder, FormattableString.Invariant($"stored-schema{Schema.LastOfShortNames}-{items}.db"));
        if (File.Exists(path)) return path;
        string today = await StoredFile.KeepAsync(folder, StoredMix.Mixed, items), making = path + ".making";
        StoredFile.Delete(making);
        using (var db = new SqliteConnection($"Data Source={making};Pooling=false"))
        {
            db.Open();
            Database.Execute(db, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
            foreach (string script in Schema.Scripts.Take(Schema.LastOfShortNames)) Database.Execute(db, Schema.Script(script));
            Database.Execute(db, $"ATTACH '{today}' AS today");
            foreach (string table in Names(db, "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"))
            {
                string columns = string.Join(", ", Names(db, $"SELECT name FROM pragma_table_info('{table}')"));
                Database.Execute(db, $"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM today.roost_{table}");
            }
            Database.Execute(
                db,
                FormattableString.Invariant($"PRAGMA application_id = {Database.ApplicationId}; PRAGMA user_version = {Schema.LastOfShortNames}"));
        }
        File.Move(making, path);
        return path;
    }

    private static List<string> Names(SqliteConnection db, string sql)
    {
        using SqliteCommand command = db.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read()) names.Add(reader.GetString(0));
        return names;
    }
}
