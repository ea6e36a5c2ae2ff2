using System.Text.Json.Serialization;

namespace Roost.Storage;

/// <summary>How Roost writes and reads what is its own in the file: by generated code, whatever the host has set for JSON in its process.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(ServedEngine[]))]
[JsonSerializable(typeof(IReadOnlyList<ServedEngine>))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IEnumerable<string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class StoredContext : JsonSerializerContext;
