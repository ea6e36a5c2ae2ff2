using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Roost.Testing.Verifying;

/// <summary>One place at which two tries differ, with what each has there.</summary>
internal sealed record Difference(string Path, string One, string Other)
{
    /// <summary>The path without what counts elements, by which the same finding is known again.</summary>
    public static string ShapeOf(string path) => Regex.Replace(path, @"\[\d+\]", "[*]");
}

/// <summary>Compares what tries have brought. Members have no order in JSON, elements have.</summary>
internal sealed class OutcomeDifference(IReadOnlyList<string> ignored)
{
    private const int Most = 10, Shown = 120, Before = 20;

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Regex[] patterns = [.. ignored.Select(PatternOf)];

    /// <summary>The places at which they differ, at most ten.</summary>
    public IReadOnlyList<Difference> Between(JsonObject one, JsonObject other)
    {
        var found = new List<Difference>();
        Compare(one, other, "", found);
        return found;
    }

    private static Regex PatternOf(string ignored)
    {
        bool isName = Regex.IsMatch(ignored, @"^\w+$");
        string escaped = Regex.Escape(ignored).Replace(@"\[\*]", @"\[\d+\]", StringComparison.Ordinal);
        return new(isName ? $@"(^|\.){escaped}$" : $"^{escaped}$", RegexOptions.CultureInvariant);
    }

    private void Compare(JsonNode? one, JsonNode? other, string path, List<Difference> found)
    {
        if (found.Count >= Most || patterns.Any(pattern => pattern.IsMatch(path))) return;
        if (one is JsonObject first && other is JsonObject second)
        {
            foreach (string name in first.Select(member => member.Key).Union(second.Select(member => member.Key)))
                CompareMember(first, second, name, path, found);
        }
        else if (one is JsonArray left && other is JsonArray right)
        {
            int counted = Math.Min(left.Count, right.Count);
            for (int i = 0; i < counted; i++) Compare(left[i], right[i], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), found);
            if (left.Count != right.Count) Add(path, Elements(left.Count), Elements(right.Count), found);
        }
        else if (!JsonNode.DeepEquals(one, other))
        {
            (string shown, string others) = Texts(one?.ToJsonString(Readable) ?? "null", other?.ToJsonString(Readable) ?? "null");
            Add(path, shown, others, found);
        }
    }

    private void CompareMember(JsonObject first, JsonObject second, string name, string path, List<Difference> found)
    {
        string below = Regex.IsMatch(name, @"^\w+$") ? path.Length == 0 ? name : $"{path}.{name}" : $"{path}[\"{name}\"]";
        bool inFirst = first.TryGetPropertyValue(name, out JsonNode? one), inSecond = second.TryGetPropertyValue(name, out JsonNode? other);
        if ((inFirst && inSecond) || (one is null && other is null)) Compare(one, other, below, found);
        else if (!patterns.Any(pattern => pattern.IsMatch(below))) Add(below, Text(inFirst, one), Text(inSecond, other), found);
    }

    private static string Text(bool isThere, JsonNode? node) => isThere ? Texts(node?.ToJsonString(Readable) ?? "null", "").One : "(nothing)";

    private static void Add(string path, string one, string other, List<Difference> found)
    {
        if (found.Count < Most) found.Add(new(path, one, other));
    }

    private static string Elements(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} element{(count == 1 ? "" : "s")}");

    /// <summary>Long texts are cut to where they differ.</summary>
    private static (string One, string Other) Texts(string one, string other)
    {
        int same = 0;
        while (same < one.Length && same < other.Length && one[same] == other[same]) same++;
        int from = one.Length <= Shown && other.Length <= Shown ? 0 : Math.Max(0, same - Before);
        return (Cut(one, from), Cut(other, from));
    }

    private static string Cut(string text, int from)
    {
        string rest = text[Math.Min(from, text.Length)..];
        return $"{(from > 0 ? "..." : "")}{(rest.Length > Shown ? $"{rest[..Shown]}..." : rest)}";
    }
}
