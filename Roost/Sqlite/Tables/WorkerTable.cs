using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>The running workers: who lives, and which lanes anybody serves.</summary>
internal sealed class WorkerTable(WriteConnection connection, Lanes lanes, ReadyOrder ready, PauseTable pauses)
{
    private readonly Statement insert = connection.Prepare(
        """
        INSERT INTO roost_worker (id, process_id, machine, lock_file, started_at, heartbeat, heartbeat_at, expires_at, lease_ms, concurrency, engines, queues)
        VALUES (?1, ?2, ?3, ?4, ?5, 1, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING key
        """);
    private readonly Statement delete = connection.Prepare("DELETE FROM roost_worker WHERE key = ?1");
    private readonly Statement renew = connection.Prepare(
        "UPDATE roost_worker SET heartbeat = heartbeat + 1, heartbeat_at = ?2, expires_at = ?3 WHERE key = ?1"
    );
    private readonly Statement claimsAgain = connection.Prepare("UPDATE roost_worker SET claims_again_at = ?2, clock_set_by = ?3 WHERE key = ?1");
    private readonly Statement others = connection.Prepare("SELECT key, id, lock_file, heartbeat, expires_at, lease_ms FROM roost_worker WHERE key <> ?1");
    private readonly Statement find = connection.Prepare("SELECT 1 FROM roost_worker WHERE key = ?1");
    private readonly Statement keys = connection.Prepare("SELECT key FROM roost_worker");
    private readonly Statement served = connection.Prepare("SELECT engines, queues FROM roost_worker WHERE key = ?1");

    /// <summary>What each serves; that never changes for a key, and a key is given once.</summary>
    private readonly Dictionary<long, ServedScope> scopes = [];

    private readonly HashSet<long> there = [];
    private bool known;
    private long registered;

    public long Insert(WorkerIdentity worker)
    {
        Forget();
        ready.Forget(); // Until now nobody has written down for this worker what changes.
        lanes.Forget();
        long now = connection.Now;
        return insert
            .Bind(1, worker.Id)
            .Bind(2, worker.ProcessId)
            .Bind(3, worker.Machine)
            .Bind(4, worker.LockFile)
            .Bind(5, now)
            .Bind(6, connection.Wall + worker.LeaseMs)
            .Bind(7, worker.LeaseMs)
            .Bind(8, worker.Concurrency)
            .Bind(9, JsonSerializer.Serialize(worker.Engines, ColumnJson.Default.IReadOnlyListServedEngine))
            .Bind(10, JsonSerializer.Serialize(worker.Queues, ColumnJson.Default.IReadOnlyListString))
            .Scalar()!
            .Value;
    }

    public bool Renew(long worker, long expiresAt) => renew.Bind(1, worker).Bind(2, connection.Now).Bind(3, expiresAt).Run() == 1;

    /// <summary>For others to see: from when on a worker claims again after the clock was set. Null: it does.</summary>
    public void ClaimsAgain(long worker, long? at, long? clockSetBy) => claimsAgain.Bind(1, worker).Bind(2, at).Bind(3, clockSetBy).Run();

    public bool Delete(long worker)
    {
        Forget();
        return delete.Bind(1, worker).Run() == 1;
    }

    /// <summary>Whether nobody has declared this worker dead.</summary>
    public bool IsRegistered(long worker)
    {
        if (registered != worker) registered = find.Bind(1, worker).Scalar() is null ? 0 : worker;
        return registered == worker;
    }

    public List<WorkerRow> OthersThan(long worker) =>
        others.Bind(1, worker).All(static row => new WorkerRow(row.Int64(0), row.Text(1), row.Text(2), row.Int64(3), row.Int64(4), row.Int64(5)));

    /// <summary>Whether a registered worker serves this lane, and it is not paused; a resource is handed on only to such an item.</summary>
    public bool Serves(long lane)
    {
        if (lanes.Find(lane) is not { } it || pauses.Covers(it)) return false;
        Load();
        foreach (long worker in there)
            if (ScopeOf(worker).Serves(it.Engine, it.Queue, it.StateVersion)) return true;
        return false;
    }

    /// <summary>Whether any is registered but this one.</summary>
    public bool AnyBut(long worker)
    {
        Load();
        return there.Count > (there.Contains(worker) ? 1 : 0);
    }

    /// <summary>Workers may have come or gone.</summary>
    public void Forget()
    {
        known = false;
        registered = 0;
    }

    /// <summary>What was registered here may never have been, and its key go to another.</summary>
    public void RolledBack()
    {
        Forget();
        scopes.Clear();
    }

    private void Load()
    {
        if (known) return;
        there.Clear();
        there.UnionWith(keys.All(static row => row.Int64(0)));
        foreach (long gone in scopes.Keys)
            if (!there.Contains(gone)) scopes.Remove(gone);
        known = true;
    }

    private ServedScope ScopeOf(long worker)
    {
        if (scopes.TryGetValue(worker, out ServedScope? scope)) return scope;
        return scopes[worker] = served.Bind(1, worker).One(ReadScope)!;
    }

    private static ServedScope ReadScope(Statement row)
    {
        ServedEngine[] engines = ColumnJson.Read(row.Bytes(0), ColumnJson.Default.ServedEngineArray, "What engines a worker serves");
        string[] queues = ColumnJson.Read(row.Bytes(1), ColumnJson.Default.StringArray, "What queues a worker serves");
        return new(engines.Select(engine => (engine.Id, engine.StateVersion)), queues);
    }
}
