using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>
/// The children of an item, those first that somebody may have to look at, the last updated of each state first: each state is one piece of the index of
/// children. What runs is few and is read once for all parents.
/// </summary>
internal sealed class ChildOrder : IDisposable
{
    private const char Mark = 'k';

    private static readonly WorkState[] Order =
        [WorkState.Running, WorkState.Failed, WorkState.Waiting, WorkState.Queued, WorkState.Cancelled, WorkState.Done];

    private readonly SqliteConnection db;
    private readonly Statement same, before, withChildren;
    private Dictionary<long, List<long>>? running;

    /// <summary>A place in the order: which state, and where among its children.</summary>
    public readonly record struct Place(int Rank, long At, long Key)
    {
        public static Place Start { get; } = new(0, long.MaxValue, long.MaxValue);

        public string Write() => Position.Write(Mark, string.Create(CultureInfo.InvariantCulture, $"{Rank}.{At}.{Key}"));

        public static Place Read(string? cursor)
        {
            if (cursor is null) return Start;
            string[] parts = Position.Read(Mark, cursor).Split('.');
            if (parts.Length == 3 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int rank) && rank < Order.Length
                && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long at)
                && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out long key)) return new(rank, at, key);
            throw Position.Bad(cursor);
        }
    }

    public ChildOrder(SqliteConnection db)
    {
        this.db = db;
        same = new(db.Handle!,
            """
            SELECT w.key, w.updated_at FROM roost_work w
            WHERE w.parent = ?1 AND w.worker IS NULL AND w.state = ?2 AND w.updated_at = ?3 AND w.key < ?4 ORDER BY w.key DESC LIMIT ?5
            """);
        before = new(db.Handle!,
            """
            SELECT w.key, w.updated_at FROM roost_work w
            WHERE w.parent = ?1 AND w.worker IS NULL AND w.state = ?2 AND w.updated_at < ?3 ORDER BY w.updated_at DESC, w.key DESC LIMIT ?4
            """);
        withChildren = new(db.Handle!,
            """
            SELECT c.parent FROM roost_work w LEFT JOIN roost_child_count c ON c.parent = w.key
            WHERE w.parent = ?1 AND w.worker IS NULL AND w.state = ?2 LIMIT ?3
            """);
    }

    /// <summary>How many children run.</summary>
    public int Running(long parent) => RunningOf(parent).Count;

    /// <summary>The next children after a place.</summary>
    public List<Place> Take(long parent, Place after, int limit)
    {
        var found = new List<Place>();
        for (int rank = after.Rank; rank < Order.Length && found.Count < limit; rank++)
        {
            Place from = rank == after.Rank ? after : Place.Start;
            if (Order[rank] == WorkState.Running)
            {
                found.AddRange(RunningOf(parent).Where(key => key < from.Key).Take(limit).Select(key => new Place(rank, 0, key)));
                continue;
            }
            string state = Order[rank].Name();
            if (from.At != long.MaxValue)
                Read(same.Bind(1, parent).Bind(2, state).Bind(3, from.At).Bind(4, from.Key).Bind(5, limit - found.Count), rank, found);
            if (found.Count < limit) Read(before.Bind(1, parent).Bind(2, state).Bind(3, from.At).Bind(4, limit - found.Count), rank, found);
        }
        return found;
    }

    /// <summary>Those children that have children themselves, among as many as may be looked at.</summary>
    public List<long> WithChildren(long parent, int most)
    {
        List<long> found = [.. RunningOf(parent)];
        foreach (WorkState state in Order)
            if (state != WorkState.Running) found.AddRange(WithChildren(parent, state, most));
        return found;
    }

    /// <summary>The same of one state.</summary>
    public List<long> WithChildren(long parent, WorkState state, int most)
    {
        var found = new List<long>();
        withChildren.Bind(1, parent).Bind(2, state.Name()).Bind(3, most);
        while (withChildren.Step())
            if (withChildren.NullableInt64(0) is { } key) found.Add(key);
        return found;
    }

    public void Dispose()
    {
        same.Dispose();
        before.Dispose();
        withChildren.Dispose();
    }

    private List<long> RunningOf(long parent) => (running ??= ReadRunning()).GetValueOrDefault(parent) ?? [];

    private Dictionary<long, List<long>> ReadRunning()
    {
        var all = new Dictionary<long, List<long>>();
        using var rows = new Statement(
            db.Handle!, "SELECT w.key, w.parent FROM roost_worker h CROSS JOIN roost_work w ON w.worker = h.key WHERE w.parent IS NOT NULL");
        while (rows.Step())
        {
            if (!all.TryGetValue(rows.Int64(1), out List<long>? children)) all.Add(rows.Int64(1), children = []);
            children.Add(rows.Int64(0));
        }
        foreach (List<long> children in all.Values) children.Sort((one, other) => other.CompareTo(one));
        return all;
    }

    private static void Read(Statement rows, int rank, List<Place> found)
    {
        while (rows.Step()) found.Add(new(rank, rows.Int64(1), rows.Int64(0)));
    }
}
