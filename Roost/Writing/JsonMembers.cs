using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// What a type holds beside what its JSON metadata names. In a trimmed program that is what trimming has left: all of an engine's state
/// (<see cref="Judged"/>), and of the types that it leads to what the metadata names. So fewer losses are told there before they happen, none that
/// is not one; what is written and does not come back is told by the comparison, which goes by the metadata alone.
/// </summary>
internal static class JsonMembers
{
    /// <summary>What is looked at of the type of an engine's state.</summary>
    public const DynamicallyAccessedMemberTypes Judged =
        DynamicallyAccessedMemberTypes.AllFields
        | DynamicallyAccessedMemberTypes.AllProperties
        | DynamicallyAccessedMemberTypes.AllConstructors
        | DynamicallyAccessedMemberTypes.Interfaces;

    /// <summary>Why members are asked for that trimming may have removed.</summary>
    public const string Kept =
        "A state's own members are kept by Engine<TState>, others where the JSON metadata names them. One that was removed is not looked at.";

    /// <summary>Why interfaces are asked for that trimming may have removed.</summary>
    public const string Named = "An interface that is compared with is named here, so that what implements it and is made says so.";

    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Of the framework or of a library of its makers: its private parts are its own business.</summary>
    public static bool IsForeign(Type type) => IsOfFramework(type) || type.Namespace is { } name && name.StartsWith("Microsoft.", StringComparison.Ordinal);

    public static bool IsOfFramework(Type type) => type.Namespace is { } name && (name == "System" || name.StartsWith("System.", StringComparison.Ordinal));

    /// <summary>As the user's code calls it.</summary>
    public static string NameOf(JsonPropertyInfo member) => (member.AttributeProvider as MemberInfo)?.Name ?? member.Name;

    public static bool IsWrittenAndRead(JsonPropertyInfo member) =>
        member.Get is not null && (member.Set is not null || member.AssociatedParameter is not null);

    /// <summary>It is written and read, or a collection that is there and is filled.</summary>
    public static bool ComesBack(JsonPropertyInfo member, JsonSerializerOptions options) => IsWrittenAndRead(member) || IsPopulated(member, options);

    /// <summary>A collection or object that the type makes itself and that is filled when it is read.</summary>
    private static bool IsPopulated(JsonPropertyInfo member, JsonSerializerOptions options) =>
        (member.ObjectCreationHandling ?? PreferredHandling(member, options)) == JsonObjectCreationHandling.Populate && IsChangeable(member.PropertyType);

    private static JsonObjectCreationHandling PreferredHandling(JsonPropertyInfo member, JsonSerializerOptions options) =>
        (member.AttributeProvider as MemberInfo)?.DeclaringType is { } declaring
        && options.TryGetTypeInfo(declaring, out JsonTypeInfo? type)
        && type.PreferredPropertyObjectCreationHandling is { } its
            ? its
            : options.PreferredObjectCreationHandling;

    /// <summary>What can be changed in place; a constant of a type is not.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = Named)]
    public static bool IsChangeable(Type type) =>
        !type.IsValueType && type != typeof(string) && type.Namespace != "System.Collections.Immutable"
        && (typeof(IList).IsAssignableFrom(type) || typeof(IDictionary).IsAssignableFrom(type)
            || type.GetInterfaces().Append(type).Any(IsCollection)
            || (!IsForeign(type) && Properties(type).Any(IsSettable)));

    private static bool IsCollection(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var general && (general == typeof(ICollection<>) || general == typeof(ISet<>));

    private static bool IsSettable(PropertyInfo property) =>
        property.SetMethod is { IsPublic: true } set && !set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    /// <summary>A converter that nobody of the framework's makers has written, and not this library.</summary>
    public static bool IsOfUser(JsonConverter converter) => !IsForeign(converter.GetType()) && converter.GetType().Assembly != typeof(JsonMembers).Assembly;

    /// <summary>The user has said that it is not to be kept.</summary>
    public static bool IsIgnored(MemberInfo member) =>
        member.GetCustomAttribute<JsonIgnoreAttribute>(inherit: true) is { Condition: JsonIgnoreCondition.Always }
        || member.IsDefined(typeof(NonSerializedAttribute), inherit: true);

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = Kept)]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = Kept)]
    public static IEnumerable<FieldInfo> Fields(Type type)
    {
        for (Type? each = type; each is not null && each != typeof(object) && each != typeof(ValueType); each = each.BaseType)
            foreach (FieldInfo field in each.GetFields(Declared)) yield return field;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = Kept)]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = Kept)]
    public static IEnumerable<PropertyInfo> Properties(Type type)
    {
        for (Type? each = type; each is not null && each != typeof(object) && each != typeof(ValueType); each = each.BaseType)
            foreach (PropertyInfo property in each.GetProperties(Declared))
                if (property.GetIndexParameters().Length == 0) yield return property;
    }

    /// <summary>The property keeps a value of its own, in a field that the compiler has made for it.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = Kept)]
    public static bool IsKept(PropertyInfo property) =>
        property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic) is { } field
        && field.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    /// <summary>It has data that no public member gives and nobody has marked as not to be kept.</summary>
    public static bool HasData(Type type) => Fields(type).Any(field => !IsIgnored(field) && !IsOfIgnoredProperty(field));

    /// <summary>A private field that keeps the value of a public member, by the habits of those who write types.</summary>
    public static bool IsFieldOf(string field, string member)
    {
        if (field.Equals(member, StringComparison.OrdinalIgnoreCase)) return true;
        ReadOnlySpan<char> bare = field.StartsWith("m_", StringComparison.Ordinal) ? field.AsSpan(2) : field.AsSpan().TrimStart('_').TrimStart('<');
        int end = bare.IndexOf('>');
        return (end < 0 ? bare : bare[..end]).Equals(member, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// What instances hold that JSON does not have: fields and properties that are not public, of types that are the user's own, without what is no data
    /// (locks, delegates, services) or keeps the value of a member that comes back.
    /// </summary>
    public static IEnumerable<FieldInfo> Hidden(JsonTypeInfo type)
    {
        if (IsForeign(type.Type)) yield break;
        MemberInfo[] named = [.. type.Properties.Select(member => member.AttributeProvider).OfType<MemberInfo>()];
        foreach (FieldInfo field in Fields(type.Type))
        {
            if (field.IsPublic || IsForeign(field.DeclaringType!) || IsIgnored(field) || named.Contains(field) || !IsData(field.FieldType)) continue;
            PropertyInfo? its = PropertyOf(field);
            if (its is null ? field.Name.StartsWith('<') || type.Properties.Any(member => IsWrittenAndRead(member) && IsFieldOf(field.Name, NameOf(member)))
                : IsIgnored(its) || named.Any(member => member.Name == its.Name)) continue;
            yield return field;
        }
    }

    /// <summary>The type of a collection's elements; of a dictionary's, its values.</summary>
    public static Type? ElementOf(JsonTypeInfo type) => type.ElementType ?? (type.Converter as IElements)?.Element;

    /// <summary>Its elements are such collections again, and nothing else: a tree of another library's, whose values are in none of its elements.</summary>
    public static bool IsOfItself(JsonTypeInfo type) =>
        type.Kind is JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary
        && type.ElementType is { } element
        && (
            element == type.Type
            || (type.Options.TryGetTypeInfo(element, out JsonTypeInfo? inner) && inner.Kind == JsonTypeInfoKind.Enumerable && inner.ElementType == element)
        );

    /// <summary>A framework's type has a field that none of these members shows.</summary>
    public static bool LosesField(Type type, IEnumerable<JsonPropertyInfo> shown)
    {
        string[] names = [.. shown.Select(NameOf)];
        return Fields(type).Any(field => !names.Any(name => IsFieldOf(field.Name, name)));
    }

    private static bool IsData(Type type) =>
        !typeof(Delegate).IsAssignableFrom(type) && type != typeof(object) && type.Namespace?.StartsWith("System.Threading", StringComparison.Ordinal) != true
        && !(type.IsInterface && !typeof(IEnumerable).IsAssignableFrom(type)) && !(type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Lazy<>));

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = Kept)]
    private static PropertyInfo? PropertyOf(FieldInfo field) =>
        field.Name.StartsWith('<') && field.Name.IndexOf('>', StringComparison.Ordinal) is var end and > 1
            ? field.DeclaringType!.GetProperty(field.Name[1..end], Declared)
            : null;

    /// <summary>A part of a <see cref="KeyValuePair{TKey, TValue}"/>, whatever its types.</summary>
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(KeyValuePair<,>))]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Named above.")]
    public static object? PartOf(object pair, string name) => pair.GetType().GetProperty(name)!.GetValue(pair);

    private static bool IsOfIgnoredProperty(FieldInfo field) => PropertyOf(field) is { } property && IsIgnored(property);
}
