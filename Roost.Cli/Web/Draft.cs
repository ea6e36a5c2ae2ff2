namespace Roost.Cli.Web;

/// <summary>A form that was refused: its page shows it again as it was filled in, with what is wrong beside each field.</summary>
/// <param name="Verb">What the form does.</param>
/// <param name="Id">Whom it is about.</param>
/// <param name="Typed">The fields as they came.</param>
/// <param name="Problems">What is wrong, by field; under the empty name what is wrong with no field of its own.</param>
internal sealed record Draft(string Verb, string Id, IReadOnlyDictionary<string, string> Typed, IReadOnlyDictionary<string, string> Problems)
{
    public string? Value(string field) => Typed.GetValueOrDefault(field);

    public string? Problem(string field) => Problems.GetValueOrDefault(field);

    /// <summary>Of one mistake, in the words of the library.</summary>
    public static Draft Of(string verb, IFormCollection form, RoostException error)
    {
        Dictionary<string, string> typed = form.Where(field => !field.Key.StartsWith('_')).ToDictionary(field => field.Key, field => field.Value.ToString());
        string field = error is InvalidInputException wrong ? Input.CommandWords.FieldOf(wrong.Field) : "";
        string problem = Input.CommandWords.Of(error.Message);
        bool isOfOne = typed.ContainsKey(field);
        // The field says what it is about; the message begins with it.
        if (isOfOne) problem = problem[(((InvalidInputException)error).Field.Length + 2)..];
        return new(verb, typed.GetValueOrDefault("id", ""), typed, new Dictionary<string, string> { [isOfOne ? field : ""] = problem });
    }
}
