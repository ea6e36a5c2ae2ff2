using System.Text.Json;
using Roost.Writing;

namespace Roost;

/// <summary>The stored form of an item's state. What cannot be stored would be refused in every try, so that it ends the step for good.</summary>
internal static class StateJson
{
    /// <summary>Of an engine's state.</summary>
    public static ReadOnlyMemory<byte> Of<TState>(string workId, TState state, StateTrial<TState> trial, int maxBytes, int about)
    {
        try
        {
            return trial.Write(state, maxBytes, about);
        }
        catch (InvalidInputException e)
        {
            e.Final = new(workId, e.FinalReason ?? FailReasons.InvalidStep);
            throw;
        }
    }

    /// <summary>Of any value, or of JSON.</summary>
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
