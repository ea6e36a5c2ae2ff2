using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>
/// The JSON that Roost itself keeps in columns: what workers serve, and what triggers carry. Written and read by code that the compiler makes, so that
/// neither a host's settings nor a program without reflection changes it.
/// </summary>
// A trigger's value may use all the levels there are; what it would make of a payload is found out when it fires.
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, PropertyNameCaseInsensitive = true, MaxDepth = JsonText.MaxDepth + 1)]
[JsonSerializable(typeof(IReadOnlyList<ServedEngine>))]
[JsonSerializable(typeof(ServedEngine[]))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class ColumnJson : JsonSerializerContext
{
    private const int Shown = 200;

    /// <summary>Reads what is stored in a column; <paramref name="what"/> names it for whoever has to learn that it is none of ours.</summary>
    /// <exception cref="DataCorruptException">It is not of the form that Roost gives it.</exception>
    public static T Read<T>(ReadOnlySpan<byte> stored, JsonTypeInfo<T> type, string what) where T : class
    {
        try
        {
            if (JsonSerializer.Deserialize(stored, type) is { } value) return value;
        }
        catch (JsonException)
        {
            // Told below, with what is stored.
        }
        string text = Encoding.UTF8.GetString(stored[..Math.Min(Shown, stored.Length)]);
        throw new DataCorruptException(
            $"{what} is stored as \"{text}\", which Roost does not write: the file is damaged, or another program has changed it. Stop writing to it, " +
            $"copy it, and restore a backup."
        );
    }

    public static T Read<T>(string stored, JsonTypeInfo<T> type, string what) where T : class => Read(Encoding.UTF8.GetBytes(stored), type, what);
}
