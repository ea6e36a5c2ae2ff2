using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>What a type holds beside what its JSON metadata names.</summary>
internal static class JsonMembers
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Of the framework or of a library of its makers: its private parts are its own business.</summary>
    public static bool IsForeign(Type type) => IsOfFramework(type) || type.Namespace is { } name && name.StartsWith("Microsoft.", StringComparison.Ordinal);

    public static bool IsOfFramework(Type type) => type.Namespace is { } name && (name == "System" || name.StartsWith("System.", StringComparison.Ordinal));

    public static bool IsWrittenAndRead(JsonPropertyInfo member) => member.Get is not null && (member.Set is not null || member.AssociatedParameter is not null);

    /// <summary>The user has said that it is not to be kept.</summary>
    public static bool IsIgnored(MemberInfo member) =>
        member.IsDefined(typeof(JsonIgnoreAttribute), inherit: true) || member.IsDefined(typeof(NonSerializedAttribute), inherit: true);

    public static IEnumerable<FieldInfo> Fields(Type type)
    {
        for (Type? each = type; each is not null && each != typeof(object) && each != typeof(ValueType); each = each.BaseType)
            foreach (FieldInfo field in each.GetFields(Declared)) yield return field;
    }

    public static IEnumerable<PropertyInfo> Properties(Type type)
    {
        for (Type? each = type; each is not null && each != typeof(object) && each != typeof(ValueType); each = each.BaseType)
            foreach (PropertyInfo property in each.GetProperties(Declared))
                if (property.GetIndexParameters().Length == 0) yield return property;
    }

    /// <summary>The property keeps a value of its own, in a field that the compiler has made for it.</summary>
    public static bool IsKept(PropertyInfo property) =>
        property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic) is { } field
        && field.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    /// <summary>It has data that no public member gives and nobody has marked as not to be kept.</summary>
    public static bool HasData(Type type) => Fields(type).Any(field => !IsIgnored(field) && !IsOfIgnoredProperty(field));

    private static bool IsOfIgnoredProperty(FieldInfo field) =>
        field.Name.StartsWith('<') && field.Name.IndexOf('>', StringComparison.Ordinal) is var end and > 1
        && field.DeclaringType!.GetProperty(field.Name[1..end], Declared) is { } property && IsIgnored(property);
}
