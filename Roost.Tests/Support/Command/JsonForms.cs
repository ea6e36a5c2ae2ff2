using System.Text.Json;
using System.Text.RegularExpressions;

namespace Roost.Tests.Support;

/// <summary>The tables and examples of docs/json.md, to hold what the command prints against.</summary>
internal sealed partial class JsonForms
{
    private const string Inherits = "…";

    private readonly Dictionary<string, Section> sections = [];

    private sealed record Field(string Name, string Type, bool MayBeNull);

    private sealed record Section(List<Field> Fields, List<string> Examples);

    public static JsonForms Read(string path)
    {
        var forms = new JsonForms();
        Section? section = null;
        bool isExample = false;
        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith("### ", StringComparison.Ordinal)) forms.sections.Add(Heading().Match(line).Groups["name"].Value, section = new([], []));
            else if (line.StartsWith("```", StringComparison.Ordinal))
            {
                isExample = !isExample;
                if (isExample) section!.Examples.Add("");
            }
            else if (isExample)
                section!.Examples[^1] += line + "\n";
            else if (Row().Match(line) is { Success: true } row)
                section!.Fields.Add(new(row.Groups["name"].Value, row.Groups["type"].Value, row.Groups["null"].Value.Trim().Length > 0));
        }
        return forms;
    }

    /// <summary>The verbs that have a section, as written in its heading.</summary>
    public IEnumerable<string> Verbs => sections.Where(each => each.Value.Examples.Count > 0).Select(each => each.Key);

    public IEnumerable<string> ExamplesOf(string verb) => sections[verb].Examples;

    /// <summary>Where a document differs from the section's table, in words.</summary>
    public IReadOnlyList<string> Differences(string form, JsonElement document)
    {
        var found = new List<string>();
        CompareObject(form, document, "$", found);
        return found;
    }

    private void CompareObject(string form, JsonElement value, string path, List<string> found)
    {
        Field[] fields = [.. FieldsOf(form)];
        if (value.ValueKind != JsonValueKind.Object)
        {
            found.Add($"{path} is no object");
            return;
        }
        string[] there = [.. value.EnumerateObject().Select(property => property.Name)];
        found.AddRange(there.Except(fields.Select(field => field.Name)).Select(name => $"{path}.{name} is not documented"));
        found.AddRange(fields.Select(field => field.Name).Except(there).Select(name => $"{path}.{name} is documented and not there"));
        foreach (Field field in fields)
            if (value.TryGetProperty(field.Name, out JsonElement inner)) Compare(field, field.Type, inner, $"{path}.{field.Name}", found);
    }

    private void Compare(Field field, string type, JsonElement value, string path, List<string> found)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            if (!field.MayBeNull && type != "JSON") found.Add($"{path} is null");
        }
        else if (type.StartsWith("list of ", StringComparison.Ordinal))
        {
            if (value.ValueKind != JsonValueKind.Array) found.Add($"{path} is no list");
            else foreach (JsonElement each in value.EnumerateArray()) Compare(field, type["list of ".Length..], each, $"{path}[]", found);
        }
        else if (type.StartsWith("map of ", StringComparison.Ordinal))
        {
            if (value.ValueKind != JsonValueKind.Object) found.Add($"{path} is no object");
            else foreach (JsonProperty each in value.EnumerateObject()) Compare(field, type["map of ".Length..], each.Value, $"{path}.*", found);
        }
        else if (sections.ContainsKey(type)) CompareObject(type, value, path, found);
        else if (!Fits(type, value)) found.Add($"{path} is {value.GetRawText()} and documented as {type}");
    }

    private static bool Fits(string type, JsonElement value) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "number" or "duration" => value.ValueKind == JsonValueKind.Number,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "time" => value.ValueKind == JsonValueKind.String && Time().IsMatch(value.GetString()!),
        "JSON" => true,
        _ => false,
    };

    private IEnumerable<Field> FieldsOf(string form) => sections[form].Fields.SelectMany(field => field.Name == Inherits ? FieldsOf(field.Type) : [field]);

    [GeneratedRegex("^### (`roost (?<name>.*) --json`|(?<name>[a-z_]+))$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\| `(?<name>[^`]+)` \| (?<type>[^|]+) \| [^|]* \| (?<null>[^|]*) \|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    private static partial Regex Time();
}
