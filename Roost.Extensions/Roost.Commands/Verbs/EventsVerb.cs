using System.CommandLine;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>What has happened, to one work item or to all.</summary>
internal sealed class EventsVerb : Verb
{
    private const string FollowHelp =
        "Goes on with each new event, until Ctrl-C; of one work item also with what its running step says. With --json one of them a line.";

    private readonly Argument<string?> id = new Argument<string?>("id")
    {
        Description = "The work item: its id, or a unique beginning or end of it. Default: all of the file.",
        Arity = ArgumentArity.ZeroOrOne,
    }.OffersIds();
    private readonly Option<string[]> kinds = Kinds();
    private readonly Option<string> engine = CommonOptions.Engine("Of items of this engine alone.");
    private readonly Option<string> since = new("--since")
    {
        Description = "Written at this time or later: ISO 8601, or how long ago, such as 2h.",
        HelpName = "time",
    };
    private readonly Option<string> until = new("--until")
    {
        Description = "Written before this time: ISO 8601, or how long ago, such as 2h.",
        HelpName = "time",
    };
    private readonly Option<long?> after = new("--after")
    {
        Description = "Forwards from this sequence number; 0 is before all. Default: the latest events.",
        HelpName = "number",
    };
    private readonly Option<long?> before = new("--before") { Description = "The latest before this sequence number.", HelpName = "number" };
    private readonly Option<int> limit = new("--limit", "--last", "-n")
    {
        Description = "How many at most.",
        HelpName = "number",
        DefaultValueFactory = _ => 500,
    };
    private readonly Option<bool> follow = new("--follow", "-f") { Description = FollowHelp };

    public EventsVerb() : base("events", "Show what has happened, oldest first: the latest events, or those after or before a sequence number.") =>
        Take(id, kinds, engine, since, until, after, before, limit, follow, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        if (call.Get(before) is not null && (call.Get(after) is not null || call.Get(follow)))
            throw new UsageException("--before is given together with --after or --follow; it reads back, they read on.");
        if (call.Get(until) is not null && call.Get(follow))
            throw new UsageException("--until is given together with --follow, which has no end; leave one of them out.");
        EventFilter filter = FilterOf(call);
        await using RoostRuntime roost = call.Open();
        if (call.Get(id) is { } of) filter = filter with { WorkId = await IdResolver.FindAsync(roost, of, call.Stop) };
        if (call.Get(follow)) return await FollowAsync(call, roost, filter);
        EventPage list = await ReadAsync(call, roost, filter);
        if (call.IsJson) call.Print.Json(new { list.Items, list.Next });
        else foreach (WorkEvent one in list.Items) call.Print.Line(EventLine.Of(one, call.Print));
        if (list.Items.Count == 0 && list.Next is null) await Console.Error.WriteLineAsync("No event matches.");
        if (list.Next is { } next) await Console.Error.WriteLineAsync(call.Get(after) is not null ? $"More: --after {next}" : $"Earlier: --before {next}");
        return ExitCodes.Ok;
    }

    private EventFilter FilterOf(Call call)
    {
        string[] given = Lists.Split(kinds.Name, call.Get(kinds));
        foreach (string kind in given)
            if (!EventKinds.All.Contains(kind) && !kind.StartsWith("engine.", StringComparison.Ordinal))
                throw new UsageException(
                    $"--kind is \"{kind}\"; give {string.Join(", ", EventKinds.All)}, or an engine's own with \"engine.\" before it, such as " +
                    $"engine.{(kind.Length is > 0 and < 40 ? kind : "seen")}."
                );
        DateTimeOffset? from = Instants.Past("--since", call.Get(since)),
            to = Instants.Past("--until", call.Get(until));
        if (from >= to)
            throw new UsageException($"--until ({Times.Exact(to.Value)}) is not after --since ({Times.Exact(from.Value)}).");
        return new()
        {
            Kinds = given,
            Engine = call.Get(engine),
            From = from,
            Until = to,
        };
    }

    /// <summary>All that was asked for: a page that has looked at many and found few is followed by the next.</summary>
    private async Task<EventPage> ReadAsync(Call call, RoostRuntime roost, EventFilter filter)
    {
        bool isForward = call.Get(after) is not null;
        long? at = isForward ? call.Get(after) : call.Get(before);
        var found = new List<WorkEvent>();
        EventPage page;
        do
        {
            int most = call.Get(limit) - found.Count;
            page = isForward ? await roost.ListEventsAsync(filter, at, most, call.Stop) : await roost.ListLastEventsAsync(filter, at, most, call.Stop);
            found.InsertRange(isForward ? found.Count : 0, page.Items);
            at = page.Next;
        }
        while (at is not null && found.Count < call.Get(limit));
        return page with { Items = found };
    }

    private async Task<int> FollowAsync(Call call, RoostRuntime roost, EventFilter filter)
    {
        long? from = call.Get(after) ?? (call.Get(since) is null ? await StartAsync(call, roost, filter) : null);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(call.Reading);
        using SaidLines? said = filter.WorkId is { } of ? new(roost, call, of) : null;
        long history = said is null ? long.MaxValue : await roost.GetLastSequenceAsync(call.Stop);
        Task saying = said?.FollowAsync(ended.Token) ?? Task.CompletedTask;
        try
        {
            await foreach (WorkEvent one in roost.WatchEventsAsync(filter, from, call.Reading))
            {
                // What a step has said stands before the event of its end.
                if (said is null || one.Sequence <= history) Show(call, one);
                else await said.BeforeAsync(() => Show(call, one), call.Reading);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await saying;
        }
        return ExitCodes.Ok;
    }

    private static void Show(Call call, WorkEvent one)
    {
        if (call.IsJson) call.Print.Json(one, indented: false);
        else call.Print.Line(EventLine.Of(one, call.Print));
    }

    private async Task<long> StartAsync(Call call, RoostRuntime roost, EventFilter filter)
    {
        // Read first: what is written between the two reads comes with what is followed.
        long last = await roost.GetLastSequenceAsync(call.Stop);
        EventPage latest = await roost.ListLastEventsAsync(filter, null, call.Get(limit), call.Stop);
        return latest.Items.Count > 0 ? latest.Items[0].Sequence - 1 : last;
    }

    private static Option<string[]> Kinds()
    {
        var option = new Option<string[]>("--kind")
        {
            Description = "Of this kind alone, such as failed, worker_lost or engine.seen; several with commas between.",
            HelpName = "kind",
        };
        option.CompletionSources.Add(_ => EventKinds.All.Select(kind => new System.CommandLine.Completions.CompletionItem(kind)));
        return option;
    }
}
