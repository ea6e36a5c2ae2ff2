using System.Text.Json;

namespace Roost.AspNetCore.Input;

/// <summary>JSON that a person typed or made.</summary>
internal static class TypedJson
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>JSON of any kind; no key stands twice in it.</summary>
    /// <exception cref="InvalidInputException">It is none.</exception>
    public static JsonElement Parse(string field, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            string hint = char.IsLetter(text.AsSpan().Trim() is [var first, ..] ? first : ' ') ? " A text stands in double quotes, as \"yes\"." : "";
            throw new InvalidInputException(field, $"is no JSON: {e.Message}{hint}", e);
        }
        catch (ArgumentException e) // What UTF-8 cannot hold.
        {
            throw new InvalidInputException(field, "holds half of a surrogate pair; it is not valid Unicode text.", e);
        }
    }

    /// <inheritdoc cref="Parse(string, string)"/>
    public static JsonElement Parse(string field, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8.Span.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8, Strict);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new InvalidInputException(field, $"is no JSON in UTF-8: {e.Message}", e);
        }
    }
}
