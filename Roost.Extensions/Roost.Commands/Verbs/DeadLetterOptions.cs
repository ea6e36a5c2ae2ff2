using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Which dead letters are meant.</summary>
internal sealed class DeadLetterOptions
{
    private readonly Option<string> engine = CommonOptions.Engine("Only of this engine.");
    private readonly Option<string> queue = new("--queue", "-q") { Description = "Only of this queue." };
    private readonly Option<string> reason = new("--fail-reason") { Description = "Only with this reason, such as max_attempts." };
    private readonly Option<string> type = new("--error-type") { Description = "Only with an error of this type, or with one of this type at its bottom." };
    private readonly Option<string> error = new("--error") { Description = "Only with an error that holds this text, or whose cause does.", HelpName = "text" };
    private readonly Option<string> group = new("--group")
    {
        Description = "Only of this group of those that failed alike, by its key in dead-letters groups; none for what failed before groups were kept.",
        HelpName = "key",
    };
    private readonly Option<string> before = new("--failed-before")
    {
        Description = "Only what failed before this time (ISO 8601), or longer ago than this.",
        HelpName = "time",
    };
    private readonly Option<string> after = new("--failed-after")
    {
        Description = "Only what failed at this time (ISO 8601) or later, or less long ago than this.",
        HelpName = "time",
    };

    public Symbol[] All => [engine, queue, reason, type, error, group, before, after];

    public bool IsGiven(Call call) => All.Any(option => call.IsGiven((Option)option));

    public DeadLetterFilter Of(Call call) => new()
    {
        Engine = call.Get(engine),
        Queue = call.Get(queue),
        Reason = call.Get(reason),
        ErrorType = call.Get(type),
        Error = call.Get(error),
        Group = call.Get(group),
        FailedBefore = Instants.Past("--failed-before", call.Get(before)),
        FailedAfter = Instants.Past("--failed-after", call.Get(after)),
    };
}
