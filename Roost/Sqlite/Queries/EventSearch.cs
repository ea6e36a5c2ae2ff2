using System.Text.Json;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>
/// The events that a selection means, in the order of their numbers from a place on, without an index that every step would pay for: those of one
/// item and those of rare kinds lie together in an index, all others are walked, a bounded number at a time. A time is found by halving.
/// </summary>
internal sealed class EventSearch : IDisposable
{
    /// <summary>How many events one page may look at.</summary>
    public const int MaxLooked = 20_000;

    private const string Meant =
        """
        SELECT e.seq, e.at,
            (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(?3) k WHERE k.value = e.kind))
            AND (?4 IS NULL OR EXISTS (SELECT 1 FROM roost_work w CROSS JOIN roost_lane l ON l.key = w.lane WHERE w.key = e.work AND l.engine = ?4))
        FROM roost_event e
        """;

    private const string OfAll = "e.seq >= ?1 AND e.seq < ?2";
    private const string OfItem = "e.work = ?5 AND " + OfAll;

    // The words of the index, which SQLite would not use otherwise.
    private const string OfRareKind =
        "e.kind = ?5 AND e.kind <> 'stepped' AND e.kind <> 'claimed' AND e.kind <> 'done' AND e.kind <> 'enqueued' AND e.kind NOT GLOB 'engine.*' AND " + OfAll;

    private const string Rising = "ORDER BY e.seq", Falling = "ORDER BY e.seq DESC";

    private readonly EventSelection selection;
    private readonly bool isBack;
    private readonly Statement probe, startAfter, startBefore;
    private readonly List<Piece> pieces = [];
    private readonly List<Statement> opened = [];
    private int looked;

    /// <summary>Events in order, from one index.</summary>
    private sealed class Piece(Statement rows)
    {
        public long? Head { get; private set; }

        public Statement Rows => rows;

        public void Open(long from, long to)
        {
            rows.Reset();
            rows.Bind(1, from).Bind(2, to);
            Move();
        }

        public void Move() => Head = rows.Step() ? rows.Int64(0) : null;
    }

    public EventSearch(SqliteConnection db, EventSelection selection, long? work, bool isBack)
    {
        (this.selection, this.isBack) = (selection, isBack);
        probe = Prepare(db, "SELECT seq, at FROM roost_event WHERE seq >= ?1 ORDER BY seq LIMIT 1");
        startAfter = Prepare(db, "SELECT min(seq) FROM roost_event_run WHERE seq > ?1");
        startBefore = Prepare(db, "SELECT max(seq) FROM roost_event_run WHERE seq <= ?1");
        if (work is not null) pieces.Add(new(Rows(db, isBack ? $"{Meant} WHERE {OfItem} {Falling}" : $"{Meant} WHERE {OfItem} {Rising}").Bind(5, work)));
        else if (selection.IsRare)
            foreach (string kind in selection.Kinds)
                pieces.Add(new(Rows(db, isBack ? $"{Meant} WHERE {OfRareKind} {Falling}" : $"{Meant} WHERE {OfRareKind} {Rising}").Bind(5, kind)));
        else
            pieces.Add(new(Rows(db, isBack ? $"{Meant} WHERE {OfAll} {Falling}" : $"{Meant} WHERE {OfAll} {Rising}")));
    }

    /// <summary>Where to go on, after or before this number; null where nothing is left to look at.</summary>
    public long? Reached { get; private set; }

    /// <summary>
    /// The numbers of the next events that are meant, of those from <paramref name="from"/> to before <paramref name="to"/>, in the direction of the search.
    /// </summary>
    public List<long> Take(long from, long to, int limit)
    {
        var found = new List<long>(Math.Min(limit, 64));
        while (from < to)
        {
            (long begin, long end) = selection.IsOfTime ? RunOf(from, to) : (from, to);
            (long first, long last) = selection.IsOfTime ? (FirstAt(selection.Least, begin, end), FirstAt(selection.Below, begin, end)) : (begin, end);
            if (first < last && Walk(first, last, limit, found)) return found;
            if (isBack) to = begin;
            else from = end;
            if (from < to && looked >= MaxLooked)
            {
                Reached = isBack ? to : from - 1;
                return found;
            }
        }
        return found;
    }

    public void Dispose()
    {
        foreach (Statement one in opened) one.Dispose();
    }

    /// <summary>True where the page is full, or has looked at enough.</summary>
    private bool Walk(long first, long last, int limit, List<long> found)
    {
        foreach (Piece piece in pieces) piece.Open(first, last);
        long? at = null;
        while (Next() is { } piece)
        {
            if (found.Count == limit || looked >= MaxLooked)
            {
                Reached = at ?? (isBack ? piece.Head + 1 : piece.Head - 1);
                return true;
            }
            looked++;
            at = piece.Head;
            // Times only rise within a run, unless a row was damaged.
            if (piece.Rows.Int64(2) != 0 && piece.Rows.Int64(1) >= selection.Least && piece.Rows.Int64(1) < selection.Below) found.Add(piece.Head!.Value);
            piece.Move();
        }
        return false;
    }

    private Piece? Next()
    {
        Piece? next = null;
        foreach (Piece piece in pieces)
            if (piece.Head is { } head && (next is null || (isBack ? head > next.Head : head < next.Head))) next = piece;
        return next;
    }

    /// <summary>The piece of what is left in which times only rise: the clock was not set back within it.</summary>
    private (long Begin, long End) RunOf(long from, long to)
    {
        looked++;
        return isBack ? (Math.Max(from, startBefore.Bind(1, to - 1).Scalar() ?? from), to) : (from, Math.Min(to, startAfter.Bind(1, from).Scalar() ?? to));
    }

    /// <summary>The first number in a run whose event was written at a time or later; the end where there is none.</summary>
    private long FirstAt(long time, long begin, long end)
    {
        if (time == long.MinValue) return begin;
        if (time == long.MaxValue) return end;
        while (begin < end)
        {
            long middle = begin + (end - begin) / 2;
            looked++;
            if (!probe.Bind(1, middle).Step())
            {
                end = middle;
                continue;
            }
            (long seq, long at) = (probe.Int64(0), probe.Int64(1));
            probe.Reset();
            if (seq >= end || at >= time) end = middle;
            else begin = seq + 1;
        }
        return begin;
    }

    /// <summary>The kinds as a JSON array; null for any.</summary>
    private string? KindNames => selection.Kinds.Count == 0 ? null : JsonSerializer.Serialize(selection.Kinds, ColumnJson.Default.IReadOnlyListString);

    private Statement Rows(SqliteConnection db, string sql) => Prepare(db, sql).Bind(3, KindNames).Bind(4, selection.Engine);

    private Statement Prepare(SqliteConnection db, string sql)
    {
        var statement = new Statement(db.Handle!, sql);
        opened.Add(statement);
        return statement;
    }
}
