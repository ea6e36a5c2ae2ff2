using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>Looks through one value for what would not be written: what it holds is more than its places are declared as.</summary>
internal sealed class WrittenValue(JsonSerializerOptions options)
{
    private readonly HashSet<object> seen = new(ReferenceEqualityComparer.Instance);

    /// <exception cref="LostException">Something of it would not be written.</exception>
    public void Look(JsonTypeInfo type, object? value, string path)
    {
        if (value is null)
            return;
        if (Nullable.GetUnderlyingType(type.Type) is { } inner)
            type = options.GetTypeInfo(inner);
        if (!type.Type.IsValueType && !seen.Add(value))
            return;
        if (type.Type == typeof(object))
            LookAtObject(value, path);
        else if (type.Kind == JsonTypeInfoKind.Object)
            LookAtMembers(value.GetType() == type.Type ? type : Own(type, value, path), value, path);
        else if (value is IEnumerable elements && JsonMembers.ElementOf(type) is { IsPrimitive: false } element && element != typeof(string))
            LookAtElements(options.GetTypeInfo(element), elements, type.Kind == JsonTypeInfoKind.Dictionary, path);
    }

    private void LookAtMembers(JsonTypeInfo type, object value, string path)
    {
        foreach (JsonPropertyInfo member in type.Properties)
            if (
                member is { Get: not null, CustomConverter: null }
                && !IsSimple(member.PropertyType)
                && options.TryGetTypeInfo(member.PropertyType, out JsonTypeInfo? its)
            )
                Look(its, member.Get(value), $"{path}.{JsonMembers.NameOf(member)}");
    }

    private void LookAtElements(JsonTypeInfo element, IEnumerable elements, bool areEntries, string path)
    {
        if (!Comparison.IsAtHand(elements) && element.Type.IsSealed) return; // Worked out when it is asked for.
        int i = 0;
        foreach (object? each in elements)
        {
            if (!areEntries) Look(element, each, $"{path}[{i++}]");
            else if (each is DictionaryEntry entry) Look(element, entry.Value, $"{path}[{entry.Key}]");
            else Look(element, JsonMembers.PartOf(each!, "Value"), $"{path}[{JsonMembers.PartOf(each!, "Key")}]");
        }
    }

    private static bool IsSimple(Type type) => type.IsPrimitive || type == typeof(string);

    /// <summary>By what type a value is written that is more than its place is declared as.</summary>
    private JsonTypeInfo Own(JsonTypeInfo declared, object value, string path)
    {
        Type type = value.GetType();
        if (!options.TryGetTypeInfo(type, out JsonTypeInfo? own) || own.Kind != JsonTypeInfoKind.Object)
            return declared;
        if (
            declared.PolymorphismOptions is { } kinds
            && (
                kinds.UnknownDerivedTypeHandling == JsonUnknownDerivedTypeHandling.FailSerialization || kinds.DerivedTypes.Any(kind => kind.DerivedType == type)
            )
        )
            return own;
        HashSet<string> written = [.. declared.Properties.Where(member => member.Get is not null).Select(member => member.Name)];
        if (own.Properties.FirstOrDefault(member => member.Get is not null && !written.Contains(member.Name)) is { } lost)
            throw new LostException(
                path,
                $"{path} is declared as {TypeNames.Of(declared.Type)} and holds {TypeNames.A(type)}, whose {JsonMembers.NameOf(lost)} would not be " +
                $"written. Put [JsonDerivedType(typeof({TypeNames.Of(type)}), \"...\")] on {TypeNames.Of(declared.Type)}, or declare the type itself."
            );
        return declared;
    }

    private void LookAtObject(object value, string path)
    {
        Type type = value.GetType();
        if (type == typeof(object) || value is JsonElement or JsonNode or JsonDocument || IsSimple(type)) return;
        var its = WrittenType.Of(type, options);
        if (its.Refusal is not null) throw new LostException(path, $"{path} holds what cannot be written whole: {its.Refusal}");
        if (its.As.Type != type)
            throw new LostException(
                path,
                $"{path} is declared as object and holds {TypeNames.A(type)}, which would be written without the name by which " +
                $"{TypeNames.Of(its.As.Type)} tells it apart. Declare it as {TypeNames.Of(its.As.Type)}."
            );
        seen.Remove(value);
        Look(options.GetTypeInfo(type), value, path);
    }
}
