using System.Diagnostics;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Roost.Benchmarks;

/// <summary>What one writes without a library: a loop that reads a row, changes it and saves it, a transaction each.</summary>
internal static class NaiveLoop
{
    public static Rival Rival(string folder) => new("a while loop on SQLite, 1 thread",
        "journal_mode=WAL, synchronous=FULL, one transaction per step: a step that was saved survives a killed process and a power cut; steps of one item " +
        "are kept apart only because one thread does everything: no claims, no retries, no history, no events",
        true, (items, steps) => WorkAsync(folder, items, steps));

    private static async Task<TimeSpan> WorkAsync(string folder, int items, int steps)
    {
        string path = StoredFile.New(folder);
        TimeSpan time;
        using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            Execute(connection, null, "PRAGMA journal_mode = WAL");
            Execute(connection, null, "PRAGMA synchronous = FULL");
            Execute(connection, null, "CREATE TABLE item (id TEXT PRIMARY KEY, state TEXT NOT NULL, done INTEGER NOT NULL)");
            Execute(connection, null, "CREATE INDEX item_open ON item (id) WHERE done = 0");
            using (SqliteTransaction fill = connection.BeginTransaction())
            {
                for (int n = 0; n < items; n++)
                    Execute(
                        connection,
                        fill,
                        "INSERT INTO item (id, state, done) VALUES (@id, @state, 0)",
                        ("@id", Guid.CreateVersion7().ToString()),
                        ("@state", JsonSerializer.Serialize(Tally.First(steps), RoostJson.Default))
                    );
                fill.Commit();
            }
            var tally = new Tally(items, steps);
            var watch = Stopwatch.StartNew();
            while (StepNext(connection, tally)) { }
            time = watch.Elapsed;
            await tally.WaitAsync();
        }
        StoredFile.Delete(path);
        return time;
    }

    /// <summary>One step of the first item that is not done; false where all are.</summary>
    private static bool StepNext(SqliteConnection connection, Tally tally)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        (string id, Counter state) = ("", null!);
        using (SqliteCommand select = connection.CreateCommand())
        {
            select.Transaction = transaction;
            select.CommandText = "SELECT id, state FROM item WHERE done = 0 ORDER BY id LIMIT 1";
            using SqliteDataReader reader = select.ExecuteReader();
            if (!reader.Read()) return false;
            (id, state) = (reader.GetString(0), JsonSerializer.Deserialize<Counter>(reader.GetString(1), RoostJson.Default)!);
        }
        state = tally.Step(state);
        Execute(connection, transaction, "UPDATE item SET state = @state, done = @done WHERE id = @id",
            ("@state", JsonSerializer.Serialize(state, RoostJson.Default)), ("@done", state.Count == state.Target ? 1 : 0), ("@id", id));
        transaction.Commit();
        return true;
    }

    private static void Execute(SqliteConnection connection, SqliteTransaction? transaction, string sql, params (string Name, object Value)[] parameters)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach ((string name, object value) in parameters) command.Parameters.AddWithValue(name, value);
        command.ExecuteNonQuery();
    }
}
