using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Roost.Writing;

namespace Roost;

/// <summary>
/// What can be written and read where a program has no reflection for JSON, whatever the host's settings know: plain values, and JSON itself.
/// </summary>
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(JsonDocument))]
[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(JsonArray))]
[JsonSerializable(typeof(JsonValue))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(double))]
[JsonSerializable(typeof(decimal))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(Nothing))]
internal sealed partial class PlainJson : JsonSerializerContext
{
    /// <summary>A type's metadata by these settings, or its own where it is plain and they do not know it: a host's context names the host's types.</summary>
    /// <exception cref="NotSupportedException">Neither knows it.</exception>
    public static JsonTypeInfo TypeOf(Type type, JsonSerializerOptions options) =>
        options.TryGetTypeInfo(type, out JsonTypeInfo? known) ? known : Default.GetTypeInfo(type) ?? options.GetTypeInfo(type);
}
