using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>
/// Work items by their last update, latest first, without a scan: the lanes and states that are asked for lie each in one piece of an index,
/// and the pieces are merged as far as the page needs. What runs is few and is read whole.
/// </summary>
internal sealed class RecentOrder
{
    /// <summary>How many items one page may look at where the selection needs more than an index tells.</summary>
    private const int MaxLooked = 2000;

    /// <summary>A resource that fewer items ask for is better found by its name.</summary>
    private const int FewAskFor = 2000;

    private const int Chunk = 200;

    private readonly SqliteConnection db;
    private readonly DynamicParameters values;
    private readonly PriorityQueue<Piece, Position> pieces = new();

    private sealed class PieceRow
    {
        public long Lane { get; init; }
        public string State { get; init; } = "";
        public long Head { get; init; }
    }

    private sealed class Row
    {
        public long Key { get; init; }
        public long At { get; init; }
        public long IsMeant { get; init; }

        public Position Position => new(At, Key);
    }

    /// <summary>One lane and state of the index, or a few items that were read whole, from some position on.</summary>
    private sealed class Piece(Func<Position, IReadOnlyList<Row>>? more)
    {
        private IReadOnlyList<Row> rows = [];
        private int next;

        public Piece(IReadOnlyList<Row> whole) : this((Func<Position, IReadOnlyList<Row>>?)null) => rows = whole;

        public Row? Peek(Position after)
        {
            if (next == rows.Count && more is not null) (rows, next) = (more(after), 0);
            return next < rows.Count ? rows[next] : null;
        }

        public void Take() => next++;
    }

    public RecentOrder(SqliteConnection db, Selection selection, Position after)
    {
        this.db = db;
        if (selection.Below <= after.At && selection.Below != long.MaxValue) after = new(selection.Below, 0);
        Reached = after;
        values = ValuesOf(selection);
        if (selection.Resource is not null && ReadByResource(selection) is { } few) AddWhole(few);
        else AddPieces(selection);
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
            if (piece.Peek(Reached) is not { } row) continue;
            if (row.Position != from)
            {
                pieces.Enqueue(piece, row.Position);
                continue;
            }
            piece.Take();
            looked++;
            Reached = row.Position;
            if (row.IsMeant != 0) found.Add(row.Position);
            if (piece.Peek(Reached) is { } following) pieces.Enqueue(piece, following.Position);
        }
        return found;
    }

    private void AddPieces(Selection selection)
    {
        if (selection.States.Contains(WorkState.Running)) AddWhole(ReadRunning());
        if (selection.ParentId is not null)
        {
            foreach (WorkState state in selection.States)
                if (state != WorkState.Running) pieces.Enqueue(new(after => ReadChildren(state.Name(), after)), Reached with { Key = long.MaxValue });
            return;
        }
        foreach (PieceRow piece in ReadHeads())
            pieces.Enqueue(new(after => ReadLane(piece, after)), new(piece.Head, long.MaxValue));
    }

    private void AddWhole(IReadOnlyList<Row> rows)
    {
        Row[] following = [.. rows.Where(row => row.Position.CompareTo(Reached) > 0).OrderBy(row => row.Position)];
        if (following.Length > 0) pieces.Enqueue(new(following), following[0].Position);
    }

    private List<PieceRow> ReadHeads() => db.Query<PieceRow>(
        """
        SELECT l.key AS Lane, s.value AS State, coalesce((
            SELECT w.updated_at FROM work w
            WHERE w.worker IS NULL AND w.lane = l.key AND w.state = s.value AND (w.updated_at, w.key) < (@at, @key) AND w.updated_at >= @Least
            ORDER BY w.updated_at DESC, w.key DESC LIMIT 1), -1) AS Head
        FROM lane l CROSS JOIN json_each(@StateNames) s
        WHERE s.value <> 'running' AND (@Engine IS NULL OR l.engine = @Engine) AND (@Queue IS NULL OR l.queue = @Queue)
        """, After(Reached)).Where(piece => piece.Head >= 0).ToList();

    private List<Row> ReadLane(PieceRow piece, Position after)
    {
        DynamicParameters bound = After(after);
        bound.Add("lane", piece.Lane);
        bound.Add("state", piece.State);
        return db.Query<Row>(
            $"""
            SELECT w.key AS Key, w.updated_at AS At, ({Selection.Matches}) AS IsMeant FROM work w
            WHERE w.worker IS NULL AND w.lane = @lane AND w.state = @state AND (w.updated_at, w.key) < (@at, @key) AND w.updated_at >= @Least
            ORDER BY w.updated_at DESC, w.key DESC LIMIT @chunk
            """, bound).AsList();
    }

    private List<Row> ReadChildren(string state, Position after)
    {
        DynamicParameters bound = After(after);
        bound.Add("state", state);
        return db.Query<Row>(
            $"""
            SELECT w.key AS Key, w.updated_at AS At, ({Selection.Matches}) AS IsMeant FROM work w
            WHERE w.parent = @Parent AND w.worker IS NULL AND w.state = @state AND (w.updated_at, w.key) < (@at, @key) AND w.updated_at >= @Least
            ORDER BY w.updated_at DESC, w.key DESC LIMIT @chunk
            """, bound).AsList();
    }

    private List<Row> ReadRunning() => db.Query<Row>(
        $"""
        SELECT w.key AS Key, max(w.updated_at, coalesce(s.at, 0)) AS At, ({Selection.Matches}) AS IsMeant
        FROM worker h CROSS JOIN work w ON w.worker = h.key LEFT JOIN snapshot s ON s.work = w.key AND s.version = w.version
        """, values).AsList();

    /// <summary>All items that ask for the resource, or null where they are many.</summary>
    private List<Row>? ReadByResource(Selection selection)
    {
        if (db.ExecuteScalar<long>("SELECT count(*) FROM (SELECT 1 FROM work_resource WHERE name = @Resource LIMIT @few + 1)", new { selection.Resource, few = FewAskFor }) > FewAskFor) return null;
        return db.Query<Row>(
            $"""
            SELECT w.key AS Key, max(w.updated_at, coalesce(s.at, 0)) AS At, (w.state IN (SELECT value FROM json_each(@StateNames)) AND {Selection.Matches}) AS IsMeant
            FROM work_resource n CROSS JOIN work w ON w.key = n.work LEFT JOIN snapshot s ON s.work = w.key AND s.version = w.version
            WHERE n.name = @Resource
            """, values).Where(row => row.IsMeant != 0).ToList();
    }

    private DynamicParameters ValuesOf(Selection selection)
    {
        var bound = new DynamicParameters();
        bound.Add("StateNames", JsonSerializer.Serialize(selection.States.Select(state => state.Name())));
        bound.Add("Engine", selection.Engine);
        bound.Add("Queue", selection.Queue);
        bound.Add("ParentId", selection.ParentId);
        bound.Add("Parent", selection.ParentId is null ? null : WorkQueries.KeyOf(db, selection.ParentId));
        bound.Add("Resource", selection.Resource);
        bound.Add("Error", selection.Error);
        bound.Add("Reason", selection.Reason);
        bound.Add("ErrorType", selection.ErrorType);
        bound.Add("Least", selection.Least);
        return bound;
    }

    private DynamicParameters After(Position position)
    {
        var bound = new DynamicParameters(values);
        bound.Add("at", position.At);
        bound.Add("key", position.Key);
        bound.Add("chunk", Chunk);
        return bound;
    }
}
