using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>The texts that an enum's members are written as.</summary>
internal static class EnumNames
{
    private const int MostNames = 4096;

    /// <summary>Two members may become one when their names are written by a rule.</summary>
    public static void Judge(JsonTypeInfo type, string path)
    {
        var known = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (
            object value in Enum.GetValuesAsUnderlyingType(type.Type)
                .Cast<object>()
                .Distinct()
                .Select(number => Enum.ToObject(type.Type, number))
                .Take(MostNames)
        )
        {
            string text = JsonSerializer.Serialize(value, type);
            if (!known.TryAdd(text, value))
                throw new LostException(
                    path,
                    $"{TypeNames.Of(type.Type)}.{known[text]} and {TypeNames.Of(type.Type)}.{value} are both written as {text}. Give one of them another " +
                    $"name by [JsonStringEnumMemberName]."
                );
            object? read = Try(() => JsonSerializer.Deserialize(text, type), path, $"{TypeNames.Of(type.Type)}.{value}, written as {text},");
            if (!value.Equals(read))
                throw new LostException(
                    path,
                    $"{TypeNames.Of(type.Type)}.{value} is written as {text} and comes back as {read}. Give it another name by [JsonStringEnumMemberName]."
                );
        }
    }

    private static object? Try(Func<object?> read, string path, string what)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new LostException(path, $"{what} cannot be read back: {e.Message}");
        }
    }
}
