using System.CommandLine;
using Roost.Cli.Output;

namespace Roost.Cli.Verbs;

/// <summary>What has happened, to one work item or to all.</summary>
internal sealed class EventsVerb : Verb
{
    private readonly Argument<string?> id = new Argument<string?>("id") { Description = "The work item: its id, or a unique beginning or end of it. Default: all of the file.", Arity = ArgumentArity.ZeroOrOne }.OffersIds();
    private readonly Option<long?> after = new("--after") { Description = "Forwards from this sequence number; 0 is before all. Default: the latest events.", HelpName = "number" };
    private readonly Option<long?> before = new("--before") { Description = "The latest before this sequence number.", HelpName = "number" };
    private readonly Option<int> limit = new("--limit", "--last", "-n") { Description = "How many at most.", HelpName = "number", DefaultValueFactory = _ => 500 };
    private readonly Option<bool> follow = new("--follow", "-f") { Description = "Goes on with each new event, until Ctrl-C. With --json one event a line." };

    public EventsVerb() : base("events", "Show what has happened, oldest first: the latest events, or those after or before a sequence number.") =>
        Take(id, after, before, limit, follow, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        if (call.Get(before) is not null && (call.Get(after) is not null || call.Get(follow))) throw new UsageException("--before is given together with --after or --follow; it reads back, they read on.");
        await using RoostRuntime roost = call.Open();
        string? workId = call.Get(id) is { } of ? await IdResolver.FindAsync(roost, of, call.Stop) : null;
        if (call.Get(follow)) return await FollowAsync(call, roost, workId);
        IReadOnlyList<WorkEvent> events = await ReadAsync(call, roost, workId);
        if (call.IsJson) call.Print.Json(new { Items = events });
        else foreach (WorkEvent one in events) call.Print.Line(EventLine.Of(one, call.Print));
        if (events.Count == call.Get(limit)) await System.Console.Error.WriteLineAsync(MoreOf(call, events));
        return ExitCodes.Ok;
    }

    private Task<IReadOnlyList<WorkEvent>> ReadAsync(Call call, RoostRuntime roost, string? workId) => call.Get(after) is { } from
        ? roost.ReadEventsAsync(workId, from, call.Get(limit), call.Stop)
        : roost.ReadLastEventsAsync(workId, call.Get(before), call.Get(limit), call.Stop);

    private string MoreOf(Call call, IReadOnlyList<WorkEvent> events) =>
        call.Get(after) is not null ? $"More: --after {events[^1].Sequence}" : $"Earlier: --before {events[0].Sequence}";

    private async Task<int> FollowAsync(Call call, RoostRuntime roost, string? workId)
    {
        long from = call.Get(after) ?? await StartAsync(call, roost, workId);
        await foreach (WorkEvent one in roost.WatchEventsAsync(workId, from, call.Reading))
        {
            if (call.IsJson) call.Print.Json(one, indented: false);
            else call.Print.Line(EventLine.Of(one, call.Print));
        }
        return ExitCodes.Ok;
    }

    private async Task<long> StartAsync(Call call, RoostRuntime roost, string? workId)
    {
        // Read first: what is written between the two reads comes with what is followed.
        long last = await roost.GetLastSequenceAsync(call.Stop);
        IReadOnlyList<WorkEvent> latest = await roost.ReadLastEventsAsync(workId, limit: call.Get(limit), cancellationToken: call.Stop);
        return latest.Count > 0 ? latest[0].Sequence - 1 : last;
    }
}
