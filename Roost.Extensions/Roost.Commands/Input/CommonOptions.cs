using System.CommandLine;
using System.CommandLine.Parsing;

namespace Roost.Commands.Input;

/// <summary>
/// Options that several verbs share. Each verb has its own: one that all had would remember every command of the process it was ever given to.
/// </summary>
internal static class CommonOptions
{
    public static Option<string> Db => new("--db") { Description = "The data file. Default: ROOST_DB, else ./roost.db.", HelpName = "file", Recursive = true };

    public static Option<string> Root =>
        new("--root")
        {
            Description = "The folder that holds one data file for each namespace. Default: ROOST_ROOT.",
            HelpName = "folder",
            Recursive = true,
        };

    public static Option<string> Namespace =>
        new("--namespace")
        {
            Description = "The namespace, instead of --db. Default: ROOST_NAMESPACE.",
            HelpName = "name",
            Recursive = true,
        };

    public static Option<bool> Reveal => new("--reveal") { Description = "Show values under keys that look secret, too.", Recursive = true };

    public static Option<string[]> SecretKeys => new("--secret-keys")
    {
        Description = "The keys whose values are masked, with commas between. Default: token, secret, password, api_key, authorization and their like.",
        HelpName = "keys",
        Recursive = true,
    };

    public static Option<bool> Json => new("--json") { Description = "Print JSON: snake_case, times in UTC, durations in seconds." };

    public static Option<string> Watch
    {
        get
        {
            var watch = new Option<string>("--watch")
            {
                Description = "Print again whenever it changes; looks every second, or as often as given, such as 5s.",
                HelpName = "duration",
                Arity = ArgumentArity.ZeroOrOne,
            };
            watch.Validators.Add(given =>
            {
                if (given.Tokens.Count == 1 && Durations.Read(given.Tokens[0].Value) is null)
                    given.AddError($"--watch is \"{given.Tokens[0].Value}\"; {Durations.Advice(given.Tokens[0].Value)}");
            });
            return watch;
        }
    }

    public static Option<string> Reason => new("--reason") { Description = "Why, for the events." };

    public static Option<bool> Yes => new("--yes", "-y") { Description = "Do not ask." };

    public static IReadOnlyList<Option> All => [Db, Root, Namespace, Reveal, SecretKeys];

    public static Argument<string> Id() =>
        new Argument<string>("id") { Description = "The work item: its id, or a unique beginning or end of it." }.OffersIds();

    /// <summary>--engine as a filter.</summary>
    public static Option<string> Engine(string description) => new Option<string>("--engine", "-e") { Description = description }.OffersEngines();

    /// <summary>The value of a shared option as the verb at hand, or the command itself, has it; the default where neither does.</summary>
    public static T? GetCommon<T>(this ParseResult parsed, Option<T> option) => parsed.FindCommon(option) is { } own ? parsed.GetValue(own) : default;

    public static Option<T>? FindCommon<T>(this ParseResult parsed, Option<T> option)
    {
        for (CommandResult? at = parsed.CommandResult; at is not null; at = at.Parent as CommandResult)
            if (at.Command.Options.FirstOrDefault(own => own.Name == option.Name) is Option<T> found) return found;
        return null;
    }
}
