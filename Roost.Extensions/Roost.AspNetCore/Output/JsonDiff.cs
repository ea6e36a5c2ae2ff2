using System.Globalization;
using System.Text.Json.Nodes;

namespace Roost.AspNetCore.Output;

/// <summary>What differs between two versions of a state. That a secret changed is told, and not what it was.</summary>
public sealed class JsonDiff
{
    private readonly SecretKeys secrets;
    private readonly Masking masking;
    private readonly List<JsonChange> changes = [];
    private readonly List<string> placewise = [];

    private JsonDiff(SecretKeys secrets) => (this.secrets, masking) = (secrets, new(secrets));

    /// <summary>In the order of the older version, what was added where it stands in the newer.</summary>
    public IReadOnlyList<JsonChange> Changes => changes;

    /// <summary>The lists that differ so much that they were compared place by place.</summary>
    public IReadOnlyList<string> Placewise => placewise;

    /// <summary>What differs between two snapshots, secrets masked.</summary>
    public static JsonDiff Between(Snapshot before, Snapshot after, SecretKeys secrets) => Between(Json.Node(before.Data), Json.Node(after.Data), secrets);

    /// <summary>What differs between two values, secrets masked.</summary>
    public static JsonDiff Between(JsonNode? before, JsonNode? after, SecretKeys secrets)
    {
        var diff = new JsonDiff(secrets);
        diff.Compare("$", before, after, false);
        return diff;
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

    /// <summary>Between two elements that are the same ones lies what was removed, what was added, and what was changed in its place.</summary>
    private void CompareLists(string path, JsonArray before, JsonArray after, bool secret)
    {
        if (ListAlignment.Of(before, after) is not { } same)
        {
            placewise.Add(path);
            same = [];
        }
        int x = 0, y = 0;
        foreach ((int untilX, int untilY) in same.Append((before.Count, after.Count)))
        {
            for (; x < untilX && y < untilY; x++, y++) Compare(Place(path, y), before[x], after[y], secret);
            for (; x < untilX; x++) changes.Add(new(Place(path, x), "removed", Shown(before[x], secret), null));
            for (; y < untilY; y++) changes.Add(new(Place(path, y), "added", null, Shown(after[y], secret)));
            (x, y) = (untilX + 1, untilY + 1);
        }
    }

    private JsonNode? Shown(JsonNode? value, bool secret) => value is not null && secret ? SecretKeys.Mask : masking.ApplyToStored(value?.DeepClone());

    private static string Place(string path, int at) => string.Create(CultureInfo.InvariantCulture, $"{path}[{at}]");

    private static string Field(string path, string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? $"{path}.{name}" : $"{path}[{JsonValue.Create(name).ToJsonString()}]";
}
