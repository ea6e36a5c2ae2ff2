using System.Text.Json;

namespace Roost.Storage;

/// <summary>A running worker as the table has it.</summary>
internal sealed record WorkerRow(long Key, string Id, string LockFile, long Heartbeat, long ExpiresAt, long LeaseMs);

/// <summary>One engine that a worker serves, as stored in its row.</summary>
internal sealed record ServedEngine(string Id, int StateVersion, int? Limit);

/// <summary>The running workers: who lives, and which lanes anybody serves.</summary>
internal sealed class WorkerTable(Session session)
{
    private readonly Statement insert = session.Prepare(
        """
        INSERT INTO worker (id, process_id, machine, lock_file, started_at, heartbeat, heartbeat_at, expires_at, lease_ms, concurrency, engines, queues)
        VALUES (?1, ?2, ?3, ?4, ?5, 1, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING key
        """);
    private readonly Statement delete = session.Prepare("DELETE FROM worker WHERE key = ?1");
    private readonly Statement renew = session.Prepare("UPDATE worker SET heartbeat = heartbeat + 1, heartbeat_at = ?2, expires_at = ?3 WHERE key = ?1");
    private readonly Statement claimsAgain = session.Prepare("UPDATE worker SET claims_again_at = ?2, clock_set_by = ?3 WHERE key = ?1");
    private readonly Statement others = session.Prepare("SELECT key, id, lock_file, heartbeat, expires_at, lease_ms FROM worker WHERE key <> ?1");
    private readonly Statement find = session.Prepare("SELECT 1 FROM worker WHERE key = ?1");
    private readonly Statement served = session.Prepare("SELECT engines, queues FROM worker");

    private readonly HashSet<long> liveLanes = [];
    private bool known;
    private long registered;
    private int knownGeneration = -1;

    public long Insert(WorkerIdentity worker)
    {
        Forget();
        long now = session.Now;
        return insert.Bind(1, worker.Id).Bind(2, worker.ProcessId).Bind(3, worker.Machine).Bind(4, worker.LockFile).Bind(5, now)
            .Bind(6, session.Wall + worker.LeaseMs).Bind(7, worker.LeaseMs).Bind(8, worker.Concurrency)
            .Bind(9, JsonSerializer.Serialize(worker.Engines, ColumnJson.Default.IReadOnlyListServedEngine)).Bind(10, JsonSerializer.Serialize(worker.Queues, ColumnJson.Default.IReadOnlyListString)).Scalar()!.Value;
    }

    public bool Renew(long worker, long expiresAt) => renew.Bind(1, worker).Bind(2, session.Now).Bind(3, expiresAt).Run() == 1;

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

    public List<WorkerRow> OthersThan(long worker)
    {
        var rows = new List<WorkerRow>();
        others.Bind(1, worker);
        while (others.Step())
            rows.Add(new(others.Int64(0), others.Text(1), others.Text(2), others.Int64(3), others.Int64(4), others.Int64(5)));
        return rows;
    }

    /// <summary>Whether a registered worker serves this lane; a resource is handed on only to such an item.</summary>
    public bool Serves(long lane)
    {
        Load();
        return liveLanes.Contains(lane);
    }

    public IReadOnlyCollection<long> LiveLanes
    {
        get
        {
            Load();
            return liveLanes;
        }
    }

    public void Forget()
    {
        known = false;
        registered = 0;
    }

    private void Load()
    {
        IReadOnlyCollection<Lane> lanes = session.Lanes.All;
        if (known && knownGeneration == session.Lanes.Generation) return;
        liveLanes.Clear();
        while (served.Step())
        {
            var engines = ColumnJson.Read(served.Bytes(0), ColumnJson.Default.ServedEngineArray, "What engines a worker serves").ToDictionary(engine => engine.Id);
            string[] queues = ColumnJson.Read(served.Bytes(1), ColumnJson.Default.StringArray, "What queues a worker serves");
            foreach (Lane lane in lanes)
                if (queues.Contains(lane.Queue) && engines.TryGetValue(lane.Engine, out ServedEngine? engine) && lane.StateVersion <= engine.StateVersion)
                    liveLanes.Add(lane.Key);
        }
        known = true;
        knownGeneration = session.Lanes.Generation;
    }
}

/// <summary>What a worker says about itself when it starts.</summary>
internal sealed record WorkerIdentity(
    string Id, int ProcessId, string Machine, string LockFile, long LeaseMs, int Concurrency,
    IReadOnlyList<ServedEngine> Engines, IReadOnlyList<string> Queues);
