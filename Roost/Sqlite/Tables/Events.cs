using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>Appends to the history, in the transaction of what happened.</summary>
internal sealed class Events(WriteConnection connection, Counters counters) : IDisposable
{
    private const int TrimAtOnce = 5000;

    private readonly Statement insert = connection.Prepare("INSERT INTO roost_event (seq, at, kind, work, data) VALUES (?1, ?2, ?3, ?4, ?5)");
    private readonly Statement trim = connection.Prepare("DELETE FROM roost_event WHERE seq <= ?1");
    private readonly Statement trimRuns = connection.Prepare("DELETE FROM roost_event_run WHERE seq <= ?1");
    private readonly Statement oldest = connection.Prepare("SELECT min(seq) FROM roost_event");
    private readonly Statement setWatermark = connection.Prepare(
        "INSERT INTO roost_meta (key, value) VALUES ('events_watermark', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value");

    private readonly ArrayBufferWriter<byte> buffer = new(256);
    private readonly Utf8JsonWriter writer = new(
        new ArrayBufferWriter<byte>(1),
        new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
    );

    public void Append(string kind, long? work) => Append(kind, work, []);

    public void Append(string kind, long? work, ReadOnlySpan<byte> json)
    {
        insert.Bind(1, counters.NextEvent()).Bind(2, connection.Now).Bind(3, kind).Bind(4, work);
        if (json.IsEmpty) insert.BindNull(5);
        else insert.BindText(5, json);
        insert.Run();
    }

    /// <summary>Appends an event whose data is an object written by <paramref name="write"/>.</summary>
    public void Append<T>(string kind, long? work, T details, Action<Utf8JsonWriter, T> write)
    {
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        writer.WriteStartObject();
        write(writer, details);
        writer.WriteEndObject();
        writer.Flush();
        Append(kind, work, buffer.WrittenSpan);
    }

    /// <summary>Appends what an operator did, with the reason where one was given.</summary>
    public void AppendReason(string kind, long? work, string? reason)
    {
        if (reason is null) Append(kind, work);
        else Append(kind, work, reason, static (json, text) => json.WriteString("reason", text));
    }

    public void Dispose() => writer.Dispose();

    /// <summary>Trims what is above the cap, a bounded number at a time, and says up to where in the watermark.</summary>
    public void Trim()
    {
        if (connection.Options.MaxEvents is not { } cap || counters.EventSeq <= cap) return;
        long slack = Math.Max(100, cap / 10);
        long first = oldest.Scalar() ?? 0;
        if (first == 0 || counters.EventSeq - first < cap + slack) return;
        long watermark = Math.Min(counters.EventSeq - cap, first + TrimAtOnce);
        trim.Bind(1, watermark).Run();
        trimRuns.Bind(1, watermark).Run();
        setWatermark.Bind(1, watermark.ToString(CultureInfo.InvariantCulture)).Run();
    }
}
