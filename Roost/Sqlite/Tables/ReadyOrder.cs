using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>
/// What can be claimed next, and what becomes due next, among the lanes that the running loop serves. Only lanes with something ready or delayed are
/// known here, each by its heads: lanes that are empty, or hold only what has ended, cost nothing.
/// <list type="bullet">
/// <item>It is read from the file once, one index probe for each such lane, and then follows every change: <see cref="Add"/> and <see cref="Remove"/>.</item>
/// <item>A head that has left is looked up again when the order is asked next; until then its lane keeps its place, for what follows is no earlier.</item>
/// <item>Engines at their own limit stand aside with all their lanes, so that they hide nobody and nobody has to step over them.</item>
/// <item>Paused lanes stand aside the same way: only what is due in them is found. An item that is paused itself stands here for its due time alone.</item>
/// <item>Lanes that another process has changed, or a transaction that was rolled back, are in doubt: taken out, and probed again when the order is
/// asked next. Where it is not known which lanes those are, everything is forgotten.</item>
/// </list>
/// </summary>
internal sealed class ReadyOrder(WriteConnection connection, Counters counters, Counts counts, LaneChanges laneChanges, Lanes laneTable, PauseTable pauses)
{
    private const int CountAhead = 64;
    private const int EmptyLanesKept = 1000;

    private static readonly LaneOrder[] Orders = Enum.GetValues<LaneOrder>();

    // The first item of a lane, and of the first lane after one: by the order's own partial index.
    private readonly Statement[] heads =
    [
        connection.Prepare(
            "SELECT key, priority, ready_seq FROM roost_work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 0 ORDER BY priority DESC, ready_seq LIMIT 1"
        ),
        connection.Prepare(
            "SELECT key, priority, ready_seq FROM roost_work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 1 ORDER BY priority DESC, ready_seq LIMIT 1"
        ),
        connection.Prepare("SELECT key, 0, due_at FROM roost_work WHERE lane = ?1 AND due_at IS NOT NULL ORDER BY due_at LIMIT 1"),
    ];
    private readonly Statement[] nextLanes =
    [
        connection.Prepare(
            "SELECT key, priority, ready_seq, lane FROM roost_work WHERE lane > ?1 AND ready_seq IS NOT NULL AND solo = 0 ORDER BY lane, priority DESC, " +
            "ready_seq LIMIT 1"
        ),
        connection.Prepare(
            "SELECT key, priority, ready_seq, lane FROM roost_work WHERE lane > ?1 AND ready_seq IS NOT NULL AND solo = 1 ORDER BY lane, priority DESC, " +
            "ready_seq LIMIT 1"
        ),
        connection.Prepare("SELECT key, 0, due_at, lane FROM roost_work WHERE lane > ?1 AND due_at IS NOT NULL ORDER BY lane, due_at LIMIT 1"),
    ];
    private readonly Statement count = connection.Prepare(
        "SELECT count(*) FROM (SELECT 1 FROM roost_work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 0 AND priority >= ?2 LIMIT ?3)");
    private readonly Statement due = connection.Prepare(
        "SELECT key, state = 'waiting' FROM roost_work WHERE lane = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3");
    private readonly Statement promote = connection.Prepare(
        "UPDATE roost_work SET ready_seq = ?2, ready_at = due_at, due_at = NULL, delayed_at = NULL, retry_why = NULL " +
        "WHERE key = ?1 AND lane = ?3 AND due_at <= ?4 AND paused = 0 RETURNING priority, solo, 0, updated_at"
    );
    private readonly Statement promotePaused = connection.Prepare(
        "UPDATE roost_work SET place = ?2, ready_at = due_at, due_at = NULL, delayed_at = NULL, retry_why = NULL " +
        "WHERE key = ?1 AND lane = ?3 AND due_at <= ?4 AND paused = 1 RETURNING priority, solo, 1, updated_at"
    );
    private readonly Statement nextDeadline = connection.Prepare(
        "SELECT min(deadline) FROM roost_work WHERE deadline IS NOT NULL AND worker IS NULL AND ended_at IS NULL");

    private readonly Dictionary<long, ActiveLane?> lanes = [];
    private readonly Dictionary<string, EngineLanes> engines = [];
    private readonly RankedHeap<EngineLanes, EngineLanes.ByHead> ready = new();
    private readonly RankedHeap<ActiveLane, ActiveLane.ByAlone> alone = new();
    private readonly RankedHeap<ActiveLane, ActiveLane.ByDue> delayed = new();
    private readonly List<ActiveLane> outdated = [];
    private readonly HashSet<long> doubtful = [];
    private SlotLedger? served;
    private int pausesSeen;
    private int mostLanes = EmptyLanesKept;
    private long? deadline;
    private bool deadlineKnown;

    /// <summary>The worker for whose loop the order is kept; 0 while it is not.</summary>
    public long Worker => served?.WorkerKey ?? 0;

    /// <summary>How many lanes are known.</summary>
    public int Lanes => lanes.Count;

    /// <summary>The first item that is ready and need not run alone, of the engines that have room.</summary>
    public (Lane Lane, Head Head)? First(SlotLedger ledger)
    {
        Settle(ledger);
        return ready.First?.Lanes.First is { } lane ? (lane.Lane, lane[LaneOrder.Ready].Head) : null;
    }

    /// <summary>The first item that must run alone.</summary>
    public (Lane Lane, Head Head)? FirstAlone(SlotLedger ledger)
    {
        Settle(ledger);
        return alone.First is { } lane ? (lane.Lane, lane[LaneOrder.Alone].Head) : null;
    }

    /// <summary>The first item of one engine, be it at its limit or not.</summary>
    public Head? FirstOf(SlotLedger ledger, string engine)
    {
        Settle(ledger);
        return engines.TryGetValue(engine, out EngineLanes? it) && it.Lanes.Count > 0 ? it.Head : null;
    }

    /// <summary>Lanes of engines that have room, with a head that does not come behind the bound; so many at most, in no order.</summary>
    public void Collect(SlotLedger ledger, in Head bound, int most, List<ActiveLane> into)
    {
        into.Clear();
        Settle(ledger);
        Collect(0, bound, most, into);
    }

    /// <summary>How many are ready in a lane at this priority or above, where that is less than so many; else so many or more.</summary>
    public int CountOf(ActiveLane lane, int priority, int most)
    {
        if (lane.CountedPriority == priority && lane.Counted >= most) return lane.Counted;
        (lane.CountedPriority, lane.Counted) = (priority, (int)count.Bind(1, lane.Lane.Key).Bind(2, priority).Bind(3, most + CountAhead).Scalar()!.Value);
        return lane.Counted;
    }

    /// <summary>The next moment at which something becomes due.</summary>
    public long? NextDue(SlotLedger ledger)
    {
        Settle(ledger);
        return delayed.First is { } lane ? lane[LaneOrder.Due].Head.Place : null;
    }

    /// <summary>What is due of the lane in which something is due first, in order: so many at most. Empty where nothing is due.</summary>
    public List<(long Work, long Lane, bool IsWaiting)> FindDue(SlotLedger ledger, long now, int most)
    {
        if (NextDue(ledger) is not { } next || next > now) return [];
        long lane = delayed.First!.Lane.Key;
        List<(long, long, bool)> found = due.Bind(1, lane).Bind(2, now).Bind(3, most).All(row => (row.Int64(0), lane, row.Int32(1) != 0));
        return found.Count > 0 ? found : throw Damaged(NameOf(LaneOrder.Due));
    }

    /// <summary>Makes a delayed item ready that is due.</summary>
    public void Promote(long work, long lane, long now)
    {
        Place place = counters.NextPlace();
        WorkRow row = Promote(promote) ?? Promote(promotePaused) ?? throw Damaged(NameOf(LaneOrder.Due));
        connection.Measured.Waited(lane, "delayed", now - row.UpdatedAt);
        Remove(row with { DueAt = now });
        Add(row with { ReadyPlace = place });
        counts.Add(lane, Condition.Delayed, -1);
        counts.Add(lane, Condition.Ready, 1);

        WorkRow? Promote(Statement one) => one.Bind(1, work).Bind(2, place.Number).Bind(3, lane).Bind(4, now).OneValue(it => new WorkRow
        {
            Key = work,
            Lane = lane,
            Priority = it.Int32(0),
            Solo = it.Int32(1) != 0,
            IsPaused = it.Int32(2) != 0,
            UpdatedAt = it.Int64(3),
        });
    }

    /// <summary>Due times of a lane were changed beside the rows that come and leave.</summary>
    public void DuesChanged(long lane)
    {
        laneChanges.Add(lane);
        Doubt(lane);
    }

    /// <summary>The next deadline of anything queued, of any lane.</summary>
    public long? NextDeadline()
    {
        if (!deadlineKnown) (deadline, deadlineKnown) = (nextDeadline.Scalar(), true);
        return deadline;
    }

    /// <summary>An item with a deadline has come to or gone from the queue.</summary>
    public void DeadlinesChanged() => deadlineKnown = false;

    /// <summary>An item has come to its lane.</summary>
    public void Add(in WorkRow row)
    {
        if (OrderOf(row) is not { } order) return;
        laneChanges.Add(row.Lane);
        if (served is null || (doubtful.Count > 0 && doubtful.Contains(row.Lane))) return;
        if (Open(row.Lane, served) is not { } lane) return;
        ref Front front = ref lane[order];
        Head item = order == LaneOrder.Due ? new(row.Key, 0, row.DueAt!.Value) : new(row.Key, row.Priority, row.ReadyPlace!.Value.Number);
        if (!front.Exists || item.IsBefore(front.Head)) Set(lane, order, item);
    }

    /// <summary>An item has left its lane.</summary>
    public void Remove(in WorkRow row)
    {
        if (OrderOf(row) is not { } order) return;
        laneChanges.Add(row.Lane);
        if (!lanes.TryGetValue(row.Lane, out ActiveLane? lane) || lane is null) return;
        if (order == LaneOrder.Ready) lane.Counted = 0;
        ref Front front = ref lane[order];
        if (!front.Exists || front.HasLeft || front.Head.Work != row.Key) return;
        front.HasLeft = true;
        outdated.Add(lane);
    }

    /// <summary>What is known of a lane may not be so any more.</summary>
    public void Doubt(long lane)
    {
        if (served is null) return;
        if (lanes.Remove(lane, out ActiveLane? known) && known is not null)
            foreach (LaneOrder order in Orders) Set(known, order, null);
        doubtful.Add(lane);
    }

    public void Forget()
    {
        served = null;
        lanes.Clear();
        engines.Clear();
        ready.Clear();
        alone.Clear();
        delayed.Clear();
        outdated.Clear();
        doubtful.Clear();
        mostLanes = EmptyLanesKept;
        deadlineKnown = false;
    }

    /// <summary>An index has led to what is not there. All of this may have come from it, and is read anew before anybody is told so again.</summary>
    public DataCorruptException Damaged(string what)
    {
        Forget();
        return Database.IndexDamaged(what);
    }

    private static LaneOrder? OrderOf(in WorkRow row) =>
        row.ReadyPlace is not null ? row.IsPaused ? null : row.Solo ? LaneOrder.Alone : LaneOrder.Ready : row.DueAt is not null ? LaneOrder.Due : null;

    /// <summary>Brings the order up to date with what has happened since it was asked last.</summary>
    private void Settle(SlotLedger ledger)
    {
        if (ledger != served) Load(ledger);
        if (pausesSeen != pauses.Version) LookForPauses();
        if (doubtful.Count > 0) LookAgain(ledger);
        if (outdated.Count > 0) FindHeads();
        if (ledger.RoomChanged.Count > 0) LookForRoom(ledger);
        if (lanes.Count > mostLanes) DropEmpty();
    }

    private void Load(SlotLedger ledger)
    {
        Forget();
        laneChanges.Follow();
        laneTable.Forget(); // What others remove is told from here on.
        pausesSeen = pauses.Version;
        foreach (LaneOrder order in Orders)
        {
            Statement next = nextLanes[(int)order];
            for (long lane = 0; next.Bind(1, lane).OneValue(Head.ReadWithLane) is { } found; lane = found.Lane)
            {
                if (found.Lane <= lane) throw Damaged(NameOf(order));
                if (Open(found.Lane, ledger) is { } known) Set(known, order, found.Head);
            }
        }
        ledger.RoomChanged.Clear();
        served = ledger;
    }

    private void LookAgain(SlotLedger ledger)
    {
        foreach (long key in doubtful)
        {
            foreach (LaneOrder order in Orders)
                if (FindHead(order, key) is { } head && Open(key, ledger) is { } lane) Set(lane, order, head);
            doubtful.Remove(key);
        }
    }

    private void FindHeads()
    {
        foreach (ActiveLane lane in outdated)
            foreach (LaneOrder order in Orders)
                if (lane[order].HasLeft) Set(lane, order, FindHead(order, lane.Lane.Key));
        outdated.Clear();
    }

    private void LookForPauses()
    {
        pausesSeen = pauses.Version;
        foreach (ActiveLane? lane in lanes.Values)
        {
            if (lane is null || pauses.Covers(lane.Lane) is var now && now == lane.IsPaused) continue;
            lane.IsPaused = now;
            ArrangeReady(lane);
            ArrangeAlone(lane);
        }
    }

    private void LookForRoom(SlotLedger ledger)
    {
        foreach (string id in ledger.RoomChanged)
        {
            if (!engines.TryGetValue(id, out EngineLanes? engine)) continue;
            engine.HasRoom = ledger.HasRoomFor(id);
            Arrange(engine);
        }
        ledger.RoomChanged.Clear();
    }

    private void DropEmpty()
    {
        foreach ((long key, ActiveLane? lane) in lanes)
            if (lane is not { IsEmpty: false }) lanes.Remove(key);
        mostLanes = (2 * lanes.Count) + EmptyLanesKept;
    }

    /// <summary>What is known of a lane; null where the ledger does not serve it.</summary>
    private ActiveLane? Open(long key, SlotLedger ledger)
    {
        if (lanes.TryGetValue(key, out ActiveLane? known)) return known;
        if (laneTable.Find(key) is not { } lane || !ledger.Serves(lane)) return lanes[key] = null;
        if (!engines.TryGetValue(lane.Engine, out EngineLanes? engine)) engines[lane.Engine] = engine = new() { HasRoom = ledger.HasRoomFor(lane.Engine) };
        return lanes[key] = new(lane, engine) { IsPaused = pauses.Covers(lane) };
    }

    private void Set(ActiveLane lane, LaneOrder order, Head? head)
    {
        ref Front front = ref lane[order];
        (front.Head, front.Exists, front.HasLeft) = (head.GetValueOrDefault(), head is not null, false);
        switch (order)
        {
            case LaneOrder.Ready:
                ArrangeReady(lane);
                break;
            case LaneOrder.Alone:
                ArrangeAlone(lane);
                break;
            default:
                Arrange(delayed, lane, front.Exists);
                break;
        }
    }

    private void ArrangeReady(ActiveLane lane)
    {
        Arrange(lane.Engine.Lanes, lane, lane[LaneOrder.Ready].Exists && !lane.IsPaused);
        Arrange(lane.Engine);
    }

    private void ArrangeAlone(ActiveLane lane) => Arrange(alone, lane, lane[LaneOrder.Alone].Exists && !lane.IsPaused);

    private void Arrange(EngineLanes engine) => Arrange(ready, engine, engine.HasRoom && engine.Lanes.Count > 0);

    private static void Arrange<T, TRank>(RankedHeap<T, TRank> heap, T item, bool belongs) where T : class where TRank : IRank<T>
    {
        if (belongs) heap.Place(item);
        else heap.Remove(item);
    }

    private void Collect(int at, in Head bound, int most, List<ActiveLane> into)
    {
        if (into.Count >= most || at >= ready.Count || bound.IsBefore(ready[at].Head)) return;
        Collect(ready[at].Lanes, 0, bound, most, into);
        Collect((2 * at) + 1, bound, most, into);
        Collect((2 * at) + 2, bound, most, into);
    }

    private static void Collect(RankedHeap<ActiveLane, ActiveLane.ByReady> from, int at, in Head bound, int most, List<ActiveLane> into)
    {
        if (into.Count >= most || at >= from.Count || bound.IsBefore(from[at][LaneOrder.Ready].Head)) return;
        into.Add(from[at]);
        Collect(from, (2 * at) + 1, bound, most, into);
        Collect(from, (2 * at) + 2, bound, most, into);
    }

    private Head? FindHead(LaneOrder order, long lane) => heads[(int)order].Bind(1, lane).OneValue(Head.Read);

    private static string NameOf(LaneOrder order) => order == LaneOrder.Due ? "due" : "ready";
}
