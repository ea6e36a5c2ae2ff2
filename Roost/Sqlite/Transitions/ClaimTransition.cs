using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>queued -> running: takes the first ready items that the running loop has room for, each with a fresh token.</summary>
internal sealed class ClaimTransition(WriteConnection connection, FileIdentity identity, Counters counters, Timers timers, ReadyOrder ready, WorkTable workTable, WorkerTable workers, ResourceTable resources, Events events, LeaseTransitions leases)
{
    private const int ParkAtOnce = 256;
    private const int SlotTimesOfEquals = 10;
    private const int MostRested = 1024;
    private const int MostRestedBytes = 16 * 1024;
    private const long RoomMilliseconds = 10_000;
    private const long MostRoomMilliseconds = 30 * 60_000;
    private const int RoomPause = 6;

    // The snapshot is taken by the index and by what its row says: a damaged index would lead to another item's.
    private readonly Statement load = connection.Prepare(
        """
        SELECT w.id, w.created_at, i.payload, i.nonce, i.branch, i.depth, i.timeout_ms, i.max_attempts, i.idempotency_key,
               s.state_version, s.step, s.data, s.sha256, s.at, s.delay_ms, p.id, i.payload_sha256
        FROM work w
        LEFT JOIN work_input i ON i.work = w.key
        LEFT JOIN snapshot s ON s.key = (SELECT key FROM snapshot WHERE work = w.key AND version = w.version) AND +s.work = w.key AND +s.version = w.version
        LEFT JOIN work p ON p.key = w.parent
        WHERE w.key = ?1
        """);

    /// <summary>
    /// What was known of items that have gone back behind their equals, by key. A version's snapshot never changes, nor does what else is taken from
    /// here, so that the version alone says whether it still holds; a rollback empties it, for its versions may not have come to be.
    /// </summary>
    private readonly Dictionary<long, (LeasedWork Lease, Snapshot Next)> rested = [];

    private readonly List<ActiveLane> before = [];

    /// <summary>Promotes what is due, then claims until the slots are full or nothing is left that can run here.</summary>
    public void Fill(SlotLedger ledger, List<LeasedWork> claimed)
    {
        ledger.ForgetYielded();
        timers.FireForAll();
        if (!workers.IsRegistered(ledger.WorkerKey))
        {
            ledger.Displaced = true;
            return;
        }
        timers.FireFor(ledger);
        for (int parked = 0; ledger.Free > 0 && parked < ParkAtOnce;)
        {
            if (Choose(ledger) is not { } choice) return;
            LeasedWork? lease = TryClaim(choice.Head.Work, choice.Lane, ledger);
            if (lease is null)
            {
                parked++;
                continue;
            }
            claimed.Add(lease);
        }
    }

    /// <summary>Whether taking the write lock for a claim is worth it: something is ready or due here, or a deadline has passed.</summary>
    public bool IsWorthwhile(SlotLedger ledger) => timers.AnythingToDo(ledger) || (!ledger.Displaced && ledger.Free > 0 && Choose(ledger) is not null);

    /// <summary>Whether an item that continues without delay has to go back behind its equals.</summary>
    public bool MustYield(SlotLedger ledger, LeasedWork lease)
    {
        if (ledger.MakeRoomUntil > connection.Steady) return true;
        int priority = lease.Item.Priority;
        TimeSpan held = HeldSlot(lease), slotTime = connection.Options.SlotTime;
        bool slotTimeIsOver = held >= slotTime;
        bool couldLetIn = lease.ResourceCount > 0 && lease.Item.ResourceHold == ResourceHold.Step;
        if (couldLetIn && resources.BestWaiting(lease.WorkKey) is { } waiting && GoesBefore(waiting, slotTimeIsOver)) return true;
        if (ledger.ClocksParted) return false;
        // Behind a head with a later place than the last that came, all have gone back themselves: they can wait longer.
        long lastPlace = held >= slotTime * SlotTimesOfEquals ? long.MaxValue : slotTimeIsOver ? counters.LastComer : long.MinValue;
        var bound = new Head(0, priority, lastPlace);
        string engine = lease.Lane.Engine;
        if (!ledger.HasRoomFor(engine) && ready.FirstOf(ledger, engine) is { } first && !bound.IsBefore(first)) return true; // It needs our place under its engine's limit.
        if (ledger.Free <= 0 && ready.FirstAlone(ledger) is { } alone && GoesBefore(alone.Head.Priority, slotTimeIsOver)) return true;
        return NeedsOurSlot(ledger, bound);

        bool GoesBefore(int other, bool equalsToo) => equalsToo ? other >= priority : other > priority;
    }

    /// <summary>
    /// Whether more is ready and not behind the bound than the free slots will take: they serve the first of those that are ready without us, and
    /// those that have yielded in this transaction stand behind us.
    /// </summary>
    private bool NeedsOurSlot(SlotLedger ledger, in Head bound)
    {
        int left = ledger.Free + 1;
        ready.Collect(ledger, bound, left + ledger.Yielded, before);
        foreach (ActiveLane lane in before)
        {
            // Of our own priority those count too that may go before us at this place.
            long place = lane[LaneOrder.Ready].Head.Place;
            bool equalsCount = place <= counters.LastComer ? bound.Place >= counters.LastComer : bound.Place == long.MaxValue;
            int least = equalsCount ? bound.Priority : bound.Priority + 1, behind = ledger.YieldedIn(lane.Lane.Key, least);
            left -= ready.CountOf(lane, least, left + behind) - behind;
            if (left <= 0) return true;
        }
        return false;
    }

    private (Lane Lane, Head Head)? Choose(SlotLedger ledger)
    {
        (Lane Lane, Head Head)? best = ready.First(ledger);
        if (ready.FirstAlone(ledger) is not { } alone) return best;
        if (best is { } other && other.Head.IsBefore(alone.Head)) return best;
        if (ledger.Running == 0) return alone;
        return MakesRoom(ledger) ? null : best;
    }

    /// <summary>
    /// Lets the slots run empty for an item that must run alone: for ten seconds first, then, while steps last longer than that, for twice as long
    /// each time, up to half an hour. Between two tries the others work for six times as long, so that a step without end costs a seventh at most.
    /// </summary>
    private bool MakesRoom(SlotLedger ledger)
    {
        if (connection.Steady < ledger.MakeRoomUntil) return true;
        if (connection.Steady < ledger.MakeRoomUntil + (RoomPause * ledger.RoomMilliseconds)) return false;
        ledger.RoomMilliseconds = Math.Clamp(2 * ledger.RoomMilliseconds, RoomMilliseconds, MostRoomMilliseconds);
        ledger.MakeRoomUntil = connection.Steady + ledger.RoomMilliseconds;
        return true;
    }

    private LeasedWork? TryClaim(long work, Lane lane, SlotLedger ledger)
    {
        if (workTable.Load(work) is not { State: WorkState.Queued, ReadySeq: not null } row || row.Lane != lane.Key) throw ready.Damaged("ready");
        if (timers.FailIfOverdue(row)) return null;
        if (row.ResourceCount > 0 && resources.TakeAll(work) is { } busy)
        {
            workTable.Save(row, row.AsBlocked(busy, row.ReadySeq!.Value));
            return null;
        }
        EngineFacts engine = ledger.EngineOf(lane);
        WorkRow running = row.AsRunning(ledger.WorkerKey, Counters.Token(), connection.Now) with { ParkInterrupted = engine.OnInterrupted == OnInterrupted.Park };
        workTable.Save(row, running);
        events.Append(EventKinds.Claimed, work, ledger.WorkerId, static (json, worker) => json.WriteString("worker", worker));
        ledger.Take(lane.Engine);
        if (row.Solo) (ledger.SoloRunning, ledger.MakeRoomUntil, ledger.RoomMilliseconds) = (true, 0, 0);
        leases.KeepAlive(ledger);
        LeasedWork lease = Lease(running, lane, ledger);
        lease.WaitMilliseconds = Math.Max(0, connection.Now - row.ReadyAt!.Value);
        return lease;
    }

    /// <summary>An item goes back behind its equals: what it will need for its next step is kept at hand.</summary>
    public void Rest(LeasedWork lease, Snapshot next)
    {
        int bytes = lease.Item.PayloadUtf8(int.MaxValue).Length + (lease.Snapshot?.Utf8.Length ?? 0) + next.Utf8.Length;
        if (bytes > MostRestedBytes) return;
        if (rested.Count >= MostRested) rested.Clear();
        rested[lease.WorkKey] = (lease, next);
    }

    public void Forget() => rested.Clear();

    private LeasedWork Lease(in WorkRow row, Lane lane, SlotLedger ledger) =>
        rested.Remove(row.Key, out (LeasedWork Lease, Snapshot Next) known) && known.Next.Version == row.Version
            ? known.Lease.Again(FactsOf(row, lane, ledger), row.Priority, known.Next)
            : LoadLease(row, lane, ledger);

    private LeaseFacts FactsOf(in WorkRow row, Lane lane, SlotLedger ledger) => new()
    {
        WorkKey = row.Key,
        WorkerKey = row.Worker!.Value,
        Slots = ledger,
        Lane = lane,
        Token = row.Token!.Value,
        Version = row.Version,
        Failures = row.Failures,
        Interruptions = row.Interruptions,
        Unchanged = row.Unchanged,
        Solo = row.Solo,
        ResourceCount = row.ResourceCount,
        Deadline = row.Deadline,
        CancelRequested = row.CancelRequested,
        SlotTaken = (connection.Options.TimeProvider.GetTimestamp(), connection.WaitedForTurns),
    };

    /// <summary>How long it has held its slot, without what this process had to wait for others to have their turn.</summary>
    private TimeSpan HeldSlot(LeasedWork lease) =>
        connection.Options.TimeProvider.GetElapsedTime(lease.SlotTaken.At) - (connection.WaitedForTurns - lease.SlotTaken.Waited);

    private LeasedWork LoadLease(in WorkRow row, Lane lane, SlotLedger ledger)
    {
        load.Bind(1, row.Key).Step();
        WorkItem item = ItemOf(row, lane);
        var lease = new LeasedWork(FactsOf(row, lane, ledger))
        {
            FileId = identity.FileId,
            Item = item,
            Snapshot = row.Version == 0 ? null : SnapshotOf(item, row.Version),
            PayloadHash = load.IsNull(2) ? [] : load.IsNull(16) ? null : load.Bytes(16).ToArray(), // Nothing matches none.
            SnapshotHash = row.Version == 0 || load.IsNull(12) ? null : load.Bytes(12).ToArray(),
            CreatedAt = StoredTime.Read(load.Int64(1)),
            Nonce = load.Int64(3),
            Branch = load.Int32(4),
            Depth = load.Int32(5),
        };
        load.Reset();
        return lease;
    }

    private WorkItem ItemOf(in WorkRow row, Lane lane) => new(lane.Engine)
    {
        Given = new StoredJson(load.Bytes(2).ToArray()),
        Id = load.Text(0),
        Queue = lane.Queue,
        Priority = row.Priority,
        Resources = row.ResourceCount == 0 ? [] : resources.NamesOf(row.Key),
        ResourceHold = row.HoldForLife ? ResourceHold.Life : ResourceHold.Step,
        Deadline = StoredTime.Read(row.Deadline),
        Timeout = load.NullableInt64(6) is { } timeout ? TimeSpan.FromMilliseconds(timeout) : null,
        MaxAttempts = (int?)load.NullableInt64(7),
        IdempotencyKey = load.NullableText(8),
        ParentId = load.NullableText(15),
        Json = connection.Options.Json,
        MaxJsonBytes = connection.Options.MaxJsonBytes,
    };

    /// <summary>Null where the version that the item is at is missing: the step fails as corrupt, and nothing runs on guesses.</summary>
    private Snapshot? SnapshotOf(WorkItem item, int version) => load.IsNull(9) ? null : new()
    {
        WorkId = item.Id,
        Engine = item.Engine,
        Version = version,
        StateVersion = load.Int32(9),
        Step = load.Text(10),
        Utf8 = load.Bytes(11).ToArray(),
        CreatedAt = StoredTime.Read(load.Int64(1)),
        UpdatedAt = StoredTime.Read(load.Int64(13)),
        Delay = TimeSpan.FromMilliseconds(load.Int64(14)),
        Json = connection.Options.Json,
        MaxJsonBytes = connection.Options.MaxJsonBytes,
    };
}
