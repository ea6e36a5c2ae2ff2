using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>Finds which member cannot be written, once the whole could not: the serializer names the type alone.</summary>
internal static class Culprit
{
    private const int MostElements = 10_000;
    private const string Circle = ""; // It leads back to itself; the serializer's own message says so.

    /// <summary>The member's path and what is wrong with it, such as <c>Report.Average: …</c>; null where no single one is found.</summary>
    public static string? Find(object value, JsonTypeInfo type)
    {
        try
        {
            return Find(value, type, TypeNames.Of(type.Type), 0) is { Length: > 0 } found ? found : null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null; // This only adds to a message.
        }
    }

    /// <summary>What is wrong with a value that itself cannot be written.</summary>
    public static string Why(object value, Exception e) => value is JsonElement { ValueKind: JsonValueKind.Undefined }
        ? "it holds no value (it is default(JsonElement)); where there may be none, use JsonElement?"
        : e.Message;

    private static string? Find(object value, JsonTypeInfo type, string path, int depth)
    {
        if (depth > JsonText.MaxDepth) return Circle;
        if (type.Kind == JsonTypeInfoKind.Object)
        {
            foreach (JsonPropertyInfo member in Own(type, value).Properties)
                if (member.Get is not null && In(value, member, $"{path}.{JsonMembers.NameOf(member)}", depth) is { } found) return found;
            return null;
        }
        if (type.ElementType is not { } declared || !type.Options.TryGetTypeInfo(declared, out JsonTypeInfo? element)) return null;
        int i = 0;
        foreach (object? each in value is IDictionary entries ? entries.Values : (IEnumerable)value)
            if (i++ < MostElements && each is not null && Of(each, element, $"{path}[{i - 1}]", depth) is { } found) return found;
        return null;
    }

    private static string? In(object owner, JsonPropertyInfo member, string path, int depth)
    {
        object? value;
        try
        {
            value = member.Get!(owner);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return $"{path} threw {TypeNames.A(e.GetType())}: {e.Message} A member that is computed is written too; mark it [JsonIgnore], or make it a method";
        }
        return value is null || member.CustomConverter is not null || !member.Options.TryGetTypeInfo(member.PropertyType, out JsonTypeInfo? type)
            ? null
            : Of(value, type, path, depth);
    }

    private static string? Of(object value, JsonTypeInfo type, string path, int depth)
    {
        try
        {
            JsonSerializer.SerializeToUtf8Bytes(value, type);
            return null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Within(value, type, path, depth) ?? $"{path}: {Why(value, e)}";
        }
    }

    private static string? Within(object value, JsonTypeInfo type, string path, int depth)
    {
        try
        {
            return Find(value, type, path, depth + 1);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null; // It does not like to be looked at, such as an array that was never made.
        }
    }

    private static JsonTypeInfo Own(JsonTypeInfo declared, object value) =>
        declared.PolymorphismOptions is not null
        && declared.Options.TryGetTypeInfo(value.GetType(), out JsonTypeInfo? own)
        && own.Kind == JsonTypeInfoKind.Object
            ? own
            : declared;
}
