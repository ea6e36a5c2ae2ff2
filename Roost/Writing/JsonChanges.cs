using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Roost.Writing;

/// <summary>
/// What somebody has changed in JSON, for an event: each place that differs by its path, with what was there and what is there now. The path is a name in
/// the event, so that whoever masks secrets by their names finds it. Bounded: 50 places, and 200 characters of each value.
/// </summary>
internal static class JsonChanges
{
    private const int MostPlaces = 50, MostText = 200, MostCounted = 10_000;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An object for the event, with these fields before the changes.</summary>
    /// <param name="fields">Writes what else the event says.</param>
    /// <param name="before">What was there; null where nobody knows, or nothing was changed.</param>
    /// <param name="after">What is there now.</param>
    public static byte[] Told(Action<Utf8JsonWriter> fields, JsonElement? before, JsonElement? after)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            fields(writer);
            if (before is { } older && after is { } newer) Write(writer, older, newer);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement before, JsonElement after)
    {
        var found = new List<(string Path, JsonElement? From, JsonElement? To)>();
        int count = 0;
        Find("$", before, after, found, ref count);
        writer.WriteStartObject("changes");
        foreach ((string path, JsonElement? from, JsonElement? to) in found)
        {
            writer.WriteStartObject(path);
            Write(writer, "from", from);
            Write(writer, "to", to);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        if (count > found.Count) writer.WriteNumber("changes_left_out", count - found.Count);
    }

    private static void Find(
        string path, JsonElement? before, JsonElement? after, List<(string Path, JsonElement? From, JsonElement? To)> found, ref int count)
    {
        if (count >= MostCounted || (before is { } one && after is { } other && JsonElement.DeepEquals(one, other))) return;
        if (before is { ValueKind: JsonValueKind.Object } older && after is { ValueKind: JsonValueKind.Object } newer)
        {
            foreach (JsonProperty member in older.EnumerateObject()) Find(Member(path, member.Name), member.Value, Of(newer, member.Name), found, ref count);
            foreach (JsonProperty member in newer.EnumerateObject())
                if (Of(older, member.Name) is null) Find(Member(path, member.Name), null, member.Value, found, ref count);
        }
        else if (before is { ValueKind: JsonValueKind.Array } first && after is { ValueKind: JsonValueKind.Array } second)
        {
            for (int i = 0; i < Math.Max(first.GetArrayLength(), second.GetArrayLength()); i++)
                Find(string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), At(first, i), At(second, i), found, ref count);
        }
        else
        {
            if (found.Count < MostPlaces && !found.Exists(other => other.Path == path)) found.Add((path, before, after)); // One that was cut may be another's.
            count++;
        }
    }

    private static string Member(string path, string name) => Cut($"{path}.{name}");

    private static JsonElement? Of(JsonElement value, string name) => value.TryGetProperty(name, out JsonElement its) ? its : null;

    private static JsonElement? At(JsonElement list, int i) => i < list.GetArrayLength() ? list[i] : null;

    private static void Write(Utf8JsonWriter writer, string name, JsonElement? value)
    {
        if (value is not { } its) return;
        writer.WritePropertyName(name);
        if (its.ValueKind == JsonValueKind.String) writer.WriteStringValue(Cut(its.GetString()!));
        else if (its.GetRawText() is { Length: > MostText } text) writer.WriteStringValue(Cut(text));
        else its.WriteTo(writer);
    }

    private static string Cut(string text) => ShortText.Cut(text, MostText);
}
