using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Storage;

namespace Roost.Tests.Support;

/// <summary>Reads a data file with plain SQL, past the code under test, and checks what must hold in any file at any time.</summary>
internal static class FileAudit
{
    private static readonly string[] Leftovers = ["resource", "blob_pin", "worker"];

    public static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadWrite }.ToString());
        connection.Open();
        return connection;
    }

    public static long Count(string path, string from)
    {
        using SqliteConnection file = Open(path);
        return file.ExecuteScalar<long>($"SELECT count(*) FROM {from}");
    }

    /// <summary>How many rows each table has, and the last event: equal before and after means that nothing was written.</summary>
    public static Dictionary<string, long> Contents(string path)
    {
        using SqliteConnection file = Open(path);
        var contents = file.Query<string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").ToDictionary(name => name, name => file.ExecuteScalar<long>($"SELECT count(*) FROM \"{name}\""));
        contents["last event"] = file.ExecuteScalar<long?>("SELECT max(seq) FROM event") ?? 0;
        contents["sum of versions"] = file.ExecuteScalar<long?>("SELECT sum(version) FROM work") ?? 0;
        return contents;
    }

    /// <summary>The file is sound, and every rule of `roost doctor` holds.</summary>
    public static void MustAgree(string path)
    {
        using SqliteConnection file = Open(path);
        file.ExecuteScalar<string>("PRAGMA integrity_check").Should().Be("ok");
        ContentCheck.Run(file, CancellationToken.None).Damaged.Should().BeEmpty("what is stored is what was written");
        foreach (Invariant invariant in Invariant.All) file.Query<string>(invariant.Violations).Should().BeEmpty(invariant.Rule);
    }

    /// <summary>Nothing is left of a worker that is gone, in the file or beside it.</summary>
    public static void MustHaveNoLeftovers(string path)
    {
        using (SqliteConnection file = Open(path))
            foreach (string table in Leftovers)
                file.ExecuteScalar<long>($"SELECT count(*) FROM {table}").Should().Be(0, $"nothing is left in {table}");
        Directory.GetFiles(Path.GetDirectoryName(path)!, "*.lock").Should().BeEmpty();
    }

    /// <summary>Everything that a child said was acknowledged is in the file, as it was.</summary>
    public static void MustHold(string path, IEnumerable<string> acknowledged)
    {
        using SqliteConnection file = Open(path);
        var known = file.Query<string>("SELECT id FROM work").ToHashSet();
        var versions = file.Query<(string Id, long Version, string Nonce)>("SELECT w.id, s.version, s.data ->> 'nonce' FROM snapshot s JOIN work w ON w.key = s.work")
            .ToDictionary(row => (row.Id, row.Version), row => row.Nonce);
        var done = file.Query<string>("SELECT id FROM work WHERE state = 'done'").ToHashSet();
        var keys = file.Query<(string Key, string Id)>("SELECT k.key, w.id FROM idempotency k JOIN work w ON w.key = k.work WHERE k.engine = 'child'").ToDictionary(row => row.Key, row => row.Id);
        var events = file.Query<(string Id, string Kind)>("SELECT DISTINCT w.id, e.kind FROM event e JOIN work w ON w.key = e.work WHERE e.kind IN ('retried', 'priority_changed', 'cancel_requested', 'cancelled')")
            .Select(row => (row.Id, row.Kind == "cancel_requested" ? "cancelled" : row.Kind)).ToHashSet();
        var lost = new List<string>();
        foreach (string line in acknowledged)
        {
            string[] words = line.Split(' ');
            bool there = words switch
            {
                ["enqueued", var id] => known.Contains(id),
                ["done", var id] => done.Contains(id),
                ["keyed", var key, var id] => keys.TryGetValue(key, out string? keeper) && keeper == id,
                ["did", var kind, var id] => events.Contains((id, kind)),
                ["saw", var id, var version, var nonce, ..] => versions.TryGetValue((id, long.Parse(version, null)), out string? stored) && stored == nonce,
                _ => true,
            };
            if (!there) lost.Add(line);
        }
        lost.Should().BeEmpty("what was acknowledged is never lost");
    }
}
