using System.Globalization;
using System.Text.Json;
using Roost.Writing;

namespace Roost;

/// <summary>
/// Paths of triggers: <c>snapshot.data.a.b</c> and <c>item.payload.a.b</c>. A name finds the member that is stored under it, else the one that other JSON
/// settings would call so.
/// </summary>
internal static class TriggerPath
{
    private const string SnapshotRoot = "snapshot.data";
    private const string PayloadRoot = "item.payload";

    public static bool IsValid(string path) => Rest(path, SnapshotRoot) is not null || Rest(path, PayloadRoot) is not null;

    /// <summary>What the path leads to, or null where it leads nowhere.</summary>
    public static JsonElement? Find(string path, JsonElement data, JsonElement payload) =>
        Rest(path, SnapshotRoot) is { } inData ? Walk(data, inData)
        : Rest(path, PayloadRoot) is { } inPayload ? Walk(payload, inPayload)
        : null;

    /// <summary>Present, and not null, false, 0, an empty string, array or object.</summary>
    public static bool IsTruthy(JsonElement? value) => value is { } found && found.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.Number => !found.TryGetDouble(out double number) || number != 0,
        JsonValueKind.String => found.GetString()!.Length > 0,
        JsonValueKind.Array => found.GetArrayLength() > 0,
        JsonValueKind.Object => found.EnumerateObject().Any(),
        _ => true,
    };

    private static string? Rest(string path, string root) =>
        path == root ? ""
        : path.StartsWith(root + ".", StringComparison.Ordinal) && !path.Contains("..", StringComparison.Ordinal) && path[^1] != '.' ? path[(root.Length + 1)..]
        : null;

    private static JsonElement? Walk(JsonElement from, string path)
    {
        if (path.Length == 0) return from;
        foreach (string name in path.Split('.'))
        {
            if (from.ValueKind == JsonValueKind.Object && NameMatch.TryFind(from, name, out JsonElement field))
                from = field;
            else if (
                from.ValueKind == JsonValueKind.Array
                && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
                && index < from.GetArrayLength()
            )
                from = from[index];
            else
                return null;
        }
        return from;
    }
}
