using System.CommandLine;
using System.Text.Json;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Sends a signal to a work item, which lies in its mailbox until a step takes it.</summary>
internal sealed class SignalVerb : Verb
{
    private readonly Argument<string> id = new Argument<string>("id")
    {
        Description = "The work item: its id, or a unique beginning or end of it. Left out where --key names the item.",
    }.OffersIds();
    private readonly Argument<string?> name;
    private readonly Argument<string?> payload = new("payload")
    {
        Description = "What it carries: JSON in UTF-8; @file reads a file, - reads stdin. Default: null.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string> signalId = new("--id")
    {
        Description = "Its own id: sent again with the same id, name and payload it is no second signal. Default: none.",
    };
    private readonly Option<string> engine = CommonOptions.Engine("With --key: the engine of the item.");
    private readonly Option<string> key = new("--key", "--idempotency-key", "-k")
    {
        Description = "The idempotency key that the item was enqueued with, instead of its id.",
    };

    public SignalVerb() : base("signal", "Send a signal to a work item; it wakes the item where that waits for it, and else lies in its mailbox.")
    {
        name = new Argument<string?>("name") { Description = "The name of the signal.", Arity = ArgumentArity.ZeroOrOne }.OffersSignals(id);
        Take(id, name, payload, signalId, engine, key, CommonOptions.Json);
    }

    protected override async Task<int> RunAsync(Call call)
    {
        (string? of, string signal, string? json) = Meant(call);
        JsonElement? value = json is null ? null : await GivenJson.ParseAsync(call, "payload", json);
        await using RoostRuntime roost = call.Open();
        SignalResult result = of is null
            ? await roost.SignalByKeyAsync(call.Get(engine)!, call.Get(key)!, signal, value, call.Get(signalId), call.Stop)
            : await roost.SignalAsync(await IdResolver.FindAsync(roost, of, call.Stop), signal, value, call.Get(signalId), call.Stop);
        call.Done = result.Created ? $"Work item {result.WorkId} has got the signal" : $"Work item {result.WorkId} had got the signal before";
        if (call.IsJson) call.Print.Json(new { Id = result.WorkId, result.Created });
        else call.Print.Line($"{result.WorkId}: signalled{(result.Created ? "" : " already")}");
        if (!result.Created) await Console.Error.WriteLineAsync("A signal with this id has come before; nothing was added.");
        else await WarnOfOtherAsync(call, roost, result.WorkId, signal);
        return ExitCodes.Ok;
    }

    /// <summary>With --key the words begin with the name.</summary>
    private (string? Item, string Name, string? Payload) Meant(Call call)
    {
        if (call.Get(key) is null && call.Get(engine) is null)
            return (call.Get(id), call.Get(name) ?? throw new UsageException("The name of the signal is missing; give it after the id."), call.Get(payload));
        if (call.Get(key) is null || call.Get(engine) is null)
            throw new UsageException("An item is named by its id, or by --engine and --key together; one of these two is missing.");
        if (call.Get(payload) is not null)
            throw new UsageException("An id is given together with --key; name the item by one of them. After --key come the signal's name and payload.");
        return (null, call.Get(id), call.Get(name));
    }

    /// <summary>Any name is right, as a step may take it later; but where the item waits for others, it is rarely meant.</summary>
    private static async Task WarnOfOtherAsync(Call call, RoostRuntime roost, string workId, string signal)
    {
        if ((await roost.GetAsync(workId, call.Stop)).Wait is { } wait && !wait.Signals.Contains(signal))
            await Console.Error.WriteLineAsync(Text.Line($"It goes on waiting for {WaitWords.Of(wait)}; this one lies in its mailbox until a step takes it."));
    }
}
