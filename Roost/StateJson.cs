using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Roost;

/// <summary>The stored form of an item's state. What cannot be stored would be refused in every try, so that it ends the step for good.</summary>
internal static class StateJson
{
    /// <summary>Of a value whose type is known.</summary>
    public static byte[] Of<T>(string workId, T state, JsonTypeInfo<T> type, int maxBytes)
    {
        try
        {
            return JsonText.Serialize("state", state, type, maxBytes);
        }
        catch (InvalidInputException e)
        {
            e.Final = new(workId);
            throw;
        }
    }

    /// <summary>Of any value.</summary>
    public static byte[] Of(string workId, object? state, JsonSerializerOptions options, int maxBytes)
    {
        try
        {
            return JsonText.Serialize("state", state, options, maxBytes, objectOnly: false);
        }
        catch (InvalidInputException e)
        {
            e.Final = new(workId);
            throw;
        }
    }
}
