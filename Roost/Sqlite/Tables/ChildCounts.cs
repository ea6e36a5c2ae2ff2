using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>
/// How many children each item has that are open, how many of these wait, and how the others have ended: gathered while a transaction runs, added to the table
/// at its end. What has no parent costs nothing here, nor does a change between two open states. Of a parent that was purged nothing is kept.
/// </summary>
internal sealed class ChildCounts(WriteConnection connection)
{
    private readonly Statement add = connection.Prepare(
        """
        INSERT INTO roost_child_count (parent, open, waiting, done, failed, cancelled)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM roost_work WHERE key = ?1)
        ON CONFLICT (parent) DO UPDATE SET
            open = open + excluded.open, waiting = waiting + excluded.waiting,
            done = done + excluded.done, failed = failed + excluded.failed, cancelled = cancelled + excluded.cancelled
        """);

    private readonly Dictionary<long, Change> changes = [];

    private readonly record struct Change(int Open, int Waiting, int Done, int Failed, int Cancelled);

    public void Add(long? parent, WorkState state, int n)
    {
        if (parent is not { } key) return;
        changes.TryGetValue(key, out Change change);
        changes[key] = state switch
        {
            WorkState.Done => change with { Done = change.Done + n },
            WorkState.Failed => change with { Failed = change.Failed + n },
            WorkState.Cancelled => change with { Cancelled = change.Cancelled + n },
            WorkState.Waiting => change with { Open = change.Open + n, Waiting = change.Waiting + n },
            _ => change with { Open = change.Open + n },
        };
    }

    /// <summary>A child has gone from one state to another.</summary>
    public void Move(long? parent, WorkState before, WorkState after)
    {
        if (parent is null || before == after || (IsCountedAlike(before) && IsCountedAlike(after))) return;
        Add(parent, before, -1);
        Add(parent, after, 1);
    }

    public void Save()
    {
        if (changes.Count == 0) return;
        foreach ((long parent, Change change) in changes)
            if (change != default)
                add.Bind(1, parent).Bind(2, change.Open).Bind(3, change.Waiting).Bind(4, change.Done).Bind(5, change.Failed).Bind(6, change.Cancelled).Run();
        changes.Clear();
    }

    private static bool IsCountedAlike(WorkState state) => state is WorkState.Queued or WorkState.Running;

    public void Drop() => changes.Clear();
}
