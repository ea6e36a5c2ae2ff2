using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>Where a purge goes on: a lane by its key, one of the states in it, and behind an item there.</summary>
internal readonly record struct PurgePlace(long Lane, int State = 0, long At = long.MinValue, long Key = 0);

/// <summary>How far one transaction of a purge came.</summary>
/// <param name="Items">How many items it has removed.</param>
/// <param name="Kept">How many it has left for their parents.</param>
/// <param name="Next">Where to go on; null at the end.</param>
internal readonly record struct PurgeBatch(int Items, int Kept, PurgePlace? Next);

/// <summary>
/// Removes finished work with everything that belongs to it, a bounded number of items, rows and bytes in one transaction. What has ended stays while its
/// parent has not, for that may still want to read it. Children keep the key of a parent that is gone; keys are never reused, so they simply have no parent
/// any more.
/// </summary>
internal sealed class PurgeTransition(
    WriteConnection connection, Lanes lanes, Counts counts, ChildCounts children, ReadyOrder ready, BlobTable blobs, Events events, FailureTable failures)
{
    private const long MaxContentBytes = 64 * 1024 * 1024;
    private const int MaxRows = 20_000;
    private const int MaxLanes = 1000;

    /// <summary>How many free pages one transaction gives back: about 4 MB of writing.</summary>
    public const int PagesAtOnce = 1000;

    /// <summary>Of a row of work named w that has ended: its parent has not, and may still want to read it.</summary>
    private const string IsKeptSql =
        "(w.detached = 0 AND EXISTS (SELECT 1 FROM roost_work p WHERE p.key = w.parent AND p.ended_at IS NULL))";

    private readonly Statement find = connection.Prepare(
        $"""
        SELECT key, parent, updated_at, {IsKeptSql}, EXISTS (SELECT 1 FROM roost_tree_cancel t WHERE t.work = w.key) FROM roost_work w
        WHERE worker IS NULL AND lane = ?1 AND state = ?2 AND updated_at <= ?3 AND (updated_at, key) > (?5, ?6) ORDER BY updated_at, key LIMIT ?4
        """);
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
        connection.Prepare("DELETE FROM roost_child_end WHERE parent = ?1"),
        connection.Prepare("DELETE FROM roost_wait WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_ask WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_effect WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_stream_piece WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_stream WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_progress WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_mailbox WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_signal WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_signal_id WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_end WHERE work = ?1"),
        connection.Prepare("DELETE FROM roost_work WHERE key = ?1"),
    ];

    /// <summary>Looks at up to <paramref name="limit"/> items from a place on, purges those that may go, and every lane that is empty then.</summary>
    public PurgeBatch Execute(PurgeScope scope, PurgePlace from, int limit, string? reason)
    {
        int purged = 0, kept = 0, rows = 0, left = limit, lanesLeft = MaxLanes;
        long freed = 0;
        PurgePlace place = from;
        while (lanes.From(place.Lane, scope.Engine) is { } lane)
        {
            if (place.Lane != lane.Key) place = new(lane.Key);
            if (IsEnough()) return Recorded(new(purged, kept, place), reason);
            if (place.State == scope.States.Count)
            {
                if (lanes.RemoveIfEmpty(lane)) ready.Doubt(lane.Key);
                place = new(lane.Key + 1);
                lanesLeft--;
                continue;
            }
            WorkState state = scope.States[place.State];
            int before = purged;
            foreach (Found item in Find(lane, state, scope.Before, place, left))
            {
                if (IsEnough()) break;
                place = place with { At = item.At, Key = item.Key };
                left--;
                if (item.IsKept) kept++;
                if (item.IsKept || item.IsCancelling) continue;
                (int deleted, long content) = Delete(item.Key, lane.Engine);
                children.Remove(item.Parent, state);
                rows += deleted;
                freed += content;
                purged++;
            }
            counts.Add(lane.Key, ConditionOf(state), before - purged);
            if (!IsEnough()) place = new(lane.Key, place.State + 1); // It has found fewer than were asked for.
        }
        return Recorded(new(purged, kept, null), reason);

        bool IsEnough() => left == 0 || lanesLeft == 0 || rows >= MaxRows || freed >= MaxContentBytes;
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

    private readonly record struct Found(long Key, long? Parent, long At, bool IsKept, bool IsCancelling);

    private List<Found> Find(Lane lane, WorkState state, long before, PurgePlace after, int limit) =>
        find.Bind(1, lane.Key).Bind(2, state.Name()).Bind(3, before).Bind(4, limit).Bind(5, after.At).Bind(6, after.Key)
            .All(static row => new Found(row.Int64(0), row.NullableInt64(1), row.Int64(2), row.Int32(3) != 0, row.Int32(4) != 0));

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
