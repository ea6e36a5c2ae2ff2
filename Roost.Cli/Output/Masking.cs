using System.Text.Json.Nodes;

namespace Roost.Cli.Output;

/// <summary>Hides the values under keys that look secret, at any depth.</summary>
internal sealed class Masking
{
    public const string Mask = "***";

    private readonly string[] keys;

    private Masking(string[] keys) => this.keys = keys;

    public static IReadOnlyList<string> DefaultKeys { get; } = ["token", "secret", "password", "api_key", "authorization"];

    public static Masking None { get; } = new([]);

    public static Masking Of(IEnumerable<string> keys) => new([.. keys.Select(Plain).Where(key => key.Length > 0)]);

    /// <summary>Looks secret: access_token, apiKey, X-Api-Key.</summary>
    public bool IsSecret(string key)
    {
        string plain = Plain(key);
        return Array.Exists(keys, secret => plain.Contains(secret, StringComparison.Ordinal));
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

    private static string Plain(string key) => string.Concat(key.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
