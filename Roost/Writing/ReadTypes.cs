using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// Types that stored JSON is read as where no engine has one: a payload, a raw state. One that would come out with less than was stored is refused.
/// </summary>
internal static class ReadTypes
{
    private static readonly ConditionalWeakTable<JsonTypeInfo, string> Judged = [];

    /// <summary>The type's metadata, once nothing of it is known to be lost.</summary>
    /// <exception cref="NotSupportedException">The settings have none, or something of it would be lost: the message says what.</exception>
    public static JsonTypeInfo<T> Of<T>(JsonSerializerOptions options) => Of((JsonTypeInfo<T>)PlainJson.TypeOf(typeof(T), options));

    /// <summary>The same of metadata that is given.</summary>
    /// <exception cref="NotSupportedException">Something of it would be lost: the message says what.</exception>
    public static JsonTypeInfo<T> Of<T>(JsonTypeInfo<T> type)
    {
        string refusal = Judged.GetValue(type, Judge);
        return refusal.Length == 0 ? type : throw new NotSupportedException(refusal);
    }

    private static string Judge(JsonTypeInfo type)
    {
        type.MakeReadOnly();
        try
        {
            StateShape.Judge(type, isState: false);
            return "";
        }
        catch (LostException lost)
        {
            return lost.Told;
        }
    }
}
