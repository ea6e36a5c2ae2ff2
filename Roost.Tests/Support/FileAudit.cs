using Dapper;
using Microsoft.Data.Sqlite;

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

    /// <summary>The file is sound, counts are true, and every state is what its events say.</summary>
    public static void MustAgree(string path)
    {
        using SqliteConnection file = Open(path);
        file.ExecuteScalar<string>("PRAGMA integrity_check").Should().Be("ok");
        file.Query<string>(
            """
            SELECT lane || '/' || condition || ': counted ' || sum(counted) || ', real ' || sum(truth) FROM (
                SELECT lane, condition, n AS counted, 0 AS truth FROM lane_count
                UNION ALL
                SELECT lane, CASE WHEN state <> 'queued' THEN state WHEN ready_seq IS NOT NULL THEN 'ready' WHEN due_at IS NOT NULL THEN 'delayed' ELSE 'blocked' END, 0, count(*)
                FROM work GROUP BY 1, 2)
            GROUP BY lane, condition HAVING sum(counted) <> sum(truth)
            """).Should().BeEmpty("lane_count is kept by the transitions");
        file.Query<string>(
            """
            SELECT work || ' version ' || (data ->> 'version') FROM event WHERE kind IN ('stepped', 'done')
            GROUP BY work, data ->> 'version' HAVING count(*) > 1
            """).Should().BeEmpty("a version is committed once");
        file.Query<string>(
            """
            SELECT w.id || ' is at ' || w.version || ', events say ' || count(e.seq) FROM work w
            LEFT JOIN event e ON e.work = w.key AND e.kind IN ('stepped', 'done')
            GROUP BY w.key HAVING count(e.seq) <> w.version OR coalesce(max(CAST(e.data ->> 'version' AS INTEGER)), 0) <> w.version
            """).Should().BeEmpty("each version has its event");
        file.Query<string>(
            """
            SELECT w.id || ' is ' || w.state || ', its last event is ' || e.kind FROM work w
            JOIN event e ON e.seq = (SELECT max(seq) FROM event WHERE work = w.key AND kind NOT LIKE 'engine.%' AND kind NOT IN ('triggered', 'trigger_skipped', 'priority_changed', 'cancel_requested'))
            WHERE NOT CASE w.state
                WHEN 'running' THEN e.kind IN ('claimed', 'stepped')
                WHEN 'queued' THEN e.kind IN ('enqueued', 'stepped', 'step_failed', 'interrupted', 'released', 'retried', 'requeued')
                WHEN 'cancelled' THEN e.kind IN ('cancelled', 'discarded')
                ELSE e.kind = w.state END
            """).Should().BeEmpty("a change of state is an event in the same transaction");
        file.Query<string>("SELECT w.id FROM work w WHERE w.version > 0 AND NOT EXISTS (SELECT 1 FROM snapshot s WHERE s.work = w.key AND s.version = w.version)")
            .Should().BeEmpty("the last version is never trimmed");
        file.Query<string>("SELECT w.id FROM work w WHERE w.state = 'running' AND w.worker NOT IN (SELECT key FROM worker)")
            .Should().BeEmpty("whoever holds a lease is a registered worker");
        file.Query<string>(
            """
            SELECT 'made ' || made || ', there ' || there || ', purged ' || purged FROM (SELECT
                coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'work'), 0) AS made,
                (SELECT count(*) FROM work) AS there,
                (SELECT coalesce(sum(data ->> 'items'), 0) FROM event WHERE kind = 'purged') AS purged)
            WHERE made <> there + purged
            """).Should().BeEmpty("an item goes by purge alone");
        file.Query<string>(
            """
            SELECT 'blob ' || b.key || ' has ' || coalesce(sum(length(c.data)), 0) || ' of ' || b.size || ' bytes' FROM blob b
            LEFT JOIN blob_chunk c ON c.blob = b.key WHERE b.sha256 IS NOT NULL GROUP BY b.key HAVING coalesce(sum(length(c.data)), 0) <> b.size
            UNION ALL SELECT 'artifact ' || a.name || ' has no content' FROM artifact a WHERE a.blob IS NOT NULL AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.key = a.blob AND b.sha256 IS NOT NULL)
            UNION ALL SELECT 'blob ' || key || ' belongs to nobody' FROM blob b
            WHERE NOT EXISTS (SELECT 1 FROM artifact a WHERE a.blob = b.key) AND NOT EXISTS (SELECT 1 FROM blob_pin p WHERE p.blob = b.key)
            UNION ALL SELECT 'a chunk of blob ' || blob || ' belongs to nobody' FROM blob_chunk c WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.key = c.blob)
            """).Should().BeEmpty("content is whole, and somebody's");
        file.Query<string>("SELECT name FROM resource r JOIN work w ON w.key = r.work WHERE w.state IN ('done', 'failed', 'cancelled')")
            .Should().BeEmpty("what has ended holds nothing");
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
