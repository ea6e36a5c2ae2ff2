using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>
/// Work items by their last update, latest first, without a scan: the lanes and states that are asked for lie each in one piece of an index,
/// and the pieces are merged as far as the page needs. What runs is few and is read whole.
/// </summary>
internal sealed class RecentOrder : IDisposable
{
    /// <summary>How many items one page may look at where the selection needs more than an index tells.</summary>
    private const int MaxLooked = 2000;

    /// <summary>A resource that fewer items ask for is better found by its name.</summary>
    private const int FewAskFor = 2000;

    /// <summary>Where more are paused, they are looked for among all.</summary>
    private const int FewArePaused = 2000;

    /// <summary>A kept lease leaves the time of the item alone; its snapshot has the time of the last step.</summary>
    private const string LastUpdate =
        """
        CASE WHEN w.worker IS NULL THEN w.updated_at
             ELSE max(w.updated_at, coalesce((SELECT s.at FROM roost_snapshot s WHERE s.work = w.key AND s.version = w.version), 0)) END
        """;

    private const string OfLane = "w.lane = ?1", OfParent = "w.parent = ?1";

    private readonly SqliteConnection db;
    private readonly Selection selection;
    private readonly PriorityQueue<Piece, Position> pieces = new();
    private readonly List<IDisposable> opened = [];

    /// <summary>Positions in order, and the test of what their order does not tell.</summary>
    private sealed class Piece(IEnumerator<Position> positions, SelectionTest test)
    {
        private bool isAt;

        /// <summary>The position that was not taken yet; null at the end.</summary>
        public Position? Peek() => (isAt = isAt || positions.MoveNext()) ? positions.Current : null;

        public void Take() => isAt = false;

        public bool IsMeant(Position position) => test.Holds(position.Key);
    }

    public RecentOrder(SqliteConnection db, Selection selection, Position after)
    {
        this.db = db;
        this.selection = selection;
        Reached = selection.Below <= after.At && selection.Below != long.MaxValue ? new(selection.Below, 0) : after;
        if (selection.Resource is not null && ReadByResource() is { } few) AddWhole(few, SelectionFact.Resource);
        else if (selection.IsPaused == true && ReadPaused() is { } paused) AddWhole(paused, SelectionFact.Pause);
        else AddPieces();
    }

    /// <summary>The position of the item that was looked at last.</summary>
    public Position Reached { get; private set; }

    /// <summary>True once there is nothing after <see cref="Reached"/>.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>The next items that the selection means, in order.</summary>
    public List<Position> Take(int limit)
    {
        var found = new List<Position>(Math.Min(limit, 64));
        for (int looked = 0; found.Count < limit && looked < MaxLooked;)
        {
            if (!pieces.TryDequeue(out Piece? piece, out Position from))
            {
                IsAtEnd = true;
                return found;
            }
            if (piece.Peek() is not { } position) continue;
            if (position != from)
            {
                pieces.Enqueue(piece, position);
                continue;
            }
            piece.Take();
            looked++;
            Reached = position;
            if (piece.IsMeant(position)) found.Add(position);
            if (piece.Peek() is { } following) pieces.Enqueue(piece, following);
        }
        return found;
    }

    public void Dispose()
    {
        foreach (IDisposable one in opened) one.Dispose();
    }

    private void AddPieces()
    {
        if (selection.States.Contains(WorkState.Running)) AddWhole(ReadRunning(), SelectionFact.State);
        if (selection.ParentId is not null)
        {
            if (WorkQueries.KeyOf(db, selection.ParentId) is not { } parent) return;
            SelectionTest test = Open(new SelectionTest(db, selection, SelectionFact.State | SelectionFact.Parent));
            foreach (WorkState state in selection.States)
                if (state != WorkState.Running) pieces.Enqueue(new(ReadPiece(OfParent, parent, state.Name()), test), Reached with { Key = long.MaxValue });
            return;
        }
        if (selection.Group is { } group)
        {
            pieces.Enqueue(new(ReadGroup(group), Open(new SelectionTest(db, selection, 0))), Reached with { Key = long.MaxValue });
            return;
        }
        SelectionTest ofLane = Open(new SelectionTest(db, selection, SelectionFact.State | SelectionFact.Lane));
        Statement head = ReadHeads();
        while (head.Step())
            if (head.NullableInt64(2) is { } at) pieces.Enqueue(new(ReadPiece(OfLane, head.Int64(0), head.Text(1)), ofLane), new(at, long.MaxValue));
    }

    private void AddWhole(List<Position> positions, SelectionFact known)
    {
        positions.RemoveAll(position => position.CompareTo(Reached) <= 0);
        positions.Sort();
        if (positions.Count > 0) pieces.Enqueue(new(positions.GetEnumerator(), Open(new SelectionTest(db, selection, known))), positions[0]);
    }

    /// <summary>Lanes and states, and where the piece of each begins, or later; null where there is none. The key is left to the piece.</summary>
    private Statement ReadHeads() => Prepare(
        """
        SELECT l.key, s.value, (
            SELECT w.updated_at FROM roost_work w
            WHERE w.worker IS NULL AND w.lane = l.key AND w.state = s.value AND w.updated_at <= ?1 AND w.updated_at >= ?2
            ORDER BY w.updated_at DESC LIMIT 1)
        FROM roost_lane l CROSS JOIN json_each(?3) s
        WHERE s.value <> 'running' AND (?4 IS NULL OR l.engine = ?4) AND (?5 IS NULL OR l.queue = ?5)
        """).Bind(1, Reached.At).Bind(2, selection.Least).Bind(3, selection.StateNames).Bind(4, selection.Engine).Bind(5, selection.Queue);

    /// <summary>
    /// A piece is opened when the page comes to it, and goes on from there: first what was updated at that very time, then what was before.
    /// As one condition on time and key, SQLite would look for the time alone, and a batch that was enqueued at once shares one.
    /// </summary>
    private IEnumerator<Position> ReadPiece(string ofPiece, long key, string state)
    {
        Position from = Reached;
        if (from.At >= selection.Least && from.At != long.MaxValue)
        {
            Statement same = Prepare(
                $"""
                SELECT w.key, w.updated_at FROM roost_work w WHERE {ofPiece} AND w.worker IS NULL AND w.state = ?2 AND w.updated_at = ?3 AND w.key < ?4
                ORDER BY w.key DESC
                """).Bind(1, key).Bind(2, state).Bind(3, from.At).Bind(4, from.Key);
            while (same.Step()) yield return PositionAt(same);
        }
        Statement before = Prepare(
            $"""
            SELECT w.key, w.updated_at FROM roost_work w WHERE {ofPiece} AND w.worker IS NULL AND w.state = ?2 AND w.updated_at < ?3 AND w.updated_at >= ?4
            ORDER BY w.updated_at DESC, w.key DESC
            """).Bind(1, key).Bind(2, state).Bind(3, from.At).Bind(4, selection.Least);
        while (before.Step()) yield return PositionAt(before);
    }

    /// <summary>A dead letter's last update is its failure.</summary>
    private IEnumerator<Position> ReadGroup(long group)
    {
        Position from = Reached;
        if (from.At >= selection.Least && from.At != long.MaxValue)
        {
            Statement same = Prepare("SELECT f.work, f.at FROM roost_failure f WHERE f.group_key = ?1 AND f.at = ?2 AND f.work < ?3 ORDER BY f.work DESC")
                .Bind(1, group)
                .Bind(2, from.At)
                .Bind(3, from.Key);
            while (same.Step())
                yield return PositionAt(same);
        }
        Statement before = Prepare(
                "SELECT f.work, f.at FROM roost_failure f WHERE f.group_key = ?1 AND f.at < ?2 AND f.at >= ?3 ORDER BY f.at DESC, f.work DESC"
            )
            .Bind(1, group)
            .Bind(2, from.At)
            .Bind(3, selection.Least);
        while (before.Step())
            yield return PositionAt(before);
    }

    private List<Position> ReadRunning() =>
        Prepare($"SELECT w.key, {LastUpdate} FROM roost_worker h CROSS JOIN roost_work w ON w.worker = h.key").All(PositionAt);

    /// <summary>All items that ask for the resource, or null where they are many.</summary>
    private List<Position>? ReadByResource()
    {
        if (
            Prepare("SELECT count(*) FROM (SELECT 1 FROM roost_work_resource WHERE name = ?1 LIMIT ?2 + 1)")
                .Bind(1, selection.Resource)
                .Bind(2, FewAskFor)
                .Scalar() > FewAskFor
        )
            return null;
        return Prepare($"SELECT w.key, {LastUpdate} FROM roost_work_resource n CROSS JOIN roost_work w ON w.key = n.work WHERE n.name = ?1")
            .Bind(1, selection.Resource)
            .All(PositionAt);
    }

    /// <summary>All items that are paused, or null where they are many.</summary>
    private List<Position>? ReadPaused()
    {
        if (Prepare("SELECT count(*) FROM (SELECT 1 FROM roost_pause WHERE work IS NOT NULL LIMIT ?1 + 1)").Bind(1, FewArePaused).Scalar() > FewArePaused)
            return null;
        return Prepare(
            $"""
            SELECT w.key, {LastUpdate} FROM roost_pause p CROSS JOIN roost_work w ON w.key = p.work
            WHERE p.work IS NOT NULL AND (p.until IS NULL OR p.until > ?1)
            """).Bind(1, selection.Now).All(PositionAt);
    }

    private static Position PositionAt(Statement row) => new(row.Int64(1), row.Int64(0));

    private Statement Prepare(string sql) => Open(new Statement(db.Handle!, sql));

    private T Open<T>(T one) where T : IDisposable
    {
        opened.Add(one);
        return one;
    }
}
