using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Stores;

namespace Roost.Sqlite.Files;

/// <summary>
/// The workers that run on a file which has an earlier schema. Whoever migrates it would take it from under their steps, so they are named and the file
/// is left as it is.
/// </summary>
internal static class OlderWorkers
{
    private sealed record Worker(string Id, long ProcessId, string Machine, string LockFile, long ExpiresAt);

    /// <summary>Runs within the transaction of the migration, before anything is changed.</summary>
    /// <exception cref="FileRefusedException">A worker lives, or may.</exception>
    public static void Refuse(SqliteConnection db, string path, int version, DateTimeOffset now)
    {
        string prefix = Schema.PrefixOf(version);
        if ((long)Database.Scalar(db, $"SELECT count(*) FROM {prefix}meta WHERE key = 'copy_of'")! > 0) return; // The workers are the original's.
        foreach (Worker worker in All(db, prefix))
        {
            if (WhyItMayLive(worker, path, now) is not { } why) continue;
            throw new FileRefusedException(FileRefusal.OlderWorker, string.Create(CultureInfo.InvariantCulture,
                $"{path} has schema version {version}, and this Roost would migrate it to version {Schema.Version}, but worker {worker.Id} (process " +
                $"{worker.ProcessId} on {worker.Machine}) {why}. Nothing was changed. Stop that program first, or use the file with the Roost that it has."));
        }
    }

    /// <summary>Null where it is dead.</summary>
    private static string? WhyItMayLive(Worker worker, string path, DateTimeOffset now)
    {
        // The lock of a worker of another file of this folder, which this one is a copy of, says nothing here.
        if (worker.LockFile.Length > 0 && worker.LockFile != WorkerLock.NameFor(path, worker.Id)) return null;
        if (WorkerLock.IsFree(WorkerLock.PathOf(Path.GetDirectoryName(path)!, worker.Id, worker.LockFile)) is { } free) return free ? null : "runs on it";
        DateTimeOffset until = StoredTime.Read(worker.ExpiresAt);
        return until <= now
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"may still run on it: whether it lives cannot be seen from here, and its lease lasts until {until:u}"
            );
    }

    private static List<Worker> All(SqliteConnection db, string prefix)
    {
        using SqliteCommand command = db.CreateCommand();
        command.CommandText = $"SELECT id, process_id, machine, lock_file, expires_at FROM {prefix}worker";
        using SqliteDataReader reader = command.ExecuteReader();
        var all = new List<Worker>();
        while (reader.Read()) all.Add(new(reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetInt64(4)));
        return all;
    }
}
