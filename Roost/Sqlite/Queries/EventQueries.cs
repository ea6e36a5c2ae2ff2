using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of the history, one bounded page at a time.</summary>
internal static class EventQueries
{
    public static long LastSequence(SqliteConnection db) => db.ExecuteScalar<long?>("SELECT max(seq) FROM roost_event") ?? 0;

    private const long MaxBytes = 8 * 1024 * 1024;

    private const string Columns = "e.seq AS Seq, e.at AS At, e.kind AS Kind, w.id AS WorkId, e.data AS Data";

    internal sealed class Row
    {
        public long Seq { get; init; }
        public long At { get; init; }
        public string Kind { get; init; } = "";
        public string? WorkId { get; init; }
        public string? Data { get; init; }
    }

    /// <summary>The events after a sequence number, of one item or all; null: from the oldest that is kept.</summary>
    /// <exception cref="EventsTrimmedException">Some of what was asked for is gone.</exception>
    public static EventStretch Page(SqliteConnection db, long? work, long? after, int limit)
    {
        long from = Begin(db, after);
        (List<WorkEvent> events, bool isCut) = Read(db, $"{Where(work)} e.seq > @bound ORDER BY e.seq", work, from, limit);
        long last = events.Count > 0 ? events[^1].Sequence : from;
        return new(events, isCut ? last : Math.Max(last, LastSequence(db)), isCut);
    }

    /// <summary>The events that a selection means, after a sequence number; null: from the oldest that is kept.</summary>
    /// <exception cref="EventsTrimmedException">Some of what was asked for is gone.</exception>
    public static EventStretch Page(SqliteConnection db, EventSelection selection, long? work, long? after, int limit)
    {
        long from = Begin(db, after), last = LastSequence(db);
        using var search = new EventSearch(db, selection, work, isBack: false);
        (List<WorkEvent> events, long? cut) = Read(db, search.Take(from + 1, last + 1, limit));
        return (cut ?? search.Reached) is { } reached ? new(events, reached, true) : new(events, Math.Max(from, last), false);
    }

    /// <summary>The last events that a selection means before a sequence number, in their order.</summary>
    public static EventPage Last(SqliteConnection db, EventSelection selection, long? work, long before, int limit)
    {
        long first = db.ExecuteScalar<long?>("SELECT min(seq) FROM roost_event") ?? 0;
        using var search = new EventSearch(db, selection, work, isBack: true);
        (List<WorkEvent> events, long? cut) = Read(db, search.Take(first, Math.Min(before, LastSequence(db) + 1), limit));
        events.Reverse();
        return ListOf(db, events, cut ?? search.Reached);
    }

    public static EventPage ListOf(SqliteConnection db, IReadOnlyList<WorkEvent> events, long? next) => new()
    {
        Items = events,
        Next = next,
        LookedTo = next is null ? null : StoredTime.Read(
            db.ExecuteScalar<long?>("SELECT at FROM roost_event WHERE seq >= @next ORDER BY seq LIMIT 1", new { next })
            ?? db.ExecuteScalar<long?>("SELECT at FROM roost_event WHERE seq = (SELECT max(seq) FROM roost_event)")),
    };

    private static long Begin(SqliteConnection db, long? after)
    {
        long watermark = Watermark(db);
        return after < watermark ? throw new EventsTrimmedException(watermark) : after ?? watermark;
    }

    /// <summary>Events by their numbers, as many as a page may hold; the number of the last one where others are left.</summary>
    private static (List<WorkEvent> Events, long? Cut) Read(SqliteConnection db, List<long> sequences)
    {
        var events = new List<WorkEvent>(sequences.Count);
        long bytes = 0;
        using var one = new Statement(
            db.Handle!,
            "SELECT e.seq, e.at, e.kind, w.id, e.data FROM roost_event e LEFT JOIN roost_work w ON w.key = e.work WHERE e.seq = ?1"
        );
        foreach (long sequence in sequences)
        {
            if (bytes > MaxBytes) return (events, events[^1].Sequence);
            if (!one.Bind(1, sequence).Step()) continue;
            string? data = one.NullableText(4);
            events.Add(
                new()
                {
                    Sequence = sequence,
                    At = StoredTime.Read(one.Int64(1)),
                    Kind = one.Text(2),
                    WorkId = one.NullableText(3),
                    Data = data is null ? null : DataOf(data),
                }
            );
            bytes += data?.Length ?? 0;
            one.Reset();
        }
        return (events, null);
    }

    private static long Watermark(SqliteConnection db)
    {
        if (db.ExecuteScalar<string?>("SELECT value FROM roost_meta WHERE key = 'events_watermark'") is not { } text)
            return 0;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long watermark)
            ? watermark
            : throw new DataCorruptException(
                $"Up to where events were trimmed is stored as \"{text}\", which Roost does not write: the file is damaged, or another program has " +
                $"changed it. Stop writing to it, copy it, and restore a backup."
            );
    }

    /// <summary>One statement for each case: an OR would hide the index of an item's events.</summary>
    private static string Where(long? work) => work is null ? "WHERE" : "WHERE e.work = @work AND";

    private static (List<WorkEvent> Events, bool IsCut) Read(SqliteConnection db, string which, long? work, long bound, int limit)
    {
        var events = new List<WorkEvent>();
        long bytes = 0;
        foreach (
            Row row in db.Query<Row>(
                $"SELECT {Columns} FROM roost_event e LEFT JOIN roost_work w ON w.key = e.work {which} LIMIT @limit",
                new
                {
                    work,
                    bound,
                    limit,
                },
                buffered: false
            )
        )
        {
            events.Add(
                new()
                {
                    Sequence = row.Seq,
                    At = StoredTime.Read(row.At),
                    Kind = row.Kind,
                    WorkId = row.WorkId,
                    Data = row.Data is null ? null : DataOf(row.Data),
                }
            );
            bytes += row.Data?.Length ?? 0;
            if (bytes > MaxBytes) break;
        }
        return (events, events.Count == limit || bytes > MaxBytes);
    }

    /// <summary>One event that was damaged must not hide the others: its text is given as it is.</summary>
    private static JsonElement DataOf(string text)
    {
        try
        {
            return JsonText.Parse(Encoding.UTF8.GetBytes(text));
        }
        catch (JsonException)
        {
            return JsonText.Parse(Encoding.UTF8.GetBytes(new JsonObject { ["damaged"] = text }.ToJsonString()));
        }
    }
}
