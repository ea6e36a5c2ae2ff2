using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>
/// The names that are held. They are taken in name order, so there is no circle of waiting; a release hands the name straight to the first
/// waiter that somebody serves, so there is neither a scan of waiters nor a lost wake-up.
/// </summary>
internal sealed class ResourceTable(WriteConnection connection, WorkTable workTable, WorkerTable workers)
{
    private readonly Statement names = connection.Prepare("SELECT name FROM roost_work_resource WHERE work = ?1 ORDER BY name");
    private readonly Statement holders = connection.Prepare("SELECT work FROM roost_resource WHERE name = ?1");
    private readonly Statement take = connection.Prepare("INSERT INTO roost_resource (name, work, since) VALUES (?1, ?2, ?3)");
    private readonly Statement free = connection.Prepare("DELETE FROM roost_resource WHERE name = ?1 AND work = ?2");
    private readonly Statement firstWaiter = connection.Prepare(
        "SELECT key, priority, place, lane FROM roost_work WHERE blocked_on = ?1 AND lane > ?2 ORDER BY lane, priority DESC, place LIMIT 1");
    private readonly Statement heldWhileQueued = connection.Prepare(
        $"SELECT DISTINCT roost_resource.work FROM roost_resource JOIN roost_work w ON w.key = roost_resource.work WHERE w.state = 'queued' AND NOT " +
        $"{Invariant.HoldsForLifeSql}"
    );
    private readonly Statement nextBlockedName = connection.Prepare("SELECT min(blocked_on) FROM roost_work WHERE blocked_on > ?1");

    /// <summary>The names that an item asks for, in their order.</summary>
    public List<string> NamesOf(long work) => names.Bind(1, work).All(static row => row.Text(0));

    /// <summary>Takes all names of an item, or as many as are free in order; the name that it has to wait for, or null when it holds them all.</summary>
    public string? TakeAll(long work)
    {
        foreach (string name in NamesOf(work))
        {
            (int held, bool isHolder) = HoldersOf(name, work);
            if (isHolder) continue;
            if (held >= CapacityOf(name)) return name;
            take.Bind(1, name).Bind(2, work).Bind(3, connection.Now).Run();
        }
        return null;
    }

    /// <summary>Gives back every name that the item holds, each to its first waiter.</summary>
    public void ReleaseAll(long work)
    {
        foreach (string name in NamesOf(work))
            if (free.Bind(1, name).Bind(2, work).Run() > 0) HandOut(name);
    }

    /// <summary>The best priority among those who wait for one of the item's names, or null.</summary>
    public int? BestWaiting(long work)
    {
        int? best = null;
        foreach (string name in NamesOf(work))
            if (FirstWaiter(name) is { } waiter && (best is null || waiter.Priority > best)) best = waiter.Priority;
        return best;
    }

    /// <summary>
    /// Takes back what waits in lanes that nobody serves any more, or that are paused, and wakes those whose name is free and whose lane is served again.
    /// </summary>
    public void WorkersChanged()
    {
        foreach (long work in heldWhileQueued.All(static row => row.Int64(0)))
        {
            WorkRow row = workTable.Load(work)!.Value;
            if (workers.Serves(row.Lane)) continue;
            if (row.Condition == Condition.Blocked) workTable.Save(row, row.AsReady(row.PlaceBefore!.Value, connection.Now));
            ReleaseAll(work);
        }
        for (string? name = NextBlockedName(""); name is not null; name = NextBlockedName(name))
            HandOut(name);
    }

    /// <summary>How many may hold a name at once.</summary>
    private static int CapacityOf(string name) => 1;

    /// <summary>Gives what is free of a name to those who wait for it, the first one first.</summary>
    private void HandOut(string name)
    {
        for (int held = HoldersOf(name).Held; held < CapacityOf(name) && FirstWaiter(name) is { } waiter; held++)
        {
            take.Bind(1, name).Bind(2, waiter.Work).Bind(3, connection.Now).Run();
            WorkRow row = workTable.Load(waiter.Work)!.Value;
            WorkRow next = TakeAll(waiter.Work) is { } busy
                ? row.AsBlocked(busy, row.PlaceBefore!.Value)
                : row.AsReady(row.PlaceBefore!.Value.AtHead, connection.Now);
            workTable.Save(row, next);
        }
    }

    /// <summary>How many hold a name, and whether an item is among them.</summary>
    private (int Held, bool IsHolder) HoldersOf(string name, long? work = null)
    {
        int held = 0;
        bool isHolder = false;
        holders.Bind(1, name);
        for (; holders.Step(); held++) isHolder |= holders.Int64(0) == work;
        return (held, isHolder);
    }

    /// <summary>One probe for each lane in which somebody waits for the name.</summary>
    private Head? FirstWaiter(string name)
    {
        Head? best = null;
        for (long lane = 0; firstWaiter.Bind(1, name).Bind(2, lane).OneValue(Head.ReadWithLane) is { } waiter; lane = waiter.Lane)
        {
            if (waiter.Lane <= lane) throw Database.IndexDamaged("blocked");
            if ((best is not { } known || waiter.Head.IsBefore(known)) && workers.Serves(waiter.Lane)) best = waiter.Head;
        }
        return best;
    }

    private string? NextBlockedName(string after) => nextBlockedName.Bind(1, after).One(static row => row.NullableText(0)!);
}
