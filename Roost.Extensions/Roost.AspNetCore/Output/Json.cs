using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Roost.AspNetCore.Output;

/// <summary>The stable form of --json: snake_case, times in UTC to the millisecond, durations in seconds, bytes left out.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Options = new(RoostJson.Default)
    {
        Converters = { new TimeConverter(), new DurationConverter(), new SnapshotConverter() },
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private static readonly JsonSerializerOptions Indented = new(Options) { WriteIndented = true };

    public static JsonNode? Node(object? value) => value switch
    {
        null => null,
        JsonNode node => node,
        JsonElement stored => Node(stored),
        _ => JsonSerializer.SerializeToNode(value, Options),
    };

    /// <summary>Without the serializer, which takes longer to wake than most verbs.</summary>
    private static JsonNode? Node(JsonElement stored) => stored.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(stored),
        JsonValueKind.Array => JsonArray.Create(stored),
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ => JsonValue.Create(stored),
    };

    /// <summary>Letters and signs of every script stand as they are: the serializer writes those beyond the basic plane, such as emoji, as escapes.</summary>
    public static string Text(JsonNode? node, bool indented) => Readable(node?.ToJsonString(indented ? Indented : Options) ?? "null");

    private static string Readable(string json)
    {
        int at = json.IndexOf("\\u", StringComparison.Ordinal);
        if (at < 0) return json;
        var readable = new StringBuilder(json.Length);
        int copied = 0;
        for (at = json.IndexOf('\\', StringComparison.Ordinal); at >= 0; at = at + 2 <= json.Length ? json.IndexOf('\\', at + 2) : -1)
        {
            if (!IsEscape(json, at, out char high) || !char.IsHighSurrogate(high) || !IsEscape(json, at + 6, out char low) || !char.IsLowSurrogate(low))
                continue;
            readable.Append(json, copied, at - copied).Append(high).Append(low);
            copied = at + 12;
            at += 10;
        }
        return readable.Append(json, copied, json.Length - copied).ToString();
    }

    private static bool IsEscape(string json, int at, out char written)
    {
        bool isOne = at + 6 <= json.Length && json[at] == '\\' && json[at + 1] == 'u';
        written =
            isOne && ushort.TryParse(json.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code) ? (char)code : '\0';
        return isOne;
    }

    private sealed class TimeConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(Times.Exact(value));
    }

    private sealed class DurationConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => TimeSpan.FromSeconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(value.TotalSeconds);
    }

    private sealed class SnapshotConverter : JsonConverter<Snapshot>
    {
        public override Snapshot Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, Snapshot value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, new
        {
            value.WorkId,
            value.Engine,
            value.Version,
            value.Step,
            value.StateVersion,
            value.Delay,
            value.CreatedAt,
            value.UpdatedAt,
            value.FinishedAt,
            value.FailedAt,
            value.Data,
        }, options);
    }
}
