using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// The schema of an answer: the part of JSON Schema that a form can be made of, and that is checked without anything but the file. Whatever else a schema
/// says is refused when the question is asked, so that no rule is taken for checked that is not.
/// </summary>
internal static class AnswerSchema
{
    private const int MaxBytes = 64 * 1024;
    private const int MaxDepth = 16;
    private const int MaxTold = 100;

    private static readonly string[] Types = ["object", "array", "string", "number", "integer", "boolean", "null"];
    private static readonly string[] Formats = ["date-time", "date", "uuid", "uri", "email", "multiline"];

    private static readonly (string Keyword, string What, Func<int, bool> Holds)[] Bounds =
    [
        ("minimum", "at least", static compared => compared >= 0),
        ("maximum", "at most", static compared => compared <= 0),
        ("exclusiveMinimum", "more than", static compared => compared > 0),
        ("exclusiveMaximum", "less than", static compared => compared < 0),
    ];

    private static readonly JsonSchemaExporterOptions Export = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = static (context, node) =>
        {
            // How a time or a number is spelt in a text is checked by whoever reads it.
            if (node is JsonObject it)
            {
                it.Remove("pattern");
                if (it["format"]?.GetValue<string>() is { } format && !Formats.Contains(format)) it.Remove("format");
                if (RangeOf(Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type) is ({ } least, { } most) && it.ContainsKey("type"))
                    (it["minimum"], it["maximum"]) = (least, most);
            }
            return node;
        },
    };

    /// <summary>What a number's type can hold.</summary>
    private static (JsonNode Least, JsonNode Most)? RangeOf(Type type) => Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum => null,
        TypeCode.Byte => (byte.MinValue, byte.MaxValue),
        TypeCode.SByte => (sbyte.MinValue, sbyte.MaxValue),
        TypeCode.Int16 => (short.MinValue, short.MaxValue),
        TypeCode.UInt16 => (ushort.MinValue, ushort.MaxValue),
        TypeCode.Int32 => (int.MinValue, int.MaxValue),
        TypeCode.UInt32 => (uint.MinValue, uint.MaxValue),
        TypeCode.Int64 => (long.MinValue, long.MaxValue),
        TypeCode.UInt64 => (ulong.MinValue, ulong.MaxValue),
        _ => null,
    };

    /// <summary>An answer that does not fit: where, and which rule it breaks.</summary>
    public readonly record struct Misfit(string Path, string Rule);

    /// <summary>The schema of a type, by its JSON.</summary>
    /// <exception cref="InvalidInputException">The type needs more than is supported, such as a member of its own type.</exception>
    public static byte[] Of(JsonTypeInfo type)
    {
        try
        {
            return Checked("Schema", JsonText.Parse(JsonSerializer.SerializeToUtf8Bytes(type.GetJsonSchemaAsNode(Export), PlainJson.Default.JsonNode)));
        }
        catch (InvalidInputException e)
        {
            throw new InvalidInputException("Schema", $"of an answer of {TypeNames.Of(type.Type)} {e.Rule}", e);
        }
    }

    /// <summary>A schema that was given, as it is stored.</summary>
    /// <exception cref="InvalidInputException">It is no schema, or says what is not supported.</exception>
    public static byte[] Checked(string field, JsonElement schema)
    {
        Check(field, schema, "$", 0);
        byte[] utf8 = JsonSerializer.SerializeToUtf8Bytes(schema, PlainJson.Default.JsonElement);
        return utf8.Length <= MaxBytes ? utf8 : throw new InvalidInputException(field, $"is {utf8.Length:N0} bytes; the limit is {MaxBytes:N0}.");
    }

    /// <summary>The first place at which a value does not fit; null where it does.</summary>
    public static Misfit? FirstMisfit(JsonElement schema, JsonElement value) => Find(schema, value, "");

    private static void Check(string field, JsonElement schema, string at, int depth)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False) return;
        if (schema.ValueKind != JsonValueKind.Object) throw Bad("is no JSON object");
        if (depth > MaxDepth) throw Bad($"is more than {MaxDepth} levels deep");
        foreach (JsonProperty it in schema.EnumerateObject())
            switch (it.Name)
            {
                case "type" when NamesIn(it.Value) is { } names:
                    if (names.FirstOrDefault(name => !Types.Contains(name)) is { } unknown) throw Bad($"names the type \"{unknown}\", which there is not");
                    break;
                case "properties" when it.Value.ValueKind == JsonValueKind.Object:
                    foreach (JsonProperty member in it.Value.EnumerateObject()) Check(field, member.Value, $"{at}.{member.Name}", depth + 1);
                    break;
                case "items" or "additionalProperties":
                    Check(field, it.Value, $"{at}.{it.Name}", depth + 1);
                    break;
                case "required" when it.Value.ValueKind == JsonValueKind.Array && NamesIn(it.Value) is not null:
                case "enum" when it.Value.ValueKind == JsonValueKind.Array && it.Value.GetArrayLength() > 0:
                case "const" or "default" or "examples":
                case "nullable" when it.Value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                case "title" or "description" or "$schema" when it.Value.ValueKind == JsonValueKind.String:
                case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" when it.Value.ValueKind == JsonValueKind.Number:
                case "minLength" or "maxLength" or "minItems" or "maxItems" when IsCount(it.Value):
                    break;
                case "format" when it.Value.ValueKind == JsonValueKind.String:
                    if (!Formats.Contains(it.Value.GetString()))
                        throw Bad($"has the format \"{it.Value.GetString()}\"; known are {string.Join(", ", Formats)}");
                    break;
                case "type" or "properties" or "required" or "enum" or "nullable" or "title" or "description" or "$schema" or "minimum" or "maximum"
                    or "exclusiveMinimum" or "exclusiveMaximum" or "minLength" or "maxLength" or "minItems" or "maxItems" or "format":
                    throw Bad($"has a \"{it.Name}\" that is none: {Cut(it.Value.GetRawText())}");
                default:
                    throw Bad($"has the keyword \"{it.Name}\", which is not supported; leave it out");
            }

        InvalidInputException Bad(string what) => new(field, $"{what} (at {at}).");
    }

    private static bool IsCount(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int n) && n >= 0;

    private static Misfit? Find(JsonElement schema, JsonElement value, string at)
    {
        if (schema.ValueKind == JsonValueKind.True) return null;
        if (schema.ValueKind == JsonValueKind.False) return new(at, "is not expected here");
        if (value.ValueKind == JsonValueKind.Null && schema.TryGetProperty("nullable", out JsonElement nullable) && nullable.GetBoolean()) return null;
        if (schema.TryGetProperty("type", out JsonElement type) && NamesIn(type) is { } types && !types.Any(name => IsOf(name, value)))
            return new(at, $"is {Kind(value)} where {string.Join(" or ", types.Select(An))} is expected");
        if (schema.TryGetProperty("enum", out JsonElement choices) && !choices.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)))
        {
            string all = string.Join(", ", choices.EnumerateArray().Select(one => one.GetRawText()));
            return new(at, $"is {Cut(value.GetRawText())}; it must be one of {Cut(all)}");
        }
        if (schema.TryGetProperty("const", out JsonElement only) && !JsonElement.DeepEquals(only, value))
            return new(at, $"is {Cut(value.GetRawText())}; it must be {Cut(only.GetRawText())}");
        return value.ValueKind switch
        {
            JsonValueKind.Object => OfObject(schema, value, at),
            JsonValueKind.Array => OfArray(schema, value, at),
            JsonValueKind.String => OfText(schema, value.GetString()!, at),
            JsonValueKind.Number => OfNumber(schema, value, at),
            _ => null,
        };
    }

    private static Misfit? OfObject(JsonElement schema, JsonElement value, string at)
    {
        if (schema.TryGetProperty("required", out JsonElement required))
            foreach (JsonElement name in required.EnumerateArray())
                if (!value.TryGetProperty(name.GetString()!, out _)) return new(Member(at, name.GetString()!), "is missing");
        bool hasMembers = schema.TryGetProperty("properties", out JsonElement members);
        bool hasOthers = schema.TryGetProperty("additionalProperties", out JsonElement others);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (hasMembers && members.TryGetProperty(member.Name, out JsonElement its))
            {
                if (Find(its, member.Value, Member(at, member.Name)) is { } misfit) return misfit;
            }
            else if (hasOthers)
            {
                if (others.ValueKind == JsonValueKind.False) return new(Member(at, member.Name), "is no member of the answer");
                if (Find(others, member.Value, Member(at, member.Name)) is { } misfit) return misfit;
            }
        }
        return null;
    }

    private static Misfit? OfArray(JsonElement schema, JsonElement value, string at)
    {
        int length = value.GetArrayLength();
        if (schema.TryGetProperty("minItems", out JsonElement least) && length < least.GetInt32())
            return new(at, $"has {length} items; it needs at least {least.GetInt32()}");
        if (schema.TryGetProperty("maxItems", out JsonElement most) && length > most.GetInt32())
            return new(at, $"has {length} items; the limit is {most.GetInt32()}");
        if (!schema.TryGetProperty("items", out JsonElement items)) return null;
        int n = 0;
        foreach (JsonElement item in value.EnumerateArray())
            if (Find(items, item, string.Create(CultureInfo.InvariantCulture, $"{at}[{n++}]")) is { } misfit) return misfit;
        return null;
    }

    private static Misfit? OfText(JsonElement schema, string text, string at)
    {
        int length = new StringInfo(text).LengthInTextElements;
        if (schema.TryGetProperty("minLength", out JsonElement least) && length < least.GetInt32())
            return new(at, least.GetInt32() == 1 ? "is empty" : $"is {length} characters long; it needs at least {least.GetInt32()}");
        if (schema.TryGetProperty("maxLength", out JsonElement most) && length > most.GetInt32())
            return new(at, $"is {length} characters long; the limit is {most.GetInt32()}");
        if (!schema.TryGetProperty("format", out JsonElement format)) return null;
        bool fits = format.GetString() switch
        {
            "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _),
            "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            "uuid" => Guid.TryParse(text, out _),
            "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
            "email" => text.IndexOf('@', StringComparison.Ordinal) is > 0 and var sign && sign < text.Length - 1 && !text.Any(char.IsWhiteSpace),
            _ => true,
        };
        return fits ? null : new(at, $"is {Cut($"\"{text}\"")}, which is no {format.GetString()}");
    }

    private static Misfit? OfNumber(JsonElement schema, JsonElement value, string at)
    {
        foreach ((string keyword, string what, Func<int, bool> holds) in Bounds)
            if (schema.TryGetProperty(keyword, out JsonElement bound) && !holds(Compare(value, bound)))
                return new(at, $"is {Cut(value.GetRawText())}; it must be {what} {bound.GetRawText()}");
        return null;
    }

    /// <summary>As decimals where both are, else as doubles.</summary>
    private static int Compare(JsonElement number, JsonElement bound) =>
        number.TryGetDecimal(out decimal exact) && bound.TryGetDecimal(out decimal limit)
            ? exact.CompareTo(limit)
            : number.GetDouble().CompareTo(bound.GetDouble());

    private static string Member(string at, string name) => at.Length == 0 ? name : $"{at}.{name}";

    private static List<string>? NamesIn(JsonElement names) => names.ValueKind switch
    {
        JsonValueKind.String => [names.GetString()!],
        JsonValueKind.Array when names.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String) =>
            [.. names.EnumerateArray().Select(name => name.GetString()!)],
        _ => null,
    };

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && IsWrittenWhole(value),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => value.ValueKind == JsonValueKind.Null,
    };

    /// <summary>JSON Schema takes 1.0 for an integer as well; a step that asks for one could not read it.</summary>
    private static bool IsWrittenWhole(JsonElement number) => !number.GetRawText().AsSpan().ContainsAny('.', 'e', 'E');

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => IsWrittenWhole(value) ? "a number" : "a number with a point or an exponent",
        JsonValueKind.Null => "null",
        _ => value.GetRawText(),
    };

    private static string An(string type) => type switch
    {
        "object" => "an object",
        "array" => "a list",
        "string" => "a text",
        "integer" => "a whole number",
        "boolean" => "true or false",
        "null" => "null",
        _ => "a number",
    };

    private static string Cut(string text) => ShortText.Cut(text, MaxTold);
}
