using System.Globalization;
using System.Text.Json.Nodes;

namespace Roost.Cli.Output;

/// <summary>One place where two JSON values differ.</summary>
/// <param name="Path">Where: names after dots, places in brackets, from <c>$</c> on.</param>
/// <param name="Kind"><c>added</c>, <c>removed</c> or <c>changed</c>.</param>
/// <param name="Before">The older value.</param>
/// <param name="After">The newer value.</param>
internal sealed record JsonChange(string Path, string Kind, JsonNode? Before, JsonNode? After)
{
    public static List<JsonChange> Between(JsonNode? before, JsonNode? after)
    {
        var changes = new List<JsonChange>();
        Compare("$", before, after, changes);
        return changes;
    }

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<JsonChange> changes)
    {
        if (JsonNode.DeepEquals(before, after)) return;
        if (before is JsonObject older && after is JsonObject newer) CompareFields(path, older, newer, changes);
        else if (before is JsonArray first && after is JsonArray second) CompareLists(path, first, second, changes);
        else changes.Add(new(path, "changed", before?.DeepClone(), after?.DeepClone()));
    }

    private static void CompareFields(string path, JsonObject before, JsonObject after, List<JsonChange> changes)
    {
        foreach ((string name, JsonNode? value) in before)
        {
            if (after.TryGetPropertyValue(name, out JsonNode? now)) Compare(Field(path, name), value, now, changes);
            else changes.Add(new(Field(path, name), "removed", value?.DeepClone(), null));
        }
        foreach ((string name, JsonNode? value) in after)
            if (!before.ContainsKey(name)) changes.Add(new(Field(path, name), "added", null, value?.DeepClone()));
    }

    private static void CompareLists(string path, JsonArray before, JsonArray after, List<JsonChange> changes)
    {
        for (int i = 0; i < Math.Max(before.Count, after.Count); i++)
        {
            string place = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            if (i >= after.Count) changes.Add(new(place, "removed", before[i]?.DeepClone(), null));
            else if (i >= before.Count) changes.Add(new(place, "added", null, after[i]?.DeepClone()));
            else Compare(place, before[i], after[i], changes);
        }
    }

    private static string Field(string path, string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? $"{path}.{name}" : $"{path}[{JsonValue.Create(name).ToJsonString()}]";
}
