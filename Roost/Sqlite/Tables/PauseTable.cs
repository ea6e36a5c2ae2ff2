using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>A pause as it is stored.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Scope">What it is about.</param>
/// <param name="Name">The engine or queue.</param>
/// <param name="Work">The item.</param>
/// <param name="Until">When it ends; or null.</param>
internal readonly record struct StoredPause(long Key, PauseScope Scope, string? Name, long? Work, long? Until);

/// <summary>
/// What is paused. An item that is has a mark in its row (<see cref="WorkRow.IsPaused"/>); engines, queues and the file are few and known here, so that a
/// claim or a commit asks the file for nothing.
/// </summary>
internal sealed class PauseTable(WriteConnection connection)
{
    private const string Columns = "key, scope, name, work, until";

    private static readonly string[] Names = ["file", "engine", "queue", "item"];

    private readonly Statement load = connection.Prepare("SELECT scope, name FROM roost_pause WHERE work IS NULL AND scope IN ('file', 'engine', 'queue')");
    private readonly Statement nextEnd = connection.Prepare("SELECT min(until) FROM roost_pause WHERE until IS NOT NULL");
    private readonly Statement findOfWork = connection.Prepare($"SELECT {Columns} FROM roost_pause WHERE work = ?1");
    private readonly Statement findOther = connection.Prepare(
        $"SELECT {Columns} FROM roost_pause WHERE work IS NULL AND scope = ?1 AND coalesce(name, '') = ?2");
    private readonly Statement over = connection.Prepare($"SELECT {Columns} FROM roost_pause WHERE until <= ?1 ORDER BY until LIMIT ?2");
    private readonly Statement insert = connection.Prepare(
        "INSERT INTO roost_pause (scope, name, work, reason, by, since, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    private readonly Statement remove = connection.Prepare("DELETE FROM roost_pause WHERE key = ?1");
    private readonly Statement removeOfWork = connection.Prepare("DELETE FROM roost_pause WHERE work = ?1");
    private readonly Statement isEngineKnown = connection.Prepare(
        """
        SELECT 1 WHERE EXISTS (SELECT 1 FROM roost_lane WHERE engine = ?1)
        OR EXISTS (SELECT 1 FROM roost_worker h CROSS JOIN json_each(h.engines) e WHERE e.value ->> 'id' = ?1)
        """);
    private readonly Statement isQueueKnown = connection.Prepare(
        """
        SELECT 1 WHERE EXISTS (SELECT 1 FROM roost_lane WHERE queue = ?1)
        OR EXISTS (SELECT 1 FROM roost_worker h CROSS JOIN json_each(h.queues) q WHERE q.value = ?1)
        """);

    private HashSet<(PauseScope Scope, string? Name)> paused = [];
    private long? end;
    private bool known, endKnown;
    private int version;

    /// <summary>Becomes another one when other engines or queues, or the file, are paused than before.</summary>
    public int Version
    {
        get
        {
            Load();
            return version;
        }
    }

    /// <summary>When the first of all pauses ends that have an end.</summary>
    public long? NextEnd
    {
        get
        {
            if (!endKnown) (end, endKnown) = (nextEnd.Scalar(), true);
            return end;
        }
    }

    /// <summary>Whether the engine or queue of this lane, or the file, is paused.</summary>
    public bool Covers(Lane lane)
    {
        Load();
        return paused.Count > 0
            && (paused.Contains((PauseScope.File, null)) || paused.Contains((PauseScope.Engine, lane.Engine))
                || paused.Contains((PauseScope.Queue, lane.Queue)));
    }

    public StoredPause? Find(PauseTarget target, long? work) => work is { } key
        ? findOfWork.Bind(1, key).OneValue(Read)
        : findOther.Bind(1, Names[(int)target.Scope]).Bind(2, target.Name ?? "").OneValue(Read);

    /// <summary>Those whose end has passed, so many at most.</summary>
    public List<StoredPause> Over(int most) => over.Bind(1, connection.Now).Bind(2, most).All(Read);

    /// <summary>In the place of one that there is, if any.</summary>
    public void Put(PauseTarget target, long? work, NewPause pause, StoredPause? before)
    {
        if (before is { } old) remove.Bind(1, old.Key).Run();
        insert.Bind(1, Names[(int)target.Scope]).Bind(2, work is null ? target.Name : null).Bind(3, work)
            .Bind(4, pause.Reason).Bind(5, pause.By).Bind(6, connection.Now).Bind(7, pause.Until).Run();
        Forget();
    }

    public void Remove(long key)
    {
        remove.Bind(1, key).Run();
        Forget();
    }

    /// <summary>An item has lost its mark.</summary>
    public void RemoveOf(long work)
    {
        removeOfWork.Bind(1, work).Run();
        endKnown = false;
    }

    /// <summary>Whether an item of this engine or queue is here, or a worker that serves it.</summary>
    public bool IsKnown(PauseTarget target) => target.Scope == PauseScope.File
        || (target.Scope == PauseScope.Engine ? isEngineKnown : isQueueKnown).Bind(1, target.Name).Scalar() is not null;

    /// <summary>Others may have paused or resumed, or what was done here was taken back.</summary>
    public void Forget() => known = endKnown = false;

    public static PauseScope ScopeOf(string name) => Array.IndexOf(Names, name) is var at and >= 0 ? (PauseScope)at : throw Damaged();

    public static string NameOf(PauseScope scope) => Names[(int)scope];

    public static DataCorruptException Damaged() => Database.IndexDamaged("pause");

    private static StoredPause Read(Statement row) =>
        new(row.Int64(0), ScopeOf(row.Text(1)), row.NullableText(2), row.NullableInt64(3), row.NullableInt64(4));

    private void Load()
    {
        if (known) return;
        HashSet<(PauseScope, string?)> now = [.. load.All(static row => (ScopeOf(row.Text(0)), row.NullableText(1)))];
        if (!now.SetEquals(paused)) version++;
        (paused, known) = (now, true);
    }
}
