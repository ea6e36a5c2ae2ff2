using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Roost.Stores;

namespace Roost.Testing.Verifying;

/// <summary>All that a try has brought as one JSON object, so that two can be compared by paths.</summary>
internal static class OutcomeJson
{
    public static JsonObject Of(Outcome outcome, Staged? staged, RoostOptions options)
    {
        var json = new JsonObject
        {
            ["outcome"] = outcome.Kind.ToString(),
            ["after"] = outcome.After.ToString("c", CultureInfo.InvariantCulture),
            ["reason"] = outcome.Reason,
            ["step"] = outcome.Next?.Step,
            ["wait"] = outcome.Wait is { } wait ? WaitOf(wait, options) : null,
            ["state"] = outcome.Next is { } next ? JsonNode.Parse(next.Utf8.Span) : null,
        };
        if (staged is null) return json;
        json["artifacts"] = new JsonObject(staged.Artifacts.Select(one => KeyValuePair.Create(one.Name, (JsonNode?)ArtifactOf(one))));
        json["events"] = new JsonArray([.. staged.Events.Select(one => (JsonNode)new JsonObject { ["kind"] = one.Kind, ["data"] = Parsed(one.Data) })]);
        json["children"] = new JsonArray([.. staged.Children.Select(ChildOf)]);
        json["signals"] = new JsonArray([.. staged.Signals.Select(SignalOf)]);
        json["signals_taken"] = new JsonArray([.. staged.Taken.Order().Select(key => (JsonNode)key)]);
        return WithoutIds(json, staged.Children);
    }

    /// <summary>
    /// The ids of children are drawn in each try, and only those of the try that commits exist: a state that keeps one is right to do so.
    /// </summary>
    private static JsonObject WithoutIds(JsonObject json, List<NewWork> children)
    {
        var drawn = children.Where(child => Guid.TryParse(child.Id, out _)).Select(child => child.Id).Distinct().ToList();
        if (drawn.Count == 0) return json;
        string text = json.ToJsonString();
        for (int i = 0; i < drawn.Count; i++)
            text = text.Replace(drawn[i], string.Create(CultureInfo.InvariantCulture, $"(id of child {i + 1})"), StringComparison.OrdinalIgnoreCase);
        return JsonNode.Parse(text)!.AsObject();
    }

    private static JsonObject WaitOf(Wait wait, RoostOptions options)
    {
        WaitFor? checkedWait = null;
        try
        {
            checkedWait = WaitCheck.Check(wait, "", options);
        }
        catch (InvalidInputException)
        {
            // The runner refuses it, and says so.
        }
        return new()
        {
            ["signals"] = new JsonArray([.. (wait.Signals ?? []).Select(name => (JsonNode)name)]),
            ["timeout"] = wait.Timeout?.ToString("c", CultureInfo.InvariantCulture),
            ["until"] = wait.Until?.ToString("O", CultureInfo.InvariantCulture),
            ["children"] = wait.Children?.ToString(),
            ["question"] = wait.Ask?.Question,
            ["question_for"] = wait.Ask?.For,
            ["question_artifacts"] = wait.Ask is { } ask ? new JsonArray([.. ask.Artifacts.Select(name => (JsonNode)name)]) : null,
            ["question_schema"] = checkedWait?.Ask is { } asked ? JsonNode.Parse(asked.Schema) : null,
        };
    }

    private static JsonObject ArtifactOf(StagedArtifact artifact) => new()
    {
        ["kind"] = artifact.Kind.ToString(),
        ["media_type"] = artifact.MediaType,
        ["metadata"] = Parsed(artifact.Metadata),
        ["uri"] = artifact.Uri,
        ["content"] = ContentOf(artifact),
    };

    private static JsonNode? ContentOf(StagedArtifact artifact)
    {
        if (artifact.Content is { } content && artifact.MediaType.EndsWith("json", StringComparison.Ordinal) && TryParse(content) is { } json) return json;
        if (artifact.Content is { } text && artifact.MediaType.StartsWith("text/", StringComparison.Ordinal)) return Encoding(text);
        return artifact.Sha256 is { } hash ? $"SHA-256 {Convert.ToHexStringLower(hash)}" : null;
    }

    private static string Encoding(ReadOnlyMemory<byte> utf8) => System.Text.Encoding.UTF8.GetString(utf8.Span);

    private static JsonNode? TryParse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return JsonNode.Parse(utf8.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonNode ChildOf(NewWork child) => new JsonObject
    {
        ["id"] = child.Id,
        ["engine"] = child.Item.Engine,
        ["queue"] = child.Item.Queue,
        ["payload"] = JsonNode.Parse(child.Payload),
        ["idempotency_key"] = child.Item.IdempotencyKey,
        ["priority"] = child.Item.Priority,
        ["resources"] = new JsonArray([.. child.Resources.Select(name => (JsonNode)name)]),
        ["delay_ms"] = child.DelayMs,
        ["due_at"] = child.DueAt,
        ["deadline"] = child.Item.Deadline,
        ["detached"] = child.Item.Detached,
    };

    private static JsonNode SignalOf(StagedSignal one) => new JsonObject
    {
        ["to"] = one.WorkId,
        ["name"] = one.Signal.Name,
        ["payload"] = JsonNode.Parse(one.Signal.Payload),
    };

    private static JsonNode? Parsed(byte[]? json) => json is null ? null : JsonNode.Parse(json);
}
