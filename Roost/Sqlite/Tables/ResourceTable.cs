using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>
/// The names that are held. They are taken in name order, so there is no circle of waiting; a release hands the name straight to the first
/// waiter that somebody serves, so there is neither a scan of waiters nor a lost wake-up.
/// </summary>
internal sealed class ResourceTable(WriteConnection connection, WorkTable workTable, WorkerTable workers)
{
    private readonly Statement names = connection.Prepare("SELECT name FROM work_resource WHERE work = ?1 ORDER BY name");
    private readonly Statement holder = connection.Prepare("SELECT work FROM resource WHERE name = ?1");
    private readonly Statement take = connection.Prepare("INSERT INTO resource (name, work, since) VALUES (?1, ?2, ?3)");
    private readonly Statement handOver = connection.Prepare("UPDATE resource SET work = ?2, since = ?3 WHERE name = ?1");
    private readonly Statement free = connection.Prepare("DELETE FROM resource WHERE name = ?1");
    private readonly Statement firstWaiter = connection.Prepare(
        "SELECT key, priority, place, lane FROM work WHERE blocked_on = ?1 AND lane > ?2 ORDER BY lane, priority DESC, place LIMIT 1");
    private readonly Statement heldWhileQueued = connection.Prepare(
        $"SELECT DISTINCT resource.work FROM resource JOIN work w ON w.key = resource.work WHERE w.state = 'queued' AND NOT {WorkRow.HoldsForLifeSql}");
    private readonly Statement nextBlockedName = connection.Prepare("SELECT min(blocked_on) FROM work WHERE blocked_on > ?1");

    /// <summary>The names that an item asks for, in their order.</summary>
    public List<string> NamesOf(long work)
    {
        var found = new List<string>(2);
        names.Bind(1, work);
        while (names.Step()) found.Add(names.Text(0));
        return found;
    }

    /// <summary>Takes all names of an item, or as many as are free in order; the name that it has to wait for, or null when it holds them all.</summary>
    public string? TakeAll(long work)
    {
        foreach (string name in NamesOf(work))
        {
            long? held = holder.Bind(1, name).Scalar();
            if (held == work) continue;
            if (held is not null) return name;
            take.Bind(1, name).Bind(2, work).Bind(3, connection.Now).Run();
        }
        return null;
    }

    /// <summary>Gives back every name that the item holds, each to its first waiter.</summary>
    public void ReleaseAll(long work)
    {
        foreach (string name in NamesOf(work))
            if (holder.Bind(1, name).Scalar() == work) PassOn(name);
    }

    /// <summary>The best priority among those who wait for one of the item's names, or null.</summary>
    public int? BestWaiting(long work)
    {
        int? best = null;
        foreach (string name in NamesOf(work))
            if (FirstWaiter(name) is { } waiter && (best is null || waiter.Priority > best)) best = waiter.Priority;
        return best;
    }

    /// <summary>Takes back what waits in lanes that nobody serves any more, and wakes those whose name is free and whose lane is served again.</summary>
    public void WorkersChanged()
    {
        var stranded = new List<long>();
        while (heldWhileQueued.Step()) stranded.Add(heldWhileQueued.Int64(0));
        foreach (long work in stranded)
        {
            WorkRow row = workTable.Load(work)!.Value;
            if (workers.Serves(row.Lane)) continue;
            if (row.Condition == Condition.Blocked) workTable.Save(row, row.AsReady(row.Place!.Value, connection.Now));
            ReleaseAll(work);
        }
        for (string? name = NextBlockedName(""); name is not null; name = NextBlockedName(name))
            if (holder.Bind(1, name).Scalar() is null) PassOn(name);
    }

    private void PassOn(string name)
    {
        if (FirstWaiter(name) is not { } waiter)
        {
            free.Bind(1, name).Run();
            return;
        }
        if (handOver.Bind(1, name).Bind(2, waiter.Work).Bind(3, connection.Now).Run() == 0)
            take.Bind(1, name).Bind(2, waiter.Work).Bind(3, connection.Now).Run();
        WorkRow row = workTable.Load(waiter.Work)!.Value;
        WorkRow next = TakeAll(waiter.Work) is { } busy ? row.AsBlocked(busy, row.Place!.Value) : row.AsReady(Counters.Head(row.Place!.Value), connection.Now);
        workTable.Save(row, next);
    }

    /// <summary>One probe for each lane in which somebody waits for the name.</summary>
    private Head? FirstWaiter(string name)
    {
        Head? best = null;
        for (long lane = 0; firstWaiter.Bind(1, name).Bind(2, lane).Step();)
        {
            long at = firstWaiter.Int64(3);
            if (at <= lane) throw Database.IndexDamaged("blocked");
            lane = at;
            var waiter = new Head(firstWaiter.Int64(0), firstWaiter.Int32(1), firstWaiter.Int64(2));
            firstWaiter.Reset();
            if ((best is not { } known || waiter.IsBefore(known)) && workers.Serves(lane)) best = waiter;
        }
        return best;
    }

    private string? NextBlockedName(string after)
    {
        nextBlockedName.Bind(1, after).Step();
        string? name = nextBlockedName.NullableText(0);
        nextBlockedName.Reset();
        return name;
    }
}
