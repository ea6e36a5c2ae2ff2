using System.Text.Json;
using System.Text.Json.Nodes;

namespace Roost.AspNetCore.Output;

/// <summary>Hides the values under keys that look secret, at any depth, and what follows such a key within a text. Ids and names stay as they are.</summary>
internal sealed class Masking(SecretKeys keys)
{
    public SecretKeys Keys => keys;

    /// <summary>Fields of Roost's own that hold what an engine or a person wrote.</summary>
    private static readonly string[] Texts =
    [
        "error",
        "last_error",
        "message",
        "cause_message",
        "stack",
        "reason",
        "cancel_reason",
        "situation",
        "snapshot_error",
        "payload_error",
        "uri",
        "question",
        "comment",
    ];

    /// <summary>Fields that hold JSON of an engine or a caller: every text in it may hold a secret.</summary>
    private static readonly string[] Stored = ["payload", "data", "metadata", "before", "after", "value", "arguments", "result"];

    /// <summary>What an answer has to fit names members and holds no values: masked, it would be another.</summary>
    private const string Schema = "schema";

    /// <summary>What Roost tells, with stored JSON in some of its fields.</summary>
    public JsonNode? Apply(JsonNode? node) => Apply(node, isStored: false);

    /// <summary>JSON that an engine or a caller has made.</summary>
    public JsonNode? ApplyToStored(JsonNode? node) => Apply(node, isStored: true);

    /// <summary>A text that an engine or a person has written.</summary>
    public string Hide(string? text) => text is null ? "" : keys.Hide(text);

    private JsonNode? Apply(JsonNode? node, bool isStored)
    {
        if (node is JsonArray list)
        {
            bool follows = false; // A list of arguments: --password and then the password.
            for (int i = 0; i < list.Count; i++)
            {
                string? text = isStored && list[i]?.GetValueKind() == JsonValueKind.String ? list[i]!.GetValue<string>() : null;
                if (follows && text is not null && !text.StartsWith('-')) list[i] = SecretKeys.Mask;
                else Replace(list[i], isStored, masked => list[i] = masked);
                follows = text is ['-', '-', ..] && !text.Contains('=', StringComparison.Ordinal) && keys.IsSecret(text);
            }
        }
        else if (node is JsonObject fields)
        {
            foreach ((string key, JsonNode? value) in fields.ToArray())
            {
                if (key == Schema && !isStored) continue;
                if (value is not null && keys.IsSecret(key)) fields[key] = SecretKeys.Mask;
                else Replace(value, isStored || Stored.Contains(key) || (value is JsonValue && Texts.Contains(key)), masked => fields[key] = masked);
            }
        }
        else if (isStored && node?.GetValueKind() == JsonValueKind.String) return JsonValue.Create(Hide(node.GetValue<string>()));
        return node;
    }

    private void Replace(JsonNode? value, bool isStored, Action<JsonNode?> replace)
    {
        JsonNode? masked = Apply(value, isStored);
        if (!ReferenceEquals(masked, value)) replace(masked);
    }
}
