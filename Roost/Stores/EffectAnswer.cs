using System.Text.Json;

namespace Roost.Stores;

/// <summary>An answer to the question whether an effect has happened, as JSON: <c>{"outcome": "happened", "result": ...}</c>.</summary>
internal static class EffectAnswer
{
    public const string Outcome = "outcome", Result = "result";

    /// <summary>How each <see cref="EffectVerdict"/> is written.</summary>
    public static readonly string[] Outcomes = ["happened", "did_not", "fail"];

    /// <summary>What an answer that fits its schema says, and the effect's result where it has happened.</summary>
    /// <param name="schema">What was asked for: a result only of an effect that has one.</param>
    /// <param name="answer">The answer.</param>
    /// <exception cref="InvalidInputException">A result is missing, or is given where nothing has happened.</exception>
    public static (EffectVerdict Verdict, byte[]? Result) Read(JsonElement schema, JsonElement answer)
    {
        var verdict = (EffectVerdict)Array.IndexOf(Outcomes, answer.GetProperty(Outcome).GetString());
        bool isGiven = answer.TryGetProperty(Result, out JsonElement result);
        if (verdict != EffectVerdict.Happened)
            return isGiven
                ? throw new InvalidInputException("value.result", $"is given, and the answer says \"{Outcomes[(int)verdict]}\"; leave it out.")
                : (verdict, null);
        if (isGiven) return (verdict, JsonSerializer.SerializeToUtf8Bytes(result, PlainJson.Default.JsonElement));
        if (!schema.GetProperty("properties").TryGetProperty(Result, out _)) return (verdict, "null"u8.ToArray());
        throw new InvalidInputException("value.result", "is missing: give the result with which the effect has happened.");
    }
}
