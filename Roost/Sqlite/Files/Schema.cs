using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Sqlite.Files;

/// <summary>
/// The versions of the schema, each one script; the file says in <c>user_version</c> which it has. A new file is made by one more, of what all of them make
/// in turn (<c>schema.sql</c>): <c>open</c> of the benchmarks has how much quicker that is.
/// </summary>
internal static class Schema
{
    /// <summary>The names of the scripts, in the order of the versions. What has landed never changes: another version is added.</summary>
    public static readonly IReadOnlyList<string> Scripts =
    [
        "001_initial.sql", "002_payload_hash.sql", "003_real_use.sql", "004_names.sql", "005_waiting.sql",
        "006_children_and_pauses.sql", "007_traces.sql", "008_differences.sql", "009_effects.sql", "010_streams.sql",
    ];

    /// <summary>The last version whose tables are not called roost_...</summary>
    public const int LastOfShortNames = 3;

    internal sealed class ObjectRow
    {
        public string Name { get; init; } = "";
        public string Text { get; init; } = "";
    }

    public static int Version => Scripts.Count;

    /// <summary>What the names of the tables begin with in a file of this version, for who reads one that is not migrated.</summary>
    public static string PrefixOf(long version) => version > LastOfShortNames ? "roost_" : "";

    /// <summary>Creates or migrates in one transaction; a newer or foreign file is refused untouched.</summary>
    public static void Migrate(SqliteConnection connection, string path, RoostOptions options)
    {
        if (IsCurrentNow(connection, path))
        {
            VerifyJournal(connection, path, options);
            return;
        }
        Database.Execute(connection, "PRAGMA auto_vacuum = INCREMENTAL");
        SetJournal(connection, path);
        using (SqliteTransaction transaction = connection.BeginTransaction(deferred: false))
        {
            if (!IsCurrent(connection, path))
            {
                int from = Number(connection, "PRAGMA user_version");
                if (from > 0) OlderWorkers.Refuse(connection, path, from, options.TimeProvider.GetUtcNow());
                if (from is > 0 and <= LastOfShortNames) EarlySchema.Mend(connection);
                if (from == 0) Make(connection);
                else RunScripts(connection, from, Version);
                if (from == 0) Identify(connection, path, options);
                Database.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {Database.ApplicationId}"));
                Database.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Scripts.Count}"));
            }
            transaction.Commit();
        }
        VerifyJournal(connection, path, options);
    }

    /// <summary>The first table or index that is not as the scripts up to a version make it, or is missing; null where all are.</summary>
    public static string? FirstDifference(SqliteConnection connection, long version)
    {
        using var made = new SqliteConnection("Data Source=:memory:");
        made.Open();
        if (version == Version) Make(made);
        else RunScripts(made, 0, (int)version);
        const string Objects = "SELECT name AS Name, type || ' ' || tbl_name || ' ' || coalesce(sql, '') AS Text FROM sqlite_schema";
        var found = connection.Query<ObjectRow>(Objects).ToDictionary(each => each.Name, each => each.Text);
        return made.Query<ObjectRow>(Objects).FirstOrDefault(each => found.GetValueOrDefault(each.Name) != each.Text)?.Name;
    }

    /// <summary>Makes the tables of a new file.</summary>
    public static void Make(SqliteConnection connection) => Database.ExecuteScript(connection, Resource("schema.sql"));

    /// <summary>Makes what versions bring that come after one, up to another and with that.</summary>
    public static void RunScripts(SqliteConnection connection, int from, int to)
    {
        for (int version = from; version < to; version++) Database.ExecuteScript(connection, Script(Scripts[version]));
    }

    /// <summary>Reads everything in one transaction, so that a file which another process is creating is not taken for a foreign one.</summary>
    private static bool IsCurrentNow(SqliteConnection connection, string path)
    {
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
        return IsCurrent(connection, path);
    }

    /// <summary>True for a file of this version, false for a new or older one.</summary>
    private static bool IsCurrent(SqliteConnection connection, string path)
    {
        int application = Number(connection, "PRAGMA application_id");
        int version = Number(connection, "PRAGMA user_version");
        if (application != Database.ApplicationId)
        {
            if (application != 0 || version != 0 || Number(connection, "SELECT count(*) FROM sqlite_schema") != 0)
                throw new FileRefusedException(
                    FileRefusal.Foreign,
                    $"{path} is an SQLite file of another program (application id {application}, user version {version}). Give another path."
                );
            return false;
        }
        if (version < 1)
            throw new FileRefusedException(
                FileRefusal.Foreign,
                $"{path} has schema version {version}, which there is not: its header is damaged. Copy it, and restore a backup."
            );
        if (version > Scripts.Count)
            throw new FileRefusedException(
                FileRefusal.NewerSchema,
                $"{path} has schema version {version}; this Roost knows versions up to {Scripts.Count}. Update Roost, or use the file with the Roost that " +
                $"made it."
            );
        return version == Scripts.Count;
    }

    private static void SetJournal(SqliteConnection connection, string path)
    {
        try
        {
            Database.Execute(connection, "PRAGMA journal_mode = WAL");
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_READONLY)
        {
            throw new FileRefusedException(FileRefusal.ReadOnly, $"{path} or its folder is read-only; Roost needs to write both.", e);
        }
    }

    private static void VerifyJournal(SqliteConnection connection, string path, RoostOptions options)
    {
        string mode = (string)Database.Scalar(connection, "PRAGMA journal_mode")!;
        if (mode != "wal")
        {
            SetJournal(connection, path);
            mode = (string)Database.Scalar(connection, "PRAGMA journal_mode")!;
        }
        if (mode != "wal")
            throw new FileRefusedException(
                FileRefusal.Unsuitable,
                $"{path} is in journal mode {mode} and cannot be put into WAL mode; its file system may not support shared memory."
            );
        Database.VerifySynchronous(connection, path, options);
    }

    private static void Identify(SqliteConnection connection, string path, RoostOptions options)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "INSERT INTO roost_meta (key, value) VALUES ('file_id', $id), ('created_at', $now)";
        command.Parameters.AddWithValue("$id", options.Randomness.NextFileId().ToString("N"));
        command.Parameters.AddWithValue("$now", options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
        command.ExecuteNonQuery();
        if (FilePlace.At(path, !options.AllowNetworkFileSystem) is not { } place) return;
        command.CommandText = "INSERT INTO roost_meta (key, value) VALUES ('place', $place)";
        command.Parameters.Clear();
        command.Parameters.AddWithValue("$place", place.Write());
        command.ExecuteNonQuery();
    }

    private static int Number(SqliteConnection connection, string sql) => Convert.ToInt32(Database.Scalar(connection, sql), CultureInfo.InvariantCulture);

    public static string Script(string name) => Resource($"Migrations.{name}");

    private static string Resource(string name)
    {
        using Stream stream = typeof(Schema).Assembly.GetManifestResourceStream($"Roost.Sqlite.{name}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
