using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// Finds members by the names of other JSON settings: <c>TokenBudget</c>, <c>tokenBudget</c>, <c>token_budget</c> and <c>token-budget</c> are
/// one name. What is called exactly as asked for goes first; where several others would do, none is taken.
/// </summary>
internal static class NameMatch
{
    /// <summary>The member of an object by its name, or by the one other spelling of it that is there.</summary>
    public static bool TryFind(JsonElement value, string name, out JsonElement found)
    {
        if (value.TryGetProperty(name, out found)) return true;
        int matches = 0;
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (!AreSame(member.Name, name)) continue;
            found = member.Value;
            matches++;
        }
        if (matches == 1) return true;
        found = default;
        return false;
    }

    /// <summary>The JSON with each member called as the type calls it; the same bytes where all are already.</summary>
    public static ReadOnlyMemory<byte> Adapted(ReadOnlyMemory<byte> utf8, JsonTypeInfo type)
    {
        JsonElement value = JsonText.Parse(utf8);
        if (!IsOtherwise(value, type)) return utf8;
        var buffer = new ArrayBufferWriter<byte>(utf8.Length);
        using (
            var writer = new Utf8JsonWriter(
                buffer,
                new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = JsonText.MaxDepth }
            )
        )
            Write(writer, value, type);
        return buffer.WrittenMemory;
    }

    /// <summary>Whether any member at any depth has to be called otherwise.</summary>
    private static bool IsOtherwise(JsonElement value, JsonTypeInfo? type)
    {
        if (type is null) return false;
        type = Kind(value, type);
        if (value.ValueKind == JsonValueKind.Array)
            return Element(type) is { } element && value.EnumerateArray().Any(each => IsOtherwise(each, element));
        if (value.ValueKind != JsonValueKind.Object)
            return false;
        return value
            .EnumerateObject()
            .Any(member => NameFor(value, member.Name, type) != member.Name || IsOtherwise(member.Value, TypeOf(value, member.Name, type)));
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, JsonTypeInfo? type)
    {
        if (type is not null) type = Kind(value, type);
        if (type is not null && value.ValueKind == JsonValueKind.Array)
        {
            writer.WriteStartArray();
            foreach (JsonElement each in value.EnumerateArray()) Write(writer, each, Element(type));
            writer.WriteEndArray();
        }
        else if (type is not null && value.ValueKind == JsonValueKind.Object)
        {
            writer.WriteStartObject();
            foreach (JsonProperty member in value.EnumerateObject())
            {
                writer.WritePropertyName(NameFor(value, member.Name, type));
                Write(writer, member.Value, TypeOf(value, member.Name, type));
            }
            writer.WriteEndObject();
        }
        else
        {
            value.WriteTo(writer);
        }
    }

    /// <summary>The type that the value says it is, where its base names several.</summary>
    private static JsonTypeInfo Kind(JsonElement value, JsonTypeInfo type)
    {
        if (
            type.PolymorphismOptions is not { } kinds
            || value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty(kinds.TypeDiscriminatorPropertyName, out JsonElement name)
        )
            return type;
        foreach (JsonDerivedType kind in kinds.DerivedTypes)
            if (
                kind.TypeDiscriminator is string text
                    ? name.ValueKind == JsonValueKind.String && name.ValueEquals(text)
                    : kind.TypeDiscriminator is int number && name.ValueKind == JsonValueKind.Number && name.TryGetInt32(out int its) && its == number
            )
                return Info(type, kind.DerivedType) ?? type;
        return type;
    }

    /// <summary>How the type calls the member: its own name for it, where nothing else in the object has that.</summary>
    private static string NameFor(JsonElement value, string name, JsonTypeInfo type) =>
        type.Kind == JsonTypeInfoKind.Object && Member(value, name, type) is { } member && !member.Name.Equals(name, Comparison(type)) ? member.Name : name;

    private static JsonTypeInfo? TypeOf(JsonElement value, string name, JsonTypeInfo type) => type.Kind switch
    {
        JsonTypeInfoKind.Object => Member(value, name, type) is { CustomConverter: null } member ? Info(type, member.PropertyType) : null,
        JsonTypeInfoKind.Dictionary => Element(type),
        _ => null,
    };

    private static JsonPropertyInfo? Member(JsonElement value, string name, JsonTypeInfo type)
    {
        if (type.Properties.FirstOrDefault(each => each.Name.Equals(name, Comparison(type))) is { } exact) return exact;
        JsonPropertyInfo[] others = [.. type.Properties.Where(each => AreSame(each.Name, name) && !value.TryGetProperty(each.Name, out _))];
        return others.Length == 1 && value.EnumerateObject().Count(each => AreSame(each.Name, name)) == 1 ? others[0] : null;
    }

    private static StringComparison Comparison(JsonTypeInfo type) =>
        type.Options.PropertyNameCaseInsensitive ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    private static JsonTypeInfo? Element(JsonTypeInfo type) => type.ElementType is { } element ? Info(type, element) : null;

    private static JsonTypeInfo? Info(JsonTypeInfo type, Type its) =>
        type.Options.TryGetTypeInfo(Nullable.GetUnderlyingType(its) ?? its, out JsonTypeInfo? info) ? info : null;

    private static bool AreSame(string one, string other)
    {
        int i = 0, k = 0;
        while (true)
        {
            while (i < one.Length && one[i] is ('_' or '-')) i++;
            while (k < other.Length && other[k] is ('_' or '-')) k++;
            if (i == one.Length || k == other.Length) return i == one.Length && k == other.Length;
            if (char.ToUpperInvariant(one[i++]) != char.ToUpperInvariant(other[k++])) return false;
        }
    }
}
