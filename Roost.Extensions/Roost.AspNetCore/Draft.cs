using Microsoft.Extensions.Primitives;
using Roost.AspNetCore.Input;

namespace Roost.AspNetCore;

/// <summary>A form that was refused: its page shows it again as it was filled in, with what is wrong beside each field.</summary>
/// <param name="Verb">What the form does.</param>
/// <param name="Id">Whom it is about.</param>
/// <param name="Typed">The fields as they came.</param>
/// <param name="Problems">What is wrong, by field; under the empty name what is wrong with no field of its own.</param>
public sealed record Draft(string Verb, string Id, IReadOnlyDictionary<string, StringValues> Typed, IReadOnlyDictionary<string, string> Problems)
{
    /// <summary>What was typed into a field; null where nothing was.</summary>
    public string? Value(string field) => Typed.TryGetValue(field, out StringValues value) && value is [{ } text, ..] ? text : null;

    /// <summary>Whether this is one of the values that were chosen.</summary>
    public bool IsChosen(string field, string value) => Typed.TryGetValue(field, out StringValues values) && values.Contains(value);

    /// <summary>What is wrong with a field; null where nothing is.</summary>
    public string? Problem(string field) => Problems.GetValueOrDefault(field);

    /// <summary>The form says what is wrong; else the page does.</summary>
    public bool IsOfFields => !Problems.ContainsKey("");

    private static Draft Of(string verb, IFormCollection form, IReadOnlyDictionary<string, string> problems)
    {
        var typed = form.Where(field => !field.Key.StartsWith('_')).ToDictionary(field => field.Key, field => field.Value);
        return new(verb, typed.GetValueOrDefault("id").ToString(), typed, problems);
    }

    /// <summary>A form that was refused, with what the runtime says of it at the field that it names.</summary>
    public static Draft Of(string verb, IFormCollection form, RoostException error)
    {
        if (error is FormRefusedException refused) return Of(verb, form, refused.Problems);
        string field = error is InvalidInputException wrong ? CommandWords.FieldOf(wrong.Field) : "";
        // The message begins with the field, which is beside it where the form has that.
        bool isOfOne = form.ContainsKey(field);
        string problem = CommandWords.Of(isOfOne ? error.Message[(((InvalidInputException)error).Field.Length + 2)..] : error.Message);
        return Of(verb, form, new Dictionary<string, string> { [isOfOne ? field : ""] = problem });
    }
}
