using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Roost.AspNetCore.Input;
using Roost.AspNetCore.Output;

namespace Roost.AspNetCore;

/// <summary>
/// The state of a dead letter, or a payload, as a form shows it and takes it back: secrets are masked, and what still has its mask when it comes back is as
/// it was.
/// </summary>
internal static class StateForm
{
    /// <summary>How much a form holds; the body of a request is bounded, and most of it may have to be written as %XX.</summary>
    public const int MostBytes = 12 * 1024;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text to edit; null where it is too much for a form.</summary>
    public static string? Of(JsonElement stored, SecretKeys secrets)
    {
        if (stored.GetRawText().Length > MostBytes) return null;
        string text = Masked(Json.Node(stored), secrets)?.ToJsonString(Indented) ?? "null";
        return Encoding.UTF8.GetByteCount(text) <= MostBytes ? text : null;
    }

    /// <summary>What was edited, with the secrets in their places.</summary>
    /// <exception cref="InvalidInputException">It is no JSON, or a mask stands where there is no secret.</exception>
    public static JsonEdit Read(string field, string text, JsonElement? stored, SecretKeys secrets)
    {
        if (!secrets.IsMasking) return JsonEdit.FromJson(text);
        try
        {
            JsonNode? edited = Json.Node(TypedJson.Parse(field, text));
            JsonNode? before = stored is { } element ? Json.Node(element) : null;
            return JsonEdit.FromJson(Unmasked(field, "$", edited, before, Masked(before?.DeepClone(), secrets))?.ToJsonString(Indented) ?? "null");
        }
        catch (InvalidOperationException e) // Half of a surrogate pair, written as an escape.
        {
            throw new InvalidInputException(field, $"is no JSON that could be stored: {e.Message}");
        }
    }

    private static JsonNode? Masked(JsonNode? stored, SecretKeys secrets) => new Masking(secrets).ApplyToStored(stored);

    private static JsonNode? Unmasked(string field, string path, JsonNode? edited, JsonNode? stored, JsonNode? masked)
    {
        if (edited is JsonObject members)
        {
            foreach ((string name, JsonNode? value) in members.ToArray())
            {
                JsonNode? its = Unmasked(field, $"{path}.{name}", value, Member(stored, name), Member(masked, name));
                if (!ReferenceEquals(its, value)) members[name] = its;
            }
            return edited;
        }
        if (edited is JsonArray list)
        {
            for (int i = 0; i < list.Count; i++)
            {
                JsonNode? its = Unmasked(field, $"{path}[{i}]", list[i], At(stored, i), At(masked, i));
                if (!ReferenceEquals(its, list[i])) list[i] = its;
            }
            return edited;
        }
        if (edited?.GetValueKind() != JsonValueKind.String || !edited.GetValue<string>().Contains(SecretKeys.Mask, StringComparison.Ordinal)) return edited;
        if (JsonNode.DeepEquals(edited, masked)) return stored?.DeepClone();
        throw new InvalidInputException(field, $"holds the mask {SecretKeys.Mask} at {path}, where no secret stood; give the value itself.");
    }

    private static JsonNode? Member(JsonNode? node, string name) => node is JsonObject members ? members[name] : null;

    private static JsonNode? At(JsonNode? node, int i) => node is JsonArray list && i < list.Count ? list[i] : null;
}
