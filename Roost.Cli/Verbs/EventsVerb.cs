using System.CommandLine;
using Roost.Cli.Output;

namespace Roost.Cli.Verbs;

/// <summary>What has happened, to one work item or to all.</summary>
internal sealed class EventsVerb : Verb
{
    private readonly Argument<string?> id = new("id") { Description = "The work item: its id, or a unique beginning or end of it. Default: all of the file.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<long?> after = new("--after") { Description = "Only events after this sequence number.", HelpName = "number" };
    private readonly Option<int> limit = new("--limit", "-n") { Description = "How many at most.", DefaultValueFactory = _ => 500 };
    private readonly Option<bool> follow = new("--follow", "-f") { Description = "Goes on with each new event, until Ctrl-C. With --json one event a line." };

    public EventsVerb() : base("events", "Show what has happened.") => Take(id, after, limit, follow, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        string? workId = call.Get(id) is { } of ? await IdResolver.FindAsync(roost, of, call.Stop) : null;
        if (call.Get(follow)) return await FollowAsync(call, roost, workId);
        IReadOnlyList<WorkEvent> events = await roost.ReadEventsAsync(workId, call.Get(after), call.Get(limit), call.Stop);
        if (call.IsJson) call.Print.Json(new { Items = events });
        else foreach (WorkEvent one in events) call.Print.Line(EventLine.Of(one, call.Print));
        return ExitCodes.Ok;
    }

    private async Task<int> FollowAsync(Call call, RoostRuntime roost, string? workId)
    {
        await foreach (WorkEvent one in roost.WatchEventsAsync(workId, call.Get(after), call.Stop))
        {
            if (call.IsJson) call.Print.Json(one, indented: false);
            else call.Print.Line(EventLine.Of(one, call.Print));
        }
        return ExitCodes.Ok;
    }
}
