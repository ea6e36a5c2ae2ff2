using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Roost;

/// <summary>The JSON settings that Roost uses where the host gives none.</summary>
public static class RoostJson
{
    /// <summary>
    /// snake_case names, case-insensitive reading, enums as snake_case strings, at most 64 levels deep, duplicate keys refused.
    /// In a program without reflection for JSON (a trimmed one, by default) it knows plain values and JSON itself alone; give
    /// <see cref="RoostOptions.Json"/> with the resolver of your own <see cref="JsonSerializerContext"/> there.
    /// </summary>
    public static JsonSerializerOptions Default { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DictionaryKeyPolicy = null,
            PropertyNameCaseInsensitive = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            MaxDepth = JsonText.MaxDepth,
            AllowDuplicateProperties = false,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        };
        if (!JsonSerializer.IsReflectionEnabledByDefault) options.TypeInfoResolver = PlainJson.Default;
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
