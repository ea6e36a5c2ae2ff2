using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Checks;
using Roost.Sqlite.Files;

namespace Roost.Tests.Support;

/// <summary>Reads a data file with plain SQL, past the code under test, and checks what must hold in any file at any time.</summary>
internal static class FileAudit
{
    private static readonly string[] Leftovers = ["roost_resource", "roost_blob_pin", "roost_worker"];

    /// <summary>What else a child says: nothing that its file has to hold.</summary>
    private static readonly HashSet<string> NoAcknowledgements =
    [
        "open", "ready", "over", "end", "closed", "failed", "refused", "unknown", "could-not-write", "could-not-open", "closed-door", "closed-badly",
        "purging", "migrated", "copied", "not-copied",
    ];

    public static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Pooling = false,
                Mode = SqliteOpenMode.ReadWrite,
            }.ToString()
        );
        connection.Open();
        StoredStates.AddTo(connection);
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
        var contents = file.Query<string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .ToDictionary(name => name, name => file.ExecuteScalar<long>($"SELECT count(*) FROM \"{name}\""));
        contents["last event"] = file.ExecuteScalar<long?>("SELECT max(seq) FROM roost_event") ?? 0;
        contents["sum of versions"] = file.ExecuteScalar<long?>("SELECT sum(version) FROM roost_work") ?? 0;
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
        var items = file.Query<(string Id, string Engine, string State, string Payload)>(
                "SELECT w.id, l.engine, w.state, i.payload FROM roost_work w JOIN roost_lane l ON l.key = w.lane JOIN roost_work_input i ON i.work = w.key"
            )
            .ToDictionary(row => row.Id);
        var versions = file.Query<(string Id, long Version, string Nonce)>(
                "SELECT w.id, s.version, state_of(s.work, s.version) ->> 'nonce' FROM roost_snapshot s JOIN roost_work w ON w.key = s.work"
            )
            .ToDictionary(row => (row.Id, row.Version), row => row.Nonce);
        var keys = file.Query<(string Key, string Id)>(
                "SELECT k.key, w.id FROM roost_idempotency k JOIN roost_work w ON w.key = k.work WHERE k.engine = 'child'"
            )
            .ToDictionary(row => row.Key, row => row.Id);
        var events = file.Query<(string Id, string Kind, long Count)>(
            """
            SELECT w.id, replace(e.kind, 'cancel_requested', 'cancelled') AS did, count(*) FROM roost_event e JOIN roost_work w ON w.key = e.work
            WHERE e.kind IN ('retried', 'priority_changed', 'cancel_requested', 'cancelled') GROUP BY w.id, did
            """).ToDictionary(row => (row.Id, row.Kind), row => row.Count);
        long purged = file.ExecuteScalar<long>("SELECT coalesce(sum(data ->> 'items'), 0) FROM roost_event WHERE kind = 'purged'");
        var lost = new List<string>();
        foreach (string line in acknowledged)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            bool there = words switch
            {
                ["enqueued", var id, var engine, var payload] => items.TryGetValue(id, out var item) && item.Engine == engine && Hash(item.Payload) == payload,
                ["brief", var id] => items.TryGetValue(id, out var item) ? item.Engine == CrashVerb.Brief : purged-- > 0,
                ["purged", .. var ids] => !ids.Any(items.ContainsKey),
                ["done", var id] => items.TryGetValue(id, out var item) && item.State == "done",
                ["keyed", var key, var id] => keys.TryGetValue(key, out string? keeper) && keeper == id,
                ["did", "cancelled", var id] => events.ContainsKey((id, "cancelled")), // Whoever asks again while its step still runs makes no other event.
                ["did", var kind, var id] => events.TryGetValue((id, kind), out long left) && (events[(id, kind)] = left - 1) >= 0,
                ["saw", var id, var version, var nonce] => versions.TryGetValue((id, long.Parse(version, null)), out string? stored) && stored == nonce,
                [var kind, ..] => NoAcknowledgements.Contains(kind),
                [] => false,
            };
            if (!there) lost.Add(line);
        }
        lost.Should().BeEmpty("what was acknowledged is never lost");
    }

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
