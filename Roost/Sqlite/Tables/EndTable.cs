using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>The ends that engines are to be told of, and which engines want that: every process writes them down, whichever engines it knows itself.</summary>
internal sealed class EndTable(WriteConnection connection)
{
    private readonly Statement loadEngines = connection.Prepare("SELECT engine FROM roost_end_engine");
    private readonly Statement addEngine = connection.Prepare("INSERT INTO roost_end_engine (engine) VALUES (?1) ON CONFLICT DO NOTHING");
    private readonly Statement dropEngine = connection.Prepare("DELETE FROM roost_end_engine WHERE engine = ?1");
    private readonly Statement add = connection.Prepare(
        """
        INSERT INTO roost_end (work, engine, queue, state_version, nonce, attempt, due_at) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)
        ON CONFLICT (work) DO UPDATE SET state_version = excluded.state_version, nonce = excluded.nonce, attempt = 0, due_at = excluded.due_at
        """
    );
    private readonly Statement drop = connection.Prepare("DELETE FROM roost_end WHERE work = ?1");
    private readonly Statement first = connection.Prepare(
        "SELECT work FROM roost_end WHERE engine = ?1 AND queue = ?2 AND due_at <= ?4 AND state_version <= ?3 ORDER BY due_at LIMIT 1"
    );
    private readonly Statement begin = connection.Prepare(
        "UPDATE roost_end SET attempt = attempt + 1, due_at = ?2 WHERE work = ?1 RETURNING nonce, attempt"
    );
    private readonly Statement again = connection.Prepare(
        "UPDATE roost_end SET attempt = attempt - ?4, due_at = ?5 WHERE work = ?1 AND nonce = ?2 AND attempt = ?3"
    );
    private readonly Statement finish = connection.Prepare("DELETE FROM roost_end WHERE work = ?1 AND nonce = ?2 AND attempt = ?3");

    private HashSet<string>? engines;

    /// <summary>True once there is an end in this transaction that somebody is to be told of.</summary>
    public bool AnyAdded { get; set; }

    public void Forget() => engines = null;

    /// <summary>A worker comes: of its engines it is known now which want to be told.</summary>
    public void Serve(IReadOnlyList<EngineFacts> served)
    {
        foreach (EngineFacts engine in served)
        {
            if (engine.WantsEnds == Engines.Contains(engine.EngineId)) continue;
            (engine.WantsEnds ? addEngine : dropEngine).Bind(1, engine.EngineId).Run();
            Forget();
        }
    }

    /// <summary>An item has ended without being done.</summary>
    public void Add(in WorkRow row, Lane lane)
    {
        if (!Engines.Contains(lane.Engine)) return;
        add.Bind(1, row.Key).Bind(2, lane.Engine).Bind(3, lane.Queue).Bind(4, lane.StateVersion).Bind(5, Counters.Token()).Bind(6, connection.Now).Run();
        AnyAdded = true;
    }

    /// <summary>An item goes on, or is gone.</summary>
    public void Drop(long work) => drop.Bind(1, work).Run();

    /// <summary>Takes the first end of an engine and queue that is due; it is due again when the time to tell of it is over.</summary>
    public (long Work, long Nonce, int Attempt)? Take(EngineFacts engine, string queue, long until)
    {
        if (first.Bind(1, engine.EngineId).Bind(2, queue).Bind(3, engine.StateVersion).Bind(4, connection.Now).Scalar() is not { } work) return null;
        return begin.Bind(1, work).Bind(2, until).OneValue(row => (work, row.Int64(0), row.Int32(1)));
    }

    /// <summary>It is told, or given up. False where it was taken by another since, or the item goes on.</summary>
    public bool Finish(EndedWork ended) => finish.Bind(1, ended.Work).Bind(2, ended.Nonce).Bind(3, ended.Attempt).Run() > 0;

    /// <summary>It is to be told again, with or without a charge.</summary>
    public void Again(EndedWork ended, bool isUncharged, long due) =>
        again.Bind(1, ended.Work).Bind(2, ended.Nonce).Bind(3, ended.Attempt).Bind(4, isUncharged ? 1 : 0).Bind(5, due).Run();

    private HashSet<string> Engines => engines ??= [.. loadEngines.All(static row => row.Text(0))];
}
