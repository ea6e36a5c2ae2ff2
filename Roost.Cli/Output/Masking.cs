using System.Text.Json.Nodes;
using Roost.Cli.Console;

namespace Roost.Cli.Output;

/// <summary>Hides the values under keys that look secret, at any depth.</summary>
internal sealed class Masking(SecretKeys keys)
{
    public SecretKeys Keys => keys;

    public JsonNode? Apply(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (JsonNode? each in list) Apply(each);
        }
        else if (node is JsonObject fields)
        {
            foreach ((string key, JsonNode? value) in fields.ToArray())
            {
                if (value is not null && keys.IsSecret(key)) fields[key] = SecretKeys.Mask;
                else Apply(value);
            }
        }
        return node;
    }
}
