using System.Text.Json;

namespace Roost.Cli.Console;

/// <summary>One difference between two JSON documents. A missing side is null.</summary>
public sealed record JsonChange(string Path, string? Before, string? After);

/// <summary>What differs between two versions of a state, value by value.</summary>
public sealed class JsonDiff
{
    private const int MostChanges = 500;
    private const int MostText = 2000;

    private readonly SecretKeys secrets;
    private readonly List<JsonChange> changes = [];

    private JsonDiff(SecretKeys secrets) => this.secrets = secrets;

    public static IReadOnlyList<JsonChange> Between(JsonElement before, JsonElement after, SecretKeys secrets)
    {
        var diff = new JsonDiff(secrets);
        diff.Compare("", before, after, false);
        return diff.changes;
    }

    private void Compare(string path, JsonElement before, JsonElement after, bool secret)
    {
        if (changes.Count >= MostChanges) return;
        if (before.ValueKind == JsonValueKind.Object && after.ValueKind == JsonValueKind.Object)
        {
            foreach (string name in before.EnumerateObject().Concat(after.EnumerateObject()).Select(property => property.Name).Distinct())
                Member(path.Length == 0 ? name : $"{path}.{name}", Get(before, name), Get(after, name), secret || secrets.IsSecret(name));
        }
        else if (before.ValueKind == JsonValueKind.Array && after.ValueKind == JsonValueKind.Array)
        {
            int old = before.GetArrayLength(), now = after.GetArrayLength();
            for (int i = 0; i < Math.Max(old, now) && changes.Count < MostChanges; i++)
                Member($"{path}[{i}]", i < old ? before[i] : null, i < now ? after[i] : null, secret);
        }
        else if (!JsonElement.DeepEquals(before, after))
        {
            changes.Add(new(path, Show(before, secret), Show(after, secret)));
        }
    }

    private void Member(string path, JsonElement? before, JsonElement? after, bool secret)
    {
        if (before is { } old && after is { } now) Compare(path, old, now, secret);
        else if (changes.Count < MostChanges) changes.Add(new(path, before is { } gone ? Show(gone, secret) : null, after is { } come ? Show(come, secret) : null));
    }

    private static JsonElement? Get(JsonElement from, string name) => from.TryGetProperty(name, out JsonElement value) ? value : null;

    private string Show(JsonElement value, bool secret)
    {
        if (secret) return SecretKeys.Mask;
        string text = secrets.Hide(value.GetRawText());
        return text.Length <= MostText ? text : $"{text[..MostText]}…";
    }
}
