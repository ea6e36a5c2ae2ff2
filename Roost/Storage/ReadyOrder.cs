namespace Roost.Storage;

/// <summary>An item at the head of a lane's ready order.</summary>
internal readonly record struct Head(long Work, int Priority, long Place)
{
    /// <summary>Strict priority, then longest ready.</summary>
    public bool IsBefore(in Head other) => Priority != other.Priority ? Priority > other.Priority : Place < other.Place;
}

/// <summary>The heads of the ready order and the next due times, one index probe for each lane, remembered until something changes there.</summary>
internal sealed class ReadyOrder(Session session)
{
    private const int PromoteAtOnce = 1000;
    private const int CountAhead = 64;

    private readonly Statement head = session.Prepare(
        "SELECT key, priority, ready_seq FROM work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 0 ORDER BY priority DESC, ready_seq LIMIT 1");
    private readonly Statement soloHead = session.Prepare(
        "SELECT key, priority, ready_seq FROM work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 1 ORDER BY priority DESC, ready_seq LIMIT 1");
    private readonly Statement count = session.Prepare(
        "SELECT count(*) FROM (SELECT 1 FROM work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 0 AND priority >= ?2 LIMIT ?3)");
    private readonly Statement nextDue = session.Prepare("SELECT due_at FROM work WHERE lane = ?1 AND due_at IS NOT NULL ORDER BY due_at LIMIT 1");
    private readonly Statement due = session.Prepare("SELECT key FROM work WHERE lane = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3");
    private readonly Statement promote = session.Prepare("UPDATE work SET ready_seq = ?2, ready_at = due_at, due_at = NULL, delayed_at = NULL WHERE key = ?1 AND lane = ?3 AND due_at <= ?4");
    private readonly Statement nextDeadline = session.Prepare("SELECT min(deadline) FROM work WHERE deadline IS NOT NULL AND state = 'queued'");

    private readonly Dictionary<long, Remembered> lanes = [];
    private readonly List<long> found = [];
    private long? deadline;
    private bool deadlineKnown;

    private sealed class Remembered
    {
        public bool HeadKnown, SoloKnown, DueKnown;
        public Head? Head, Solo;
        public long? Due;
        public int CountedPriority, Counted;
    }

    public Head? HeadOf(long lane)
    {
        Remembered known = Of(lane);
        if (!known.HeadKnown) (known.Head, known.HeadKnown) = (Probe(head, lane), true);
        return known.Head;
    }

    public Head? SoloHeadOf(long lane)
    {
        Remembered known = Of(lane);
        if (!known.SoloKnown) (known.Solo, known.SoloKnown) = (Probe(soloHead, lane), true);
        return known.Solo;
    }

    /// <summary>How many are ready in a lane at this priority or above, where that is less than so many; else so many or more.</summary>
    public int CountOf(long lane, int priority, int most)
    {
        Remembered known = Of(lane);
        if (known.CountedPriority == priority && known.Counted >= most) return known.Counted;
        (known.CountedPriority, known.Counted) = (priority, (int)count.Bind(1, lane).Bind(2, priority).Bind(3, most + CountAhead).Scalar()!.Value);
        return known.Counted;
    }

    public long? NextDueOf(long lane)
    {
        Remembered known = Of(lane);
        if (!known.DueKnown) (known.Due, known.DueKnown) = (nextDue.Bind(1, lane).Scalar(), true);
        return known.Due;
    }

    /// <summary>Due times of a lane were changed beside the rows that come and leave.</summary>
    public void DuesChanged(long lane) => lanes.Remove(lane);

    /// <summary>The next deadline of anything queued, of any lane.</summary>
    public long? NextDeadline()
    {
        if (!deadlineKnown) (deadline, deadlineKnown) = (nextDeadline.Scalar(), true);
        return deadline;
    }

    /// <summary>An item with a deadline has come to or gone from the queue.</summary>
    public void DeadlinesChanged() => deadlineKnown = false;

    /// <summary>Makes what is due in a lane ready, longest due first, a bounded number at a time.</summary>
    public void Promote(long lane, long now)
    {
        if (NextDueOf(lane) is not { } first || first > now) return;
        found.Clear();
        due.Bind(1, lane).Bind(2, now).Bind(3, PromoteAtOnce);
        while (due.Step()) found.Add(due.Int64(0));
        if (found.Count == 0) throw Database.IndexDamaged("due");
        foreach (long work in found)
            if (promote.Bind(1, work).Bind(2, session.Counters.NextReady()).Bind(3, lane).Bind(4, now).Run() == 0) throw Database.IndexDamaged("due");
        session.Counts.Add(lane, Condition.Delayed, -found.Count);
        session.Counts.Add(lane, Condition.Ready, found.Count);
        lanes.Remove(lane);
    }

    /// <summary>An item has come to its lane: what is remembered of the lane is kept where it is no nearer, else it is the item.</summary>
    public void Came(in WorkRow row)
    {
        if (!lanes.TryGetValue(row.Lane, out Remembered? known)) return;
        if (row.ReadySeq is { } place)
        {
            var item = new Head(row.Key, row.Priority, place);
            if (row.Solo) known.Solo = Nearer(known.Solo, item);
            else known.Head = Nearer(known.Head, item);
        }
        else if (row.DueAt is { } due && !(known.Due <= due)) known.Due = due;

        static Head? Nearer(Head? first, Head item) => first is { } other && other.IsBefore(item) ? other : item;
    }

    /// <summary>An item has left its lane: what is remembered is forgotten where it was the item.</summary>
    public void Left(in WorkRow row)
    {
        if (!lanes.TryGetValue(row.Lane, out Remembered? known)) return;
        if (row.ReadySeq is not null) known.Counted = 0;
        if (known.Head?.Work == row.Key) known.HeadKnown = false;
        if (known.Solo?.Work == row.Key) known.SoloKnown = false;
        if (row.DueAt is { } due && due == known.Due) known.DueKnown = false;
    }

    public void Forget()
    {
        lanes.Clear();
        deadlineKnown = false;
    }

    private Remembered Of(long lane)
    {
        if (!lanes.TryGetValue(lane, out Remembered? known)) lanes[lane] = known = new();
        return known;
    }

    private static Head? Probe(Statement statement, long lane)
    {
        if (!statement.Bind(1, lane).Step()) return null;
        var found = new Head(statement.Int64(0), statement.Int32(1), statement.Int64(2));
        statement.Reset();
        return found;
    }
}
