namespace Roost.AspNetCore.Input;

/// <summary>Options that may be repeated or hold several values with commas between.</summary>
internal static class Lists
{
    /// <summary>The same of an option: a value that names nothing, such as a variable that is not set, is no "all of them".</summary>
    public static string[] Split(string option, string[]? values) =>
        values is not null && values.Any(value => value.All(letter => letter == ',' || char.IsWhiteSpace(letter)))
            ? throw new UsageException($"{option} is empty; give at least one, or leave it out.")
            : Split(values);

    public static string[] Split(IEnumerable<string>? values) =>
        [
            .. (values ?? [])
                .SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                .Distinct(StringComparer.Ordinal),
        ];
}
