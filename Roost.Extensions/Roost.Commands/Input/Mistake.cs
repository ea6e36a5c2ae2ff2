using System.CommandLine;

namespace Roost.Commands.Input;

/// <summary>What is wrong with a command line, in one message: a word that is not known makes others seem to be missing.</summary>
internal static class Mistake
{
    public static string Of(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is [{ } unknown, ..])
            return Unknown(command, unknown);
        if (command is { Action: null, Subcommands.Count: > 0 })
            return $"{command.Path()} needs one of its verbs: {string.Join(", ", command.Subcommands.Select(each => each.Name))}.";
        return string.Join('\n', parsed.Errors.Select(error => WithoutTypes(error.Message)).Distinct());
    }

    private static string Unknown(Command command, string word)
    {
        if (word.StartsWith('-'))
            return $"There is no option {word} of \"{command.Path()}\".{DidYouMean(word, OptionsOf(command))}";
        if (command is { Subcommands.Count: > 0, Arguments.Count: 0 })
            return $"There is no verb \"{command.Path()} {word}\".{DidYouMean(word, command.Subcommands.Select(each => each.Name))}";
        return $"\"{word}\" is one word too many for \"{command.Path()}\".";
    }

    private static string DidYouMean(string word, IEnumerable<string> known) => Suggestion.For(word, known) is { } near ? $" Did you mean {near}?" : "";

    private static IEnumerable<string> OptionsOf(Command command) =>
        command
            .Options.Concat(command.Parents.OfType<Command>().SelectMany(above => above.Options.Where(option => option.Recursive)))
            .SelectMany(option => option.Aliases.Prepend(option.Name));

    /// <summary>The parser names a wrong value's type as the runtime does.</summary>
    private static string WithoutTypes(string text) => text
        .Replace("System.Nullable`1[System.Int32]", "System.Int32", StringComparison.Ordinal)
        .Replace("System.Nullable`1[System.Int64]", "System.Int64", StringComparison.Ordinal)
        .Replace(" as expected type 'System.Int32'.", "; give a whole number.", StringComparison.Ordinal)
        .Replace(" as expected type 'System.Int64'.", "; give a whole number.", StringComparison.Ordinal)
        .Replace(" as expected type 'System.Double'.", "; give a number.", StringComparison.Ordinal);
}
