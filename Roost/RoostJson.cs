using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Roost.Writing;

namespace Roost;

/// <summary>The JSON settings that Roost uses where the host gives none.</summary>
public static class RoostJson
{
    /// <summary>
    /// snake_case names, case-insensitive reading, fields as well as properties (so that tuples and vectors are kept), enums as snake_case
    /// strings, stacks in their order, numbers of any size as text, a type discriminator wherever it stands, at most 64 levels deep,
    /// duplicate keys refused.
    /// In a program without reflection for JSON (a trimmed one, by default) it knows plain values and JSON itself alone; give
    /// <see cref="RoostOptions.Json"/> with the resolver of your own <see cref="JsonSerializerContext"/> there.
    /// </summary>
    public static JsonSerializerOptions Default { get; } = Create();

    [UnconditionalSuppressMessage(
        "AOT",
        "IL3050",
        Justification = "A converter of an enum that a context names is compiled with that context; no other is asked for where no code can be made."
    )]
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
            IncludeFields = true,
            AllowOutOfOrderMetadataProperties = true,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new StackConverter(), new BigIntegerConverter() },
        };
        Freeze(options);
        return options;
    }

    /// <summary>
    /// Makes settings ready for use as the serializer itself would, where reflection is switched off as well: then they know what their resolver knows.
    /// </summary>
    [UnconditionalSuppressMessage(
        "Trimming",
        "IL2026",
        Justification = "Without reflection for JSON, as in a trimmed program by default, nothing is populated; who switches it on is warned by the switch."
    )]
    [UnconditionalSuppressMessage(
        "AOT",
        "IL3050",
        Justification = "Without reflection for JSON, as in a trimmed program by default, nothing is populated; who switches it on is warned by the switch."
    )]
    internal static void Freeze(JsonSerializerOptions options)
    {
        if (options.IsReadOnly) return;
        if (!JsonSerializer.IsReflectionEnabledByDefault) options.TypeInfoResolver ??= PlainJson.Default;
        options.MakeReadOnly(populateMissingResolver: JsonSerializer.IsReflectionEnabledByDefault);
    }
}
