using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>What steps have said while they ran: text of streams, in pieces, and how far they are.</summary>
internal sealed class StreamTable(WriteConnection connection, RecordFlag flag)
{
    /// <summary>Up to here what a try goes on to write to a stream joins its last piece.</summary>
    private const int Joined = 4096;

    private const int MostPiece = 16 * 1024;

    private readonly Statement isHeld = connection.Prepare("SELECT 1 FROM roost_work WHERE key = ?1 AND token = ?2 AND version = ?3");
    private readonly Statement lastTry = connection.Prepare("SELECT max(try) FROM roost_stream_piece WHERE work = ?1 AND version = ?2");
    private readonly Statement find = connection.Prepare("SELECT key, ends, bytes FROM roost_stream WHERE work = ?1 AND name = ?2");
    private readonly Statement create = connection.Prepare("INSERT INTO roost_stream (work, name, ends, bytes) VALUES (?1, ?2, 0, 0) RETURNING key");
    private readonly Statement grow = connection.Prepare("UPDATE roost_stream SET ends = ?2, bytes = ?3 WHERE key = ?1");
    private readonly Statement last = connection.Prepare(
        "SELECT key, starts, octet_length(text), version, try FROM roost_stream_piece WHERE stream = ?1 ORDER BY starts DESC LIMIT 1");
    private readonly Statement insert = connection.Prepare(
        "INSERT INTO roost_stream_piece (stream, starts, work, version, try, at, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    private readonly Statement join = connection.Prepare("UPDATE roost_stream_piece SET text = text || ?2, at = ?3 WHERE key = ?1");
    private readonly Statement first = connection.Prepare(
        "SELECT key, octet_length(text) FROM roost_stream_piece WHERE stream = ?1 ORDER BY starts LIMIT 1");
    private readonly Statement delete = connection.Prepare("DELETE FROM roost_stream_piece WHERE key = ?1");
    private readonly Statement deleteTries = connection.Prepare(
        "DELETE FROM roost_stream_piece WHERE work = ?1 AND version = ?2 AND try <> ?3 RETURNING stream, octet_length(text)");
    private readonly Statement deleteVersions = connection.Prepare(
        "DELETE FROM roost_stream_piece WHERE work = ?1 AND version >= ?2 AND version < ?3 RETURNING stream, octet_length(text)");
    private readonly Statement shrink = connection.Prepare("UPDATE roost_stream SET bytes = bytes - ?2 WHERE key = ?1");
    private readonly Statement report = connection.Prepare(
        """
        INSERT INTO roost_progress (work, version, fraction, text, at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (work) DO UPDATE SET version = excluded.version, fraction = excluded.fraction, text = excluded.text, at = excluded.at
        """);

    private readonly record struct Stored(long Key, long Ends, long Bytes);

    private readonly record struct Piece(long Key, long Starts, int Length, int Version, int Try);

    /// <summary>Its step still holds the lease under which it is said, at the same version.</summary>
    public bool IsHeld(StepOutput output) =>
        isHeld.Bind(1, output.Lease.WorkKey).Bind(2, output.Lease.Token).Bind(3, output.Version).Scalar() is not null;

    /// <summary>Writes what a step has said; its lease is known to be held.</summary>
    public void Write(StepOutput output, in StepSaid said)
    {
        long work = output.Lease.WorkKey;
        if (said.Progress is { } now)
            report.Bind(1, work).Bind(2, output.Version).BindReal(3, now.Fraction).Bind(4, now.Text).Bind(5, now.At.ToUnixTimeMilliseconds()).Run();
        if (said.Texts.Count == 0) return;
        flag.Set(output.Lease);
        output.Try ??= 1 + (int)(lastTry.Bind(1, work).Bind(2, output.Version).Scalar() ?? 0);
        foreach ((string name, StreamChunk chunk) in said.Texts) Append(output, name, chunk);
    }

    /// <summary>A step has committed: what its other tries have written goes.</summary>
    /// <param name="work">The item.</param>
    /// <param name="version">The version that the step was made from.</param>
    /// <param name="kept">The try that made the next; 0 for none.</param>
    public void KeepTry(long work, int version, int kept) => Forget(deleteTries.Bind(1, work).Bind(2, version).Bind(3, kept));

    /// <summary>What belongs to versions that are not kept, once a version is committed.</summary>
    public void Trim(long work, int version)
    {
        if (KeptVersions.Gone(connection.Options, version) is (int from, int end)) Forget(deleteVersions.Bind(1, work).Bind(2, from).Bind(3, end));
    }

    private void Append(StepOutput output, string name, in StreamChunk chunk)
    {
        long work = output.Lease.WorkKey;
        Stored stream = find.Bind(1, work).Bind(2, name).OneValue(static row => new Stored(row.Int64(0), row.Int64(1), row.Int64(2)))
            ?? new(create.Bind(1, work).Bind(2, name).Scalar()!.Value, 0, 0);
        long starts = stream.Ends + chunk.Skipped;
        ReadOnlySpan<byte> rest = chunk.Utf8;
        if (chunk.Skipped == 0 && LastOf(stream.Key) is { } piece && piece.Starts + piece.Length == starts && piece.Version == output.Version
            && piece.Try == output.Try && piece.Length + rest.Length <= Joined)
        {
            join.Bind(1, piece.Key).BindText(2, rest).Bind(3, connection.Now).Run();
            starts += rest.Length;
            rest = [];
        }
        while (!rest.IsEmpty)
        {
            int length = LengthOf(rest);
            insert.Bind(1, stream.Key).Bind(2, starts).Bind(3, work).Bind(4, output.Version).Bind(5, output.Try!.Value).Bind(6, connection.Now)
                .BindText(7, rest[..length]).Run();
            starts += length;
            rest = rest[length..];
        }
        long bytes = GiveUp(stream.Key, stream.Bytes + chunk.Utf8.Length);
        grow.Bind(1, stream.Key).Bind(2, starts).Bind(3, bytes).Run();
    }

    /// <summary>Takes the oldest away until what is left is no more than is kept.</summary>
    private long GiveUp(long stream, long bytes)
    {
        while (bytes > connection.Options.MaxStreamBytes)
        {
            (long key, long length) = first.Bind(1, stream).OneValue(static row => (row.Int64(0), row.Int64(1)))!.Value;
            delete.Bind(1, key).Run();
            bytes -= length;
        }
        return bytes;
    }

    private Piece? LastOf(long stream) => last.Bind(1, stream).OneValue(static row =>
        new Piece(row.Int64(0), row.Int64(1), row.Int32(2), row.Int32(3), row.Int32(4)));

    private void Forget(Statement deleting)
    {
        List<(long Stream, long Bytes)> gone = deleting.All(static row => (row.Int64(0), row.Int64(1)));
        foreach (IGrouping<long, (long, long Bytes)> stream in gone.GroupBy(static piece => piece.Stream))
            shrink.Bind(1, stream.Key).Bind(2, stream.Sum(static piece => piece.Bytes)).Run();
    }

    /// <summary>As much as one piece holds; no letter is torn.</summary>
    private static int LengthOf(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length <= MostPiece) return utf8.Length;
        int length = MostPiece;
        while ((utf8[length] & 0xC0) == 0x80) length--;
        return length;
    }
}
