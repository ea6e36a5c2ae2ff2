using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Roost.Cli.Output;

/// <summary>The stable form of --json: snake_case, times in UTC to the millisecond, durations in seconds, bytes left out.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Options = new(RoostJson.Default)
    {
        Converters = { new TimeConverter(), new DurationConverter(), new SnapshotConverter() },
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private static readonly JsonSerializerOptions Indented = new(Options) { WriteIndented = true };

    public static JsonNode? Node(object? value) => value as JsonNode ?? JsonSerializer.SerializeToNode(value, Options);

    public static string Text(JsonNode? node, bool indented) => node?.ToJsonString(indented ? Indented : Options) ?? "null";

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
