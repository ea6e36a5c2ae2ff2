using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>
/// How many children each item has that are open, how many of these wait, and how the others have ended; and the ends that it is to be shown, numbered.
/// Gathered while a transaction runs, added to the tables at its end. What has no parent costs nothing here, nor does a change between two open states. Of
/// a parent that was purged nothing is kept.
/// </summary>
internal sealed class ChildCounts(WriteConnection connection)
{
    private readonly Statement add = connection.Prepare(
        """
        INSERT INTO roost_child_count (parent, open, waiting, done, failed, cancelled, awaited, ends, failed_end)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (SELECT 1 FROM roost_work WHERE key = ?1)
        ON CONFLICT (parent) DO UPDATE SET
            open = open + excluded.open, waiting = waiting + excluded.waiting,
            done = done + excluded.done, failed = failed + excluded.failed, cancelled = cancelled + excluded.cancelled,
            awaited = awaited + excluded.awaited, failed_end = CASE excluded.failed_end WHEN 0 THEN failed_end ELSE ends + excluded.failed_end END,
            ends = ends + excluded.ends
        RETURNING ends
        """);
    private readonly Statement addEnd = connection.Prepare("INSERT INTO roost_child_end (parent, n, child) VALUES (?1, ?2, ?3)");
    private readonly Statement load = connection.Prepare("SELECT awaited, ends, shown, failed_end FROM roost_child_count WHERE parent = ?1");
    private readonly Statement show = connection.Prepare("UPDATE roost_child_count SET shown = ?2 WHERE parent = ?1 AND shown < ?2");

    private readonly Dictionary<long, Change> changes = [];
    private readonly List<long> endedOf = [];

    private readonly record struct Change(int Open, int Waiting, int Done, int Failed, int Cancelled, int Awaited)
    {
        /// <summary>The children whose ends the parent is to be shown, in their order.</summary>
        public List<long>? Ends { get; init; }

        /// <summary>Which of these, from 1, is the last that has failed; 0 for none.</summary>
        public int LastFailed { get; init; }

        public bool IsNothing => this == default;
    }

    /// <summary>A child has come.</summary>
    public void Add(long? parent, bool isDetached)
    {
        if (parent is not { } key) return;
        changes.TryGetValue(key, out Change change);
        changes[key] = Counted(change, WorkState.Queued, 1) with { Awaited = change.Awaited + (isDetached ? 0 : 1) };
    }

    /// <summary>A child that had ended is gone.</summary>
    public void Remove(long? parent, WorkState state)
    {
        if (parent is not { } key) return;
        changes.TryGetValue(key, out Change change);
        changes[key] = Counted(change, state, -1);
    }

    /// <summary>A child has gone from one state to another.</summary>
    public void Move(in WorkRow before, WorkState after)
    {
        if (before.Parent is not { } key || before.State == after || (IsCountedAlike(before.State) && IsCountedAlike(after))) return;
        changes.TryGetValue(key, out Change change);
        change = Counted(Counted(change, before.State, -1), after, 1);
        if (!before.Detached && before.State.IsEnded() != after.IsEnded())
        {
            change = change with { Awaited = change.Awaited + (after.IsEnded() ? -1 : 1) };
            if (after.IsEnded())
            {
                List<long> ends = change.Ends ?? [];
                ends.Add(before.Key);
                change = change with { Ends = ends, LastFailed = after == WorkState.Failed ? ends.Count : change.LastFailed };
            }
        }
        changes[key] = change;
    }

    /// <summary>Adds what was gathered to the tables, and answers the parents whose children have ended since that was last asked.</summary>
    public IReadOnlyList<long> Save()
    {
        foreach ((long parent, Change change) in changes) Save(parent, change);
        changes.Clear();
        if (endedOf.Count == 0) return [];
        long[] parents = [.. endedOf];
        endedOf.Clear();
        return parents;
    }

    /// <summary>What an item may wait for.</summary>
    public ChildEnds Load(long parent)
    {
        if (changes.Remove(parent, out Change change)) Save(parent, change);
        return load.Bind(1, parent).OneValue(static row => new ChildEnds(row.Int64(0), row.Int64(1), row.Int64(2), row.Int64(3))) ?? default;
    }

    /// <summary>Whether there are children of it, or were.</summary>
    public bool HasAny(long parent) => changes.ContainsKey(parent) || load.Bind(1, parent).Scalar() is not null;

    /// <summary>A step of the parent was shown the ends up to this one.</summary>
    public void Shown(long parent, long end) => show.Bind(1, parent).Bind(2, end).Run();

    public void Drop()
    {
        changes.Clear();
        endedOf.Clear();
    }

    private void Save(long parent, in Change change)
    {
        if (change.IsNothing) return;
        int ends = change.Ends?.Count ?? 0;
        long? last = add.Bind(1, parent).Bind(2, change.Open).Bind(3, change.Waiting).Bind(4, change.Done).Bind(5, change.Failed).Bind(6, change.Cancelled)
            .Bind(7, change.Awaited).Bind(8, ends).Bind(9, change.LastFailed).Scalar();
        if (last is not { } number || ends == 0) return;
        for (int i = 0; i < ends; i++) addEnd.Bind(1, parent).Bind(2, number - ends + 1 + i).Bind(3, change.Ends![i]).Run();
        endedOf.Add(parent);
    }

    private static Change Counted(in Change change, WorkState state, int n) => state switch
    {
        WorkState.Done => change with { Done = change.Done + n },
        WorkState.Failed => change with { Failed = change.Failed + n },
        WorkState.Cancelled => change with { Cancelled = change.Cancelled + n },
        WorkState.Waiting => change with { Open = change.Open + n, Waiting = change.Waiting + n },
        _ => change with { Open = change.Open + n },
    };

    private static bool IsCountedAlike(WorkState state) => state is WorkState.Queued or WorkState.Running;
}

/// <summary>Where an item's children stand.</summary>
/// <param name="Open">How many of those that are not detached have not ended.</param>
/// <param name="Last">The number of the last end.</param>
/// <param name="Shown">The number of the last end that a step of the item was shown.</param>
/// <param name="LastFailed">The number of the last end that was a failure.</param>
internal readonly record struct ChildEnds(long Open, long Last, long Shown, long LastFailed)
{
    /// <summary>How many ends no step of the item was shown.</summary>
    public long Unshown => Last - Shown;

    /// <summary>Whether an item that waits for so many ends (0: until no child is open), or for a failure, goes on.</summary>
    public bool Satisfy(long ends, bool orFailure) => Open == 0 || (ends > 0 && Unshown >= ends) || (orFailure && LastFailed > Shown);
}
