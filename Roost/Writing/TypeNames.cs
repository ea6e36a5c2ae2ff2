namespace Roost.Writing;

/// <summary>Types as a person would write them.</summary>
internal static class TypeNames
{
    /// <summary>With its article.</summary>
    public static string A(Type type)
    {
        string name = Of(type);
        return (name[0] is 'A' or 'E' or 'I' or 'O' or 'a' or 'e' or 'i' or 'o' ? "an " : "a ") + name;
    }

    public static string Of(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner) return Of(inner) + "?";
        if (type.IsArray) return $"{Of(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (!type.IsGenericType) return type.Name;
        string[] arguments = [.. type.GetGenericArguments().Select(Of)];
        if (type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) == true) return $"({string.Join(", ", arguments)})";
        int tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? type.Name : $"{type.Name[..tick]}<{string.Join(", ", arguments)}>";
    }
}
