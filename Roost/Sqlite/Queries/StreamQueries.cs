using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of what steps have said while they ran.</summary>
internal static class StreamQueries
{
    private const char Mark = 't';
    private const int MostBytes = 1024 * 1024;
    private const int MostPieces = 1000;

    public static long ReadCursor(string? cursor) => cursor is null ? 0 : Position.ReadKey(Mark, cursor);

    /// <summary>The streams of an item, in the order in which they were first written.</summary>
    public static Page<StreamInfo> Page(SqliteConnection db, long work, long after, int limit)
    {
        using var page = new Statement(db.Handle!,
            """
            SELECT s.key, s.name, s.ends, s.bytes,
                   coalesce((SELECT p.starts FROM roost_stream_piece p WHERE p.stream = s.key ORDER BY p.starts LIMIT 1), s.ends),
                   (SELECT p.at FROM roost_stream_piece p WHERE p.stream = s.key ORDER BY p.starts DESC LIMIT 1)
            FROM roost_stream s WHERE s.work = ?1 AND s.key > ?2 ORDER BY s.key LIMIT ?3
            """);
        List<(long Key, StreamInfo Stream)> found = page.Bind(1, work).Bind(2, after).Bind(3, limit + 1).All(static row => (row.Int64(0), new StreamInfo
        {
            Name = row.Text(1),
            End = row.Int64(2),
            KeptBytes = row.Int64(3),
            Begin = row.Int64(4),
            LastAt = StoredTime.Read(row.NullableInt64(5)),
        }));
        string? next = found.Count <= limit ? null : Position.Write(Mark, found[limit - 1].Key.ToString(CultureInfo.InvariantCulture));
        return new([.. found.Take(limit).Select(static one => one.Stream)], next);
    }

    /// <summary>The text of a stream from an offset on.</summary>
    public static StreamPage Read(SqliteConnection db, long work, string name, long from)
    {
        using var item = new Statement(db.Handle!, "SELECT version, ended_at IS NOT NULL FROM roost_work WHERE key = ?1");
        (int version, bool isOver) = item.Bind(1, work).OneValue(static row => (row.Int32(0), row.Int32(1) != 0))!.Value;
        using var pieces = new Statement(db.Handle!,
            """
            SELECT p.starts, p.version, p.try, p.at, p.text FROM roost_stream s JOIN roost_stream_piece p ON p.stream = s.key
            WHERE s.work = ?1 AND s.name = ?2
              AND p.starts >= coalesce((SELECT q.starts FROM roost_stream_piece q WHERE q.stream = s.key AND q.starts <= ?3 ORDER BY q.starts DESC LIMIT 1), 0)
            ORDER BY p.starts
            """);
        var found = new List<StreamPiece>();
        long bytes = 0, next = from;
        bool hasMore = false;
        pieces.Bind(1, work).Bind(2, name).Bind(3, from);
        while (pieces.Step())
        {
            ReadOnlySpan<byte> text = pieces.Bytes(4);
            long starts = pieces.Int64(0), end = starts + text.Length;
            if (end <= from) continue;
            hasMore = found.Count == MostPieces || (bytes > 0 && bytes + text.Length > MostBytes);
            if (hasMore) break;
            int skip = (int)Math.Max(0, from - starts);
            while (skip < text.Length && (text[skip] & 0xC0) == 0x80) skip++; // An offset within a letter.
            found.Add(new()
            {
                Offset = starts + skip,
                End = end,
                Text = Encoding.UTF8.GetString(text[skip..]),
                Version = pieces.Int32(1),
                Try = pieces.Int32(2),
                IsCommitted = pieces.Int32(1) < version,
                At = StoredTime.Read(pieces.Int64(3)),
            });
            bytes += text.Length;
            next = end;
        }
        return new() { Pieces = found, Next = next, HasMore = hasMore, IsOver = isOver };
    }
}
