using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>A page of events; what comes later is read after <paramref name="UpTo"/>.</summary>
internal sealed record EventPage(IReadOnlyList<WorkEvent> Events, long UpTo);

/// <summary>Reads of the history, one bounded page at a time.</summary>
internal static class EventQueries
{
    public static long LastSequence(SqliteConnection db) => db.ExecuteScalar<long?>("SELECT max(seq) FROM event") ?? 0;

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
    public static EventPage Page(SqliteConnection db, long? work, long? after, int limit)
    {
        long watermark = Watermark(db);
        if (after < watermark) throw new EventsTrimmedException(watermark);
        long from = after ?? watermark;
        (List<WorkEvent> events, bool isCut) = Read(db, $"{Where(work)} e.seq > @bound ORDER BY e.seq", work, from, limit);
        long last = events.Count > 0 ? events[^1].Sequence : from;
        return new(events, isCut ? last : Math.Max(last, LastSequence(db)));
    }

    private static long Watermark(SqliteConnection db)
    {
        if (db.ExecuteScalar<string?>("SELECT value FROM meta WHERE key = 'events_watermark'") is not { } text) return 0;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long watermark) ? watermark
            : throw new DataCorruptException($"Up to where events were trimmed is stored as \"{text}\", which Roost does not write: the file is damaged, or another program has changed it. Stop writing to it, copy it, and restore a backup.");
    }

    /// <summary>The last events before a sequence number, of one item or all, in their order.</summary>
    public static IReadOnlyList<WorkEvent> Last(SqliteConnection db, long? work, long before, int limit)
    {
        List<WorkEvent> events = Read(db, $"{Where(work)} e.seq < @bound ORDER BY e.seq DESC", work, before, limit).Events;
        events.Reverse();
        return events;
    }

    /// <summary>One statement for each case: an OR would hide the index of an item's events.</summary>
    private static string Where(long? work) => work is null ? "WHERE" : "WHERE e.work = @work AND";

    private static (List<WorkEvent> Events, bool IsCut) Read(SqliteConnection db, string which, long? work, long bound, int limit)
    {
        var events = new List<WorkEvent>();
        long bytes = 0;
        foreach (Row row in db.Query<Row>($"SELECT {Columns} FROM event e LEFT JOIN work w ON w.key = e.work {which} LIMIT @limit", new { work, bound, limit }, buffered: false))
        {
            events.Add(new(row.Seq, StoredTime.Read(row.At), row.Kind, row.WorkId, row.Data is null ? null : DataOf(row.Data)));
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
