using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Roost.Cli.Output;

/// <summary>Hides the values under keys that look secret, at any depth.</summary>
internal sealed partial class Masking
{
    public const string Mask = "***";

    private readonly string[] keys;

    private Masking(string[] keys) => this.keys = keys;

    public static IReadOnlyList<string> DefaultKeys { get; } = ["token", "secret", "password", "api_key", "apikey", "authorization"];

    public static Masking None { get; } = new([]);

    public static Masking Of(IEnumerable<string> keys) => new([.. keys.Select(Words).Where(words => words.Length > 2)]);

    /// <summary>Compared word by word: access_token, apiKey and X-Api-Key are secret, max_tokens is not.</summary>
    public bool IsSecret(string key)
    {
        string words = Words(key);
        return Array.Exists(keys, secret => words.Contains(secret, StringComparison.Ordinal));
    }

    public JsonNode? Apply(JsonNode? node)
    {
        if (keys.Length == 0) return node;
        if (node is JsonArray list)
        {
            foreach (JsonNode? each in list) Apply(each);
        }
        else if (node is JsonObject fields)
        {
            foreach ((string key, JsonNode? value) in fields.ToArray())
            {
                if (value is not null && IsSecret(key)) fields[key] = Mask;
                else Apply(value);
            }
        }
        return node;
    }

    private static string Words(string key) => $"_{Boundary().Replace(key, "_").Trim('_').ToLowerInvariant()}_";

    [GeneratedRegex("[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex Boundary();
}
