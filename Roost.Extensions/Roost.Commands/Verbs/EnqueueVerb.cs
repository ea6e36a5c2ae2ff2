using System.CommandLine;
using Roost.Commands.Input;
using Roost.Commands.Loading;

namespace Roost.Commands.Verbs;

/// <summary>Enqueues one work item and prints its id.</summary>
internal sealed class EnqueueVerb : Verb
{
    private readonly Option<string> engine = new Option<string>("--engine", "-e") { Description = "The engine that runs it.", Required = true }.OffersEngines();
    private readonly Option<string> payload = new("--payload", "-p")
    {
        Description = "A JSON object in UTF-8; @file reads a file, - reads stdin. Default {}.",
        HelpName = "json",
    };
    private readonly Option<string> id = new("--id") { Description = "Its id. Default: a new one." };
    private readonly Option<string> queue = new("--queue", "-q") { Description = "Its queue. Default: default." };
    private readonly Option<int> priority = new("--priority") { Description = "Higher runs first. Default 0." };
    private readonly Option<string[]> resources = new("--resource", "-r")
    {
        Description = "A name to hold alone, such as domain:example.com; may be repeated.",
        HelpName = "name",
    };
    private readonly Option<string> hold = new("--hold") { Description = "How long its resources are held: step or life. Default step." };
    private readonly Option<string> delay = new("--delay") { Description = "Not before this much time has passed, such as 30s or 2h.", HelpName = "duration" };
    private readonly Option<string> notBefore = new("--not-before")
    {
        Description = "Not before this time (ISO 8601, in UTC where no offset is given), or this long from now.",
        HelpName = "time",
    };
    private readonly Option<string> deadline = new("--deadline")
    {
        Description = "Fails when it has not ended by this time (ISO 8601), or this long from now.",
        HelpName = "time",
    };
    private readonly Option<string> timeout = new("--timeout") { Description = "The longest that one of its steps may take.", HelpName = "duration" };
    private readonly Option<int?> retries = new("--retries", "--max-attempts") { Description = "How often a step is tried.", HelpName = "attempts" };
    private readonly Option<int?> maxSteps = new("--max-steps")
    {
        Description = "How many steps it may commit before it becomes a dead letter. Default: any number.",
        HelpName = "steps",
    };
    private readonly Option<string> idempotencyKey = new("--idempotency-key", "-k")
    {
        Description = "Enqueues once for each key and engine.",
        HelpName = "key",
    };
    private readonly Option<string> parent = new Option<string>("--parent") { Description = "The item that this one belongs to.", HelpName = "id" }.OffersIds();
    private readonly Option<bool> detached = new("--detached")
    {
        Description = "The parent neither waits for it nor takes it along when it is cancelled.",
    };

    public EnqueueVerb() : base("enqueue", "Enqueue a work item and print its id.")
    {
        hold.AcceptOnlyFromAmong("step", "life");
        Take(engine, payload, id, queue, priority, resources, hold, delay, notBefore, deadline, timeout, retries, maxSteps, idempotencyKey, parent, detached);
        Take(CommonOptions.Json);
    }

    protected override async Task<int> RunAsync(Call call)
    {
        string name = call.Get(engine)!;
        WorkItem item = await GivenJson.ReadAsync(
            call, payload, call.Get(payload) ?? "{}", text => WorkItem.FromJson(name, text), utf8 => WorkItem.FromJson(name, utf8)
        ) with
        {
            Queue = call.Get(queue) ?? WorkItem.DefaultQueue,
            Priority = call.Get(priority),
            Resources = call.Get(resources) ?? [],
            ResourceHold = call.Get(hold) == "life" ? ResourceHold.Life : ResourceHold.Step,
            Delay = Durations.Optional("--delay", call.Get(delay)),
            NotBefore = Instants.Optional("--not-before", call.Get(notBefore)),
            Deadline = Instants.Optional("--deadline", call.Get(deadline)),
            Timeout = Durations.Optional("--timeout", call.Get(timeout)),
            MaxAttempts = call.Get(retries),
            MaxSteps = call.Get(maxSteps),
            IdempotencyKey = call.Get(idempotencyKey),
        };
        if (call.Get(detached) && call.Get(parent) is null) throw new UsageException("--detached is of a child; name its --parent.");
        if (call.Get(id) is { } given) item = item with { Id = given };
        if (!File.Exists(call.Database.Path)) RoostRuntime.Check(item); // An item that is refused makes no file, either.
        await using RoostRuntime roost = call.Get(parent) is null ? new(call.Database.Path) : call.Open();
        if (call.Get(parent) is { } of) item = item with { ParentId = await IdResolver.FindAsync(roost, of, call.Stop), Detached = call.Get(detached) };
        EnqueueResult result = await roost.EnqueueAsync(item, call.Stop);
        call.Done = result.Created ? $"Work item {result.Id} was enqueued" : $"Work item {result.Id} was there already, under this idempotency key";
        if (call.IsJson) call.Print.Json(new { result.Id, result.Created });
        else call.Print.Line(result.Id);
        if (!result.Created) await Console.Error.WriteLineAsync("It was enqueued before under this idempotency key; nothing was added.");
        else await WarnOfUnknownAsync(call, roost, item.Engine);
        return ExitCodes.Ok;
    }

    /// <summary>
    /// An engine may be served later, so an unknown one is no error; but one that differs by a letter or two from a known one is rarely meant.
    /// </summary>
    private static async Task WarnOfUnknownAsync(Call call, RoostRuntime roost, string engine)
    {
        IReadOnlyList<EngineInfo> stored = await roost.ListEnginesAsync(call.Stop);
        if (stored.Any(each => each.EngineId == engine && each.Workers > 0)) return;
        IReadOnlyList<string> here = BuiltIn.OrNone(call.AddEngines);
        if (here.Contains(engine)) return;
        if (Suggestion.For(engine, here.Concat(stored.Select(each => each.EngineId)).Where(other => other != engine), atMost: 2) is { } near)
            await Console.Error.WriteLineAsync(Text.Line($"Nobody serves engine \"{engine}\" now; did you mean {near}?"));
    }
}
