using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>How far one transaction of a purge came.</summary>
/// <param name="Items">How many items it has removed.</param>
/// <param name="Next">The key of the lane to go on with; null at the end.</param>
internal readonly record struct PurgeBatch(int Items, long? Next);

/// <summary>
/// Removes finished work with everything that belongs to it, a bounded number of items, rows and bytes in one transaction. Children keep the key of
/// a parent that is gone; keys are never reused, so they simply have no parent any more.
/// </summary>
internal sealed class PurgeTransition(
    WriteConnection connection, Lanes lanes, Counts counts, ChildCounts children, ReadyOrder ready, BlobTable blobs, Events events, FailureTable failures)
{
    private const long MaxContentBytes = 64 * 1024 * 1024;
    private const int MaxRows = 20_000;
    private const int MaxLanes = 1000;

    /// <summary>How many free pages one transaction gives back: about 4 MB of writing.</summary>
    public const int PagesAtOnce = 1000;

    private readonly Statement find = connection.Prepare(
        "SELECT key, parent FROM roost_work WHERE worker IS NULL AND lane = ?1 AND state = ?2 AND updated_at <= ?3 ORDER BY updated_at LIMIT ?4");
    private readonly Statement contents = connection.Prepare("SELECT DISTINCT blob FROM roost_artifact WHERE work = ?1 AND blob IS NOT NULL");
    private readonly Statement deleteKey = connection.Prepare(
        "DELETE FROM roost_idempotency WHERE engine = ?2 AND key = (SELECT idempotency_key FROM roost_work_input WHERE work = ?1) AND work = ?1");
    private readonly Statement vacuum = connection.Prepare(FormattableString.Invariant($"PRAGMA incremental_vacuum({PagesAtOnce})"));
    private readonly Statement pageCount = connection.Prepare("PRAGMA page_count");
    private readonly Statement[] deletes =
    [
        connection.Prepare("DELETE FROM roost_snapshot WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_event WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_artifact WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_failure WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_work_resource WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_work_input WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_child_count WHERE parent = ?1"),
        connection.Prepare("DELETE FROM roost_wait WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_ask WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_mailbox WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_signal WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_signal_id WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_end WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_work WHERE key = ?1"),
    ];

    /// <summary>Purges up to <paramref name="limit"/> items, and every lane that is empty then, beginning with the lane of this key.</summary>
    public PurgeBatch Execute(PurgeScope scope, long from, int limit, string? reason)
    {
        int purged = 0, rows = 0, looked = 0;
        long freed = 0;
        for (Lane? lane = lanes.From(from, scope.Engine); lane is not null; lane = lanes.From(lane.Key + 1, scope.Engine))
        {
            if (looked++ == MaxLanes || IsEnough()) return Recorded(new(purged, lane.Key), reason);
            foreach (WorkState state in scope.States)
            {
                int before = purged;
                foreach ((long work, long? parent) in Find(lane, state, scope.Before, limit - purged))
                {
                    (int deleted, long content) = Delete(work, lane.Engine);
                    children.Add(parent, state, -1);
                    rows += deleted;
                    freed += content;
                    purged++;
                    if (IsEnough()) break;
                }
                counts.Add(lane.Key, ConditionOf(state), before - purged);
                if (IsEnough()) return Recorded(new(purged, lane.Key), reason);
            }
            if (lanes.RemoveIfEmpty(lane)) ready.Doubt(lane.Key);
        }
        return Recorded(new(purged, null), reason);

        bool IsEnough() => purged == limit || rows >= MaxRows || freed >= MaxContentBytes;
    }

    /// <summary>Gives some free pages back to the file system; how many it was.</summary>
    public long ShrinkFile()
    {
        long before = pageCount.Scalar()!.Value;
        vacuum.Run();
        return before - pageCount.Scalar()!.Value;
    }

    private PurgeBatch Recorded(PurgeBatch batch, string? reason)
    {
        if (batch.Items == 0) return batch;
        events.Append(EventKinds.Purged, null, (batch.Items, reason), static (json, it) =>
        {
            json.WriteNumber("items", it.Items);
            if (it.reason is not null) json.WriteString("reason", it.reason);
        });
        return batch;
    }

    private List<(long Work, long? Parent)> Find(Lane lane, WorkState state, long before, int limit) =>
        find.Bind(1, lane.Key).Bind(2, state.Name()).Bind(3, before).Bind(4, limit).All(static row => (row.Int64(0), row.NullableInt64(1)));

    private (int Rows, long Content) Delete(long work, string engine)
    {
        List<long> content = contents.Bind(1, work).All(static row => row.Int64(0));
        deleteKey.Bind(1, work).Bind(2, engine).Run();
        failures.LeaveGroup(work);
        int rows = deletes.Sum(delete => delete.Bind(1, work).Run());
        return (rows, content.Sum(blobs.Collect));
    }

    private static Condition ConditionOf(WorkState state) => state switch
    {
        WorkState.Done => Condition.Done,
        WorkState.Failed => Condition.Failed,
        _ => Condition.Cancelled,
    };
}
