using System.Globalization;
using System.Text.Json;

namespace Roost.AspNetCore;

/// <summary>What a form asks a member of an answer with.</summary>
public enum AnswerKind
{
    /// <summary>One of several values.</summary>
    Choice,

    /// <summary>Any number of several values.</summary>
    Choices,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>Texts or numbers, one a line.</summary>
    Lines,

    /// <summary>Members of its own.</summary>
    Members,

    /// <summary>JSON, where no other control can show it.</summary>
    Json,
}

/// <summary>One member of an answer, or the answer itself, as a form made from its schema asks for it.</summary>
public sealed record AnswerField
{
    /// <summary>The path of the answer itself.</summary>
    public const string Root = "value";

    private const int MostDepth = 4;

    /// <summary>The name of its control, by places in the schema: names of members may hold anything.</summary>
    public required string Name { get; init; }

    /// <summary>As the library calls it, <c>value.size.width</c>.</summary>
    public required string Path { get; init; }

    /// <summary>How it is called beside its control.</summary>
    public required string Label { get; init; }

    /// <summary>By which control it is given.</summary>
    public required AnswerKind Kind { get; init; }

    /// <summary>An answer without it is refused.</summary>
    public bool IsRequired { get; init; }

    /// <summary>It may be null.</summary>
    public bool IsNullable { get; init; }

    /// <summary>Of a number or of lines of numbers.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Lines that are numbers.</summary>
    public bool IsOfNumbers { get; init; }

    /// <summary>What it has to be like, for people; empty where the control says it.</summary>
    public string Help { get; init; } = "";

    /// <summary>What a text is, as the schema calls it; null for any text.</summary>
    public string? Format { get; init; }

    /// <summary>The longest text; null for any.</summary>
    public int? MostLetters { get; init; }

    /// <summary>The values that it may have; empty where it may have any of its kind.</summary>
    public IReadOnlyList<JsonElement> Choices { get; init; } = [];

    /// <summary>What it is made of, where it is an object, in the order of the schema.</summary>
    public IReadOnlyList<(string Member, AnswerField Field)> Members { get; init; } = [];

    /// <summary>The form of an answer.</summary>
    public static AnswerField Of(JsonElement schema) => Of(schema, "answer", Root, "Answer", true, 0);

    /// <summary>The one that asks for what is at a path; null where the form has none.</summary>
    public AnswerField? Find(string path) =>
        Members.Select(member => member.Field.Find(path)).FirstOrDefault(found => found is not null)
        ?? (path.StartsWith(Path, StringComparison.Ordinal) && (path.Length == Path.Length || path[Path.Length] is '.' or '[') ? this : null);

    /// <summary>A value as a person reads it.</summary>
    public static string Words(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => "Yes",
        JsonValueKind.False => "No",
        JsonValueKind.Null => "none",
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };

    private static AnswerField Of(JsonElement schema, string name, string path, string label, bool isRequired, int depth)
    {
        var field = new AnswerField { Name = name, Path = path, Label = label, Kind = AnswerKind.Json, IsRequired = isRequired };
        if (schema.ValueKind != JsonValueKind.Object) return field;
        (string? type, bool isNullable) = TypeOf(schema);
        field = field with { IsNullable = isNullable, Help = Told(schema), Label = TextOf(schema, "title") ?? label };
        if (Values(schema) is { } values) return field.Offering(values);
        return type switch
        {
            "boolean" => field.Offering([JsonElement.Parse("true"), JsonElement.Parse("false")]),
            "string" => field with
            {
                Kind = AnswerKind.Text,
                MostLetters = WholeOf(schema, "maxLength"),
                Format = TextOf(schema, "format"),
                Help = Joined(Form(TextOf(schema, "format")), field.Help),
            },
            "integer" or "number" => field with { Kind = AnswerKind.Number, IsWhole = type == "integer", Help = Joined(Amount(schema, type), field.Help) },
            "array" when schema.TryGetProperty("items", out JsonElement items) => field.OfItems(schema, items),
            "object" when depth < MostDepth && schema.TryGetProperty("properties", out JsonElement members) && members.ValueKind == JsonValueKind.Object
                && members.EnumerateObject().Any() => field.OfMembers(schema, members, depth),
            _ => field,
        };
    }

    private AnswerField Offering(IReadOnlyList<JsonElement> values)
    {
        JsonElement[] others = [.. values.Where(value => value.ValueKind != JsonValueKind.Null)];
        return this with { Kind = AnswerKind.Choice, Choices = others, IsNullable = IsNullable || others.Length < values.Count };
    }

    private AnswerField OfItems(JsonElement schema, JsonElement items)
    {
        if (items.ValueKind != JsonValueKind.Object) return this;
        (string? type, bool isNullable) = TypeOf(items);
        string many = Joined(Range(WholeOf(schema, "minItems"), WholeOf(schema, "maxItems"), "of them"), Help);
        if (isNullable) return this;
        if (Values(items) is { } values && values.All(value => value.ValueKind is JsonValueKind.String or JsonValueKind.Number))
            return this with { Kind = AnswerKind.Choices, Choices = values, Help = many };
        string each = type is "string" ? Told(items) : type is "integer" or "number" ? Joined(Amount(items, type), Told(items)) : "";
        return type is "string" or "integer" or "number"
            ? this with { Kind = AnswerKind.Lines, IsOfNumbers = type != "string", IsWhole = type == "integer", Help = Joined("one a line", many, each) }
            : this;
    }

    private AnswerField OfMembers(JsonElement schema, JsonElement members, int depth)
    {
        HashSet<string> required = schema.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!)]
            : [];
        return this with
        {
            Kind = AnswerKind.Members,
            Members =
            [
                .. members.EnumerateObject().Select((member, place) => (member.Name, Of(
                    member.Value, $"{Name}.{place.ToString(CultureInfo.InvariantCulture)}", $"{Path}.{member.Name}", LabelOf(member.Name),
                    required.Contains(member.Name), depth + 1))),
            ],
        };
    }

    /// <summary>The one type beside null; null where it may be of several, or of any.</summary>
    private static (string? Type, bool IsNullable) TypeOf(JsonElement schema)
    {
        bool isNullable = schema.TryGetProperty("nullable", out JsonElement nullable) && nullable.ValueKind == JsonValueKind.True;
        if (!schema.TryGetProperty("type", out JsonElement type)) return (null, isNullable);
        if (type.ValueKind == JsonValueKind.String) return (type.GetString(), isNullable);
        if (type.ValueKind != JsonValueKind.Array) return (null, isNullable);
        string?[] names = [.. type.EnumerateArray().Select(name => name.ValueKind == JsonValueKind.String ? name.GetString() : null)];
        string?[] others = [.. names.Where(name => name != "null")];
        return (others.Length == 1 ? others[0] : null, isNullable || others.Length < names.Length);
    }

    private static IReadOnlyList<JsonElement>? Values(JsonElement schema) =>
        schema.TryGetProperty("const", out JsonElement only) ? [only]
        : schema.TryGetProperty("enum", out JsonElement some) && some.ValueKind == JsonValueKind.Array ? [.. some.EnumerateArray()]
        : null;

    /// <summary>What the schema says of a text, and in words of its own.</summary>
    private static string Told(JsonElement schema) => Joined(
        Range(WholeOf(schema, "minLength"), WholeOf(schema, "maxLength"), "characters"),
        TextOf(schema, "description") ?? "",
        schema.TryGetProperty("default", out JsonElement value) && value.ValueKind != JsonValueKind.Null ? $"default: {Words(value)}" : "");

    private static string? TextOf(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static string Form(string? format) => format switch
    {
        "date-time" => "a time such as 2030-01-31T12:00:00Z",
        "uuid" => "a UUID",
        "uri" => "an address such as https://example.com",
        "email" => "an e-mail address",
        _ => "",
    };

    private static string Amount(JsonElement schema, string type)
    {
        string? least = Raw(schema, "minimum"), most = Raw(schema, "maximum"), above = Raw(schema, "exclusiveMinimum"), below = Raw(schema, "exclusiveMaximum");
        bool isAny = (least, most) is ("-2147483648", "2147483647") or ("-9223372036854775808", "9223372036854775807"); // Of its type.
        if (isAny) (least, most) = (null, null);
        return Joined(
            type == "integer" ? "a whole number" : "a number",
            least is null ? "" : $"from {least}",
            above is null ? "" : $"above {above}",
            most is null ? "" : $"{(least is null ? "up " : "")}to {most}",
            below is null ? "" : $"below {below}"
        ).Replace(", ", " ", StringComparison.Ordinal);
    }

    private static string Range(int? least, int? most, string what) => (least, most) switch
    {
        (null or 0, null) => "",
        (null or 0, { } end) => string.Create(CultureInfo.InvariantCulture, $"at most {end:N0} {what}"),
        ({ } start, null) => string.Create(CultureInfo.InvariantCulture, $"at least {start:N0} {what}"),
        ({ } start, { } end) when start == end => string.Create(CultureInfo.InvariantCulture, $"{start:N0} {what}"),
        ({ } start, { } end) => string.Create(CultureInfo.InvariantCulture, $"{start:N0} to {end:N0} {what}"),
    };

    private static string Joined(params string[] parts) => string.Join(", ", parts.Where(part => part.Length > 0));

    private static string? Raw(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetRawText() : null;

    private static int? WholeOf(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : null;

    /// <summary><c>tax_rate</c> as Tax rate.</summary>
    private static string LabelOf(string member)
    {
        string words = member.Replace('_', ' ').Trim();
        return words.Length == 0 ? $"\"{member}\"" : char.ToUpperInvariant(words[0]) + words[1..];
    }
}
