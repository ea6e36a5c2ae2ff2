namespace Roost.Storage;

/// <summary>Removes finished work with everything that belongs to it, a bounded number of items in one transaction.</summary>
internal sealed class PurgeTransition(Session session)
{
    private readonly Statement find = session.Prepare(
        "SELECT key FROM work WHERE worker IS NULL AND lane = ?1 AND state = ?2 AND updated_at <= ?3 ORDER BY updated_at LIMIT ?4");
    private readonly Statement blobs = session.Prepare("SELECT DISTINCT blob FROM artifact WHERE work = ?1 AND blob IS NOT NULL");
    private readonly Statement keyOf = session.Prepare(
        """
        SELECT k.engine, k.key FROM work w
        JOIN lane l ON l.key = w.lane
        JOIN work_input i ON i.work = w.key
        JOIN idempotency k ON k.engine = l.engine AND k.key = i.idempotency_key
        WHERE w.key = ?1 AND k.work = ?1
        """);
    private readonly Statement deleteKey = session.Prepare("DELETE FROM idempotency WHERE engine = ?1 AND key = ?2");
    private readonly Statement[] deletes =
    [
        session.Prepare("DELETE FROM snapshot WHERE work = ?1"),
        session.Prepare("DELETE FROM event WHERE work = ?1"),
        session.Prepare("DELETE FROM artifact WHERE work = ?1"),
        session.Prepare("DELETE FROM failure WHERE work = ?1"),
        session.Prepare("DELETE FROM work_resource WHERE work = ?1"),
        session.Prepare("DELETE FROM work_input WHERE work = ?1"),
        session.Prepare("DELETE FROM work WHERE key = ?1"),
    ];

    /// <summary>Purges up to <paramref name="limit"/> items that ended at or before a moment; how many it was.</summary>
    public int Execute(string? engine, IReadOnlyCollection<WorkState> states, long before, int limit, string? reason)
    {
        int purged = 0;
        foreach (Lane lane in session.Lanes.All)
        {
            if (engine is not null && lane.Engine != engine) continue;
            foreach (WorkState state in states)
            {
                var found = new List<long>();
                find.Bind(1, lane.Key).Bind(2, state.Name()).Bind(3, before).Bind(4, limit - purged);
                while (find.Step()) found.Add(find.Int64(0));
                foreach (long work in found) Delete(work);
                session.Counts.Add(lane.Key, ConditionOf(state), -found.Count);
                purged += found.Count;
                if (purged == limit) break;
            }
            if (purged == limit) break;
        }
        if (purged > 0)
            session.Events.Append(EventKinds.Purged, null, (purged, reason), static (json, it) =>
            {
                json.WriteNumber("items", it.purged);
                if (it.reason is not null) json.WriteString("reason", it.reason);
            });
        return purged;
    }

    private void Delete(long work)
    {
        var content = new List<long>();
        blobs.Bind(1, work);
        while (blobs.Step()) content.Add(blobs.Int64(0));
        if (keyOf.Bind(1, work).Step())
        {
            deleteKey.Bind(1, keyOf.Text(0)).Bind(2, keyOf.Text(1));
            keyOf.Reset();
            deleteKey.Run();
        }
        foreach (Statement delete in deletes) delete.Bind(1, work).Run();
        foreach (long blob in content) session.Blobs.Collect(blob);
    }

    private static Condition ConditionOf(WorkState state) => state switch
    {
        WorkState.Done => Condition.Done,
        WorkState.Failed => Condition.Failed,
        _ => Condition.Cancelled,
    };
}
