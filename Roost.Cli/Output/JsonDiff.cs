using System.Globalization;
using System.Text.Json.Nodes;
using Roost.Cli.Console;

namespace Roost.Cli.Output;

/// <summary>What differs between two versions of a state. That a secret changed is told, and not what it was.</summary>
internal sealed class JsonDiff
{
    private readonly SecretKeys secrets;
    private readonly Masking masking;
    private readonly List<JsonChange> changes = [];

    private JsonDiff(SecretKeys secrets) => (this.secrets, masking) = (secrets, new(secrets));

    public static IReadOnlyList<JsonChange> Between(Snapshot before, Snapshot after, SecretKeys secrets)
    {
        var diff = new JsonDiff(secrets);
        diff.Compare("$", Json.Node(before.Data), Json.Node(after.Data), false);
        return diff.changes;
    }

    private void Compare(string path, JsonNode? before, JsonNode? after, bool secret)
    {
        if (JsonNode.DeepEquals(before, after)) return;
        if (before is JsonObject older && after is JsonObject newer) CompareFields(path, older, newer, secret);
        else if (before is JsonArray first && after is JsonArray second) CompareLists(path, first, second, secret);
        else changes.Add(new(path, "changed", Shown(before, secret), Shown(after, secret)));
    }

    private void CompareFields(string path, JsonObject before, JsonObject after, bool secret)
    {
        foreach ((string name, JsonNode? value) in before)
        {
            bool hidden = secret || secrets.IsSecret(name);
            if (after.TryGetPropertyValue(name, out JsonNode? now)) Compare(Field(path, name), value, now, hidden);
            else changes.Add(new(Field(path, name), "removed", Shown(value, hidden), null));
        }
        foreach ((string name, JsonNode? value) in after)
            if (!before.ContainsKey(name)) changes.Add(new(Field(path, name), "added", null, Shown(value, secret || secrets.IsSecret(name))));
    }

    private void CompareLists(string path, JsonArray before, JsonArray after, bool secret)
    {
        for (int i = 0; i < Math.Max(before.Count, after.Count); i++)
        {
            string place = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            if (i >= after.Count) changes.Add(new(place, "removed", Shown(before[i], secret), null));
            else if (i >= before.Count) changes.Add(new(place, "added", null, Shown(after[i], secret)));
            else Compare(place, before[i], after[i], secret);
        }
    }

    private JsonNode? Shown(JsonNode? value, bool secret) => value is not null && secret ? SecretKeys.Mask : masking.ApplyToStored(value?.DeepClone());

    private static string Field(string path, string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? $"{path}.{name}" : $"{path}[{JsonValue.Create(name).ToJsonString()}]";
}
