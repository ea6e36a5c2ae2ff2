using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>
/// Queued items of one condition in the order in which they go on, each by the index that the transitions keep for it: ready ones by priority and
/// place, delayed ones by when they are due, blocked ones by the name that they wait for. No index more is written for a list.
/// </summary>
internal sealed class ConditionOrder : IDisposable
{
    /// <summary>How many items one page may look at where the selection needs more than the order tells.</summary>
    private const int MaxLooked = 2000;

    private const int AtOnce = 32;
    private const char Mark = 'q';

    private readonly SqliteConnection db;
    private readonly Selection selection;
    private readonly SelectionTest test;
    private readonly List<IDisposable> opened = [];
    private readonly PriorityQueue<Piece, Place> pieces = new();
    private readonly IEnumerator<Place> places;

    /// <summary>
    /// Where an item stands, whoever is first being less. Ready: its priority negated and its place; delayed: when it is due and its key; blocked: the name,
    /// its lane, its priority negated and its place.
    /// </summary>
    internal readonly record struct Place(string Name, long Lane, long First, long Second, long Key) : IComparable<Place>
    {
        public static Place Start { get; } = new("", long.MinValue, long.MinValue, long.MinValue, 0);

        public int CompareTo(Place other) => First != other.First ? First.CompareTo(other.First) : Second.CompareTo(other.Second);

        public string Write() => Position.Write(Mark, string.Create(CultureInfo.InvariantCulture, $"{Lane}.{First}.{Second}.{Name}"));

        public static Place Read(string? cursor)
        {
            if (cursor is null) return Start;
            string[] parts = Position.Read(Mark, cursor).Split('.', 4);
            return parts.Length == 4 && long.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long lane)
                && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long first)
                && long.TryParse(parts[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long second)
                ? new(parts[3], lane, first, second, 0)
                : throw Position.Bad(cursor);
        }
    }

    /// <summary>The items of one lane, a handful at a time.</summary>
    private sealed class Piece(long lane, Statement same, Statement after, Place from, int sign)
    {
        private readonly Queue<Place> read = new();
        private Place reached = from;
        private bool isFirst = true;

        public Place? Peek()
        {
            if (read.Count == 0) Fill(isFirst ? 1 : AtOnce);
            isFirst = false;
            return read.TryPeek(out Place place) ? place : null;
        }

        public void Take() => reached = read.Dequeue();

        private void Fill(int most)
        {
            if (reached.First != long.MinValue)
                Fill(same.Bind(1, lane).Bind(2, sign * reached.First).Bind(3, reached.Second).Bind(4, most));
            if (read.Count < most)
                Fill(after.Bind(1, lane).Bind(2, reached.First == long.MinValue && sign < 0 ? long.MaxValue : sign * reached.First).Bind(3, most - read.Count));
        }

        private void Fill(Statement rows)
        {
            while (rows.Step()) read.Enqueue(new("", lane, sign * rows.Int64(1), rows.Int64(2), rows.Int64(0)));
        }
    }

    public ConditionOrder(SqliteConnection db, Selection selection, Place after)
    {
        (this.db, this.selection, Reached) = (db, selection, after);
        bool isBlocked = selection.Condition == Condition.Blocked;
        // The order of what becomes due holds waits as well.
        SelectionFact state = selection.Condition == Condition.Delayed ? 0 : SelectionFact.State;
        test = Open(new SelectionTest(db, selection, state | SelectionFact.Condition | (isBlocked ? 0 : SelectionFact.Lane)));
        places = isBlocked ? Blocked(after) : Merged(after);
    }

    /// <summary>Children, those that ask for a resource and those that are paused are few, and are found by that.</summary>
    public static bool Serves(Selection selection) =>
        selection is { Condition: Condition.Ready or Condition.Delayed or Condition.Blocked, ParentId: null, Resource: null, IsPaused: null };

    /// <summary>The place of the item that was looked at last.</summary>
    public Place Reached { get; private set; }

    /// <summary>True once there is nothing after <see cref="Reached"/>.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>The keys of the next items that the selection means, in order.</summary>
    public List<long> Take(int limit)
    {
        var found = new List<long>(Math.Min(limit, 64));
        for (int looked = 0; found.Count < limit && looked < MaxLooked; looked++)
        {
            if (!places.MoveNext())
            {
                IsAtEnd = true;
                return found;
            }
            Reached = places.Current;
            if (test.Holds(Reached.Key)) found.Add(Reached.Key);
        }
        return found;
    }

    public void Dispose()
    {
        places.Dispose();
        foreach (IDisposable one in opened) one.Dispose();
    }

    private IEnumerator<Place> Merged(Place after)
    {
        List<long> lanes = Lanes();
        if (selection.Condition == Condition.Ready)
        {
            const string Ready = "SELECT key, priority, ready_seq FROM roost_work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 0";
            Add(
                lanes,
                Open(new Statement(db.Handle!, $"{Ready} AND priority = ?2 AND ready_seq > ?3 ORDER BY ready_seq LIMIT ?4")),
                Open(new Statement(db.Handle!, $"{Ready} AND priority < ?2 ORDER BY priority DESC, ready_seq LIMIT ?3")),
                after,
                -1
            );
            // Those that run alone have an index of their own.
            const string Alone = "SELECT key, priority, ready_seq FROM roost_work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 1";
            Add(
                lanes,
                Open(new Statement(db.Handle!, $"{Alone} AND priority = ?2 AND ready_seq > ?3 ORDER BY ready_seq LIMIT ?4")),
                Open(new Statement(db.Handle!, $"{Alone} AND priority < ?2 ORDER BY priority DESC, ready_seq LIMIT ?3")),
                after,
                -1
            );
            // So have those that are paused, which stand where they would go on.
            const string Paused = "SELECT key, priority, place FROM roost_work WHERE lane = ?1 AND paused = 1 AND place IS NOT NULL";
            Add(
                lanes,
                Open(new Statement(db.Handle!, $"{Paused} AND priority = ?2 AND place > ?3 ORDER BY place LIMIT ?4")),
                Open(new Statement(db.Handle!, $"{Paused} AND priority < ?2 ORDER BY priority DESC, place LIMIT ?3")),
                after,
                -1
            );
        }
        else
        {
            const string Delayed = "SELECT key, due_at, key FROM roost_work WHERE lane = ?1 AND due_at IS NOT NULL";
            Add(
                lanes,
                Open(new Statement(db.Handle!, $"{Delayed} AND due_at = ?2 AND key > ?3 ORDER BY key LIMIT ?4")),
                Open(new Statement(db.Handle!, $"{Delayed} AND due_at > ?2 ORDER BY due_at, key LIMIT ?3")),
                after,
                1
            );
        }
        while (pieces.TryDequeue(out Piece? piece, out Place place))
        {
            piece.Take();
            yield return place;
            if (piece.Peek() is { } next) pieces.Enqueue(piece, next);
        }
    }

    private void Add(List<long> lanes, Statement same, Statement after, Place from, int sign)
    {
        foreach (long lane in lanes)
        {
            var piece = new Piece(lane, same, after, from, sign);
            if (piece.Peek() is { } head) pieces.Enqueue(piece, head);
        }
    }

    /// <summary>The lanes that have such an item, by the counts that are kept of them.</summary>
    private List<long> Lanes()
    {
        return Open(new Statement(db.Handle!,
            """
            SELECT l.key FROM roost_lane l CROSS JOIN roost_lane_count c ON c.lane = l.key AND c.condition = ?1
            WHERE c.n > 0 AND (?2 IS NULL OR l.engine = ?2) AND (?3 IS NULL OR l.queue = ?3)
            """)).Bind(1, selection.Condition == Condition.Ready ? "ready" : "delayed").Bind(2, selection.Engine).Bind(3, selection.Queue)
            .All(static row => row.Int64(0));
    }

    /// <summary>The index in its own order, from a place on: first what is beside that place, then what is farther and farther away.</summary>
    private IEnumerator<Place> Blocked(Place from)
    {
        const string Of = "SELECT key, lane, -priority, place, blocked_on FROM roost_work WHERE blocked_on IS NOT NULL AND";
        if (from.Name.Length > 0)
        {
            Statement beside = Open(new Statement(db.Handle!, $"{Of} blocked_on = ?1 AND lane = ?2 AND priority = ?3 AND place > ?4 ORDER BY place"))
                .Bind(1, from.Name)
                .Bind(2, from.Lane)
                .Bind(3, -from.First)
                .Bind(4, from.Second);
            while (beside.Step())
                yield return BlockedAt(beside);
            Statement lower = Open(new Statement(db.Handle!, $"{Of} blocked_on = ?1 AND lane = ?2 AND priority < ?3 ORDER BY priority DESC, place"))
                .Bind(1, from.Name)
                .Bind(2, from.Lane)
                .Bind(3, -from.First);
            while (lower.Step())
                yield return BlockedAt(lower);
            Statement otherLane = Open(new Statement(db.Handle!, $"{Of} blocked_on = ?1 AND lane > ?2 ORDER BY lane, priority DESC, place"))
                .Bind(1, from.Name)
                .Bind(2, from.Lane);
            while (otherLane.Step())
                yield return BlockedAt(otherLane);
        }
        Statement otherName = Open(new Statement(db.Handle!, $"{Of} blocked_on > ?1 ORDER BY blocked_on, lane, priority DESC, place")).Bind(1, from.Name);
        while (otherName.Step()) yield return BlockedAt(otherName);
    }

    private static Place BlockedAt(Statement row) => new(row.Text(4), row.Int64(1), row.Int64(2), row.Int64(3), row.Int64(0));

    private T Open<T>(T one) where T : IDisposable
    {
        opened.Add(one);
        return one;
    }
}
