using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of an item and what is below it: how many children an item has is kept, so that only what is shown or rolled up is looked at.</summary>
internal sealed class TreeQueries : IDisposable
{
    private const int MostAbove = 100;

    /// <summary>How many items one read looks at to roll up what is below.</summary>
    private const int MostRolledUp = 20_000;

    private readonly SqliteConnection db;
    private readonly long now;
    private readonly ChildOrder order;
    private readonly Statement countsOf, factsOf;

    /// <summary>How many children an item has: open ones, those of these that wait, and ended ones.</summary>
    private readonly record struct Counts(int Open, int Waiting, int Done, int Failed, int Cancelled)
    {
        public int All => Open + Ended;

        public int Ended => Done + Failed + Cancelled;
    }

    /// <summary>An item that is shown.</summary>
    private sealed record Shown(long Key, int Depth, Counts Counts)
    {
        public List<Shown> Children { get; } = [];
    }

    /// <summary>An item with children, rolled up from below.</summary>
    private sealed record Roll(long Key, Roll? Parent)
    {
        public int[] Below { get; } = new int[Enum.GetValues<WorkState>().Length];
        public bool IsAtLeast { get; set; }
    }

    private TreeQueries(SqliteConnection db, long now)
    {
        (this.db, this.now) = (db, now);
        order = new(db);
        countsOf = new(db.Handle!, "SELECT open, waiting, done, failed, cancelled FROM roost_child_count WHERE parent = ?1");
        factsOf = new(db.Handle!,
            """
            SELECT w.ready_seq IS NOT NULL OR (w.place IS NOT NULL AND w.blocked_on IS NULL), w.ready_at, w.due_at,
                   w.blocked_on, w.resource_count, w.parent, p.id, w.detached
            FROM roost_work w LEFT JOIN roost_work p ON p.key = w.parent WHERE w.key = ?1
            """);
    }

    public static WorkTree? Read(
        SqliteConnection db, string workId, TreeBounds bounds, string? cursor, string folder, RoostOptions options, DateTimeOffset now)
    {
        var after = ChildOrder.Place.Read(cursor);
        if (WorkQueries.KeyOf(db, workId) is not { } key) return null;
        IReadOnlyList<WorkerInfo> workers = WorkerQueries.All(db, folder, options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        using var tree = new TreeQueries(db, now.ToUnixTimeMilliseconds());
        List<PauseInfo> wide = PauseQueries.Wide(db, tree.now);
        (List<WorkSummary> above, bool isMore, bool isGone) = tree.ReadAbove(key);
        Shown top = new(key, 0, tree.CountsOf(key));
        string? next = tree.Show(top, bounds, cursor is null ? null : after);
        Dictionary<long, Roll> rolled = tree.RollUp(key);
        List<Shown> shown = [.. InOrder(top)];
        WorkSummary[] items = WorkQueries.Summaries(db, shown.ConvertAll(each => each.Key), tree.now);
        return new()
        {
            Above = above,
            IsMoreAbove = isMore,
            IsParentGone = isGone,
            Items = [.. shown.Select((each, i) => tree.NodeOf(each, items[i], rolled, workers, wide, now))],
            Next = next,
        };
    }

    /// <summary>Goes on with a walk until it rests, is at its end, or has looked at enough for one read.</summary>
    /// <returns>Null where the item is not there.</returns>
    public static WalkState? GoOn(SqliteConnection db, TreeWalk walk, long now)
    {
        if (walk.Top is null)
        {
            if (WorkQueries.KeyOf(db, walk.WorkId) is not { } key) return null;
            WorkSummary top = WorkQueries.Summaries(db, [key], now)[0];
            if (!top.State.IsEnded()) return WalkState.Rests;
            walk.Top = top;
            walk.Left.Push(key);
        }
        using var tree = new TreeQueries(db, now);
        for (int looked = 0; walk.Left.TryPeek(out long parent);)
        {
            if (looked >= MostRolledUp) return WalkState.GoesOn;
            Counts counts = tree.CountsOf(parent);
            if (counts.Open > 0) return WalkState.Rests;
            walk.Left.Pop();
            looked += 1 + counts.Ended;
            foreach ((WorkState state, int n) in (ReadOnlySpan<(WorkState, int)>)
                [(WorkState.Done, counts.Done), (WorkState.Failed, counts.Failed), (WorkState.Cancelled, counts.Cancelled)])
                if (n > 0)
                    foreach (long child in tree.order.WithChildren(parent, state, int.MaxValue)) walk.Left.Push(child);
        }
        return WalkState.AtEnd;
    }

    public void Dispose()
    {
        order.Dispose();
        countsOf.Dispose();
        factsOf.Dispose();
    }

    /// <summary>An item before its children, brothers one after the other.</summary>
    private static IEnumerable<Shown> InOrder(Shown top)
    {
        var left = new Stack<Shown>([top]);
        while (left.TryPop(out Shown? next))
        {
            yield return next;
            for (int i = next.Children.Count - 1; i >= 0; i--) left.Push(next.Children[i]);
        }
    }

    private (List<WorkSummary> Above, bool IsMore, bool IsGone) ReadAbove(long key)
    {
        var keys = new List<long>();
        for (long at = key; ;)
        {
            factsOf.Bind(1, at).Step();
            (long? parent, bool isThere) = (factsOf.NullableInt64(5), !factsOf.IsNull(6));
            factsOf.Reset();
            bool isMore = isThere && keys.Count == MostAbove;
            if (!isThere || isMore) return ([.. WorkQueries.Summaries(db, keys, now)], isMore, parent is not null && !isThere);
            keys.Insert(0, at = parent!.Value);
        }
    }

    /// <summary>Level by level, as far as the bounds allow; the cursor of further children of the topmost, where there are any.</summary>
    private string? Show(Shown top, TreeBounds bounds, ChildOrder.Place? after)
    {
        string? next = null;
        var left = new Queue<Shown>([top]);
        for (int room = bounds.Items - 1; left.TryDequeue(out Shown? parent);)
        {
            if (parent.Counts.All == 0 || parent.Depth == bounds.Depth) continue;
            int most = Math.Min(bounds.Children, room);
            ChildOrder.Place? from = parent == top ? after : null; // Only its own children are paged through.
            List<ChildOrder.Place> found = order.Take(parent.Key, from ?? ChildOrder.Place.Start, most + 1);
            bool isMore = found.Count > most;
            if (isMore) found.RemoveAt(most);
            if (parent == top && isMore) next = found.Count > 0 ? found[^1].Write() : (from ?? ChildOrder.Place.Start).Write();
            if (from is null && !isMore) found.Sort((one, other) => one.Key.CompareTo(other.Key)); // Keys rise in the order of creation.
            foreach (ChildOrder.Place child in found)
            {
                var shown = new Shown(child.Key, parent.Depth + 1, CountsOf(child.Key));
                parent.Children.Add(shown);
                left.Enqueue(shown);
            }
            room -= found.Count;
        }
        return next;
    }

    /// <summary>What is below each item with children: upper levels first, as many as one read looks at.</summary>
    private Dictionary<long, Roll> RollUp(long top)
    {
        var all = new Dictionary<long, Roll>();
        var inOrder = new List<Roll>();
        var left = new Queue<Roll>([new Roll(top, null)]);
        for (int looked = 0; left.TryDequeue(out Roll? one);)
        {
            Counts counts = CountsOf(one.Key);
            if (counts.All == 0) continue;
            all.Add(one.Key, one);
            inOrder.Add(one);
            int running = order.Running(one.Key);
            one.Below[(int)WorkState.Queued] = counts.Open - counts.Waiting - running;
            one.Below[(int)WorkState.Running] = running;
            one.Below[(int)WorkState.Waiting] = counts.Waiting;
            one.Below[(int)WorkState.Done] = counts.Done;
            one.Below[(int)WorkState.Failed] = counts.Failed;
            one.Below[(int)WorkState.Cancelled] = counts.Cancelled;
            int most = MostRolledUp - looked;
            one.IsAtLeast = counts.All > most;
            looked += Math.Min(most, counts.All);
            if (most <= 0) continue;
            foreach (long child in order.WithChildren(one.Key, most)) left.Enqueue(new(child, one));
        }
        for (int i = inOrder.Count - 1; i > 0; i--) // Children stand behind their parents.
        {
            Roll parent = inOrder[i].Parent!;
            for (int state = 0; state < parent.Below.Length; state++) parent.Below[state] += inOrder[i].Below[state];
            parent.IsAtLeast |= inOrder[i].IsAtLeast;
        }
        return all;
    }

    private WorkNode NodeOf(Shown shown, WorkSummary item, Dictionary<long, Roll> rolled, IReadOnlyList<WorkerInfo> workers, IReadOnlyList<PauseInfo> wide,
        DateTimeOffset now)
    {
        int running = order.Running(shown.Key);
        Dictionary<WorkState, int> children = ToStates(
            state => state switch
            {
                WorkState.Queued => shown.Counts.Open - shown.Counts.Waiting - running,
                WorkState.Running => running,
                WorkState.Waiting => shown.Counts.Waiting,
                WorkState.Done => shown.Counts.Done,
                WorkState.Failed => shown.Counts.Failed,
                _ => shown.Counts.Cancelled,
            });
        Roll? roll = rolled.GetValueOrDefault(shown.Key);
        factsOf.Bind(1, shown.Key).Step();
        var node = new WorkNode
        {
            Summary = item,
            Depth = shown.Depth,
            ParentId = factsOf.NullableText(6),
            Detached = factsOf.Int64(7) != 0,
            Condition = item.State switch
            {
                WorkState.Running => WorkCondition.Running,
                WorkState.Waiting => WorkCondition.Waiting,
                WorkState.Done => WorkCondition.Done,
                WorkState.Failed => WorkCondition.Failed,
                WorkState.Cancelled => WorkCondition.Cancelled,
                _ when factsOf.Int64(0) != 0 => WorkCondition.Ready,
                _ when factsOf.IsNull(3) => WorkCondition.Delayed,
                _ => WorkCondition.Blocked,
            },
            ReadySince = StoredTime.Read(factsOf.NullableInt64(1)),
            DueAt = item.State == WorkState.Waiting ? null : StoredTime.Read(factsOf.NullableInt64(2)),
            BlockedOn = factsOf.NullableText(3),
            HasResources = factsOf.Int64(4) > 0,
            Children = children,
            Below = roll is null ? children : ToStates(state => roll.Below[(int)state]),
            IsBelowAtLeast = roll?.IsAtLeast ?? shown.Counts.All > 0,
            Shown = shown.Children.Count,
        };
        factsOf.Reset();
        return node with { Why = DetailQueries.InWords(db, item, now, workers, wide).Why };
    }

    private static Dictionary<WorkState, int> ToStates(Func<WorkState, int> count) =>
        Enum.GetValues<WorkState>().Select(state => KeyValuePair.Create(state, count(state))).Where(pair => pair.Value > 0).ToDictionary();

    private Counts CountsOf(long parent) => countsOf.Bind(1, parent)
        .OneValue(static row => new Counts(row.Int32(0), row.Int32(1), row.Int32(2), row.Int32(3), row.Int32(4))) ?? default;
}
