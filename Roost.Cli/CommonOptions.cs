using System.CommandLine;

namespace Roost.Cli;

/// <summary>Options that several verbs share.</summary>
internal static class CommonOptions
{
    public static Option<string> Db { get; } = new("--db") { Description = "The data file. Default: ROOST_DB, else ./roost.db.", HelpName = "file", Recursive = true };

    public static Option<string> Root { get; } = new("--root") { Description = "The folder that holds one data file for each namespace. Default: ROOST_ROOT.", HelpName = "folder", Recursive = true };

    public static Option<string> Namespace { get; } = new("--namespace") { Description = "The namespace, instead of --db. Default: ROOST_NAMESPACE.", HelpName = "name", Recursive = true };

    public static Option<bool> Reveal { get; } = new("--reveal") { Description = "Show values under keys that look secret, too.", Recursive = true };

    public static Option<string[]> SecretKeys { get; } = new("--secret-keys")
    {
        Description = "The keys whose values are masked, with commas between. Default: token, secret, password, api_key, authorization and their like.",
        HelpName = "keys",
        Recursive = true,
    };

    public static Option<bool> Json { get; } = new("--json") { Description = "Print JSON: snake_case, times in UTC, durations in seconds." };

    public static Option<double?> Watch { get; } = new("--watch")
    {
        Description = "Print again whenever it changes; looks every second, or as often as given, in seconds.",
        HelpName = "seconds",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Option<string> Reason { get; } = new("--reason") { Description = "Why, for the events." };

    public static Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask." };

    public static IReadOnlyList<Option> All { get; } = [Db, Root, Namespace, Reveal, SecretKeys];

    public static Argument<string> Id() => new Argument<string>("id") { Description = "The work item: its id, or a unique beginning or end of it." }.OffersIds();

    /// <summary>--engine as a filter.</summary>
    public static Option<string> Engine(string description) => new Option<string>("--engine", "-e") { Description = description }.OffersEngines();
}
