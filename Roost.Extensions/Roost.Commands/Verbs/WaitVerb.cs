using System.CommandLine;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>Waits until work items have ended, whoever runs them.</summary>
internal sealed class WaitVerb : Verb
{
    private readonly Argument<string[]> ids = new Argument<string[]>("id")
    {
        Description = "The work items: ids, or unique beginnings or ends of them.",
        Arity = ArgumentArity.OneOrMore,
    }.OffersIds();
    private readonly Option<string> timeout = new("--timeout", "-t")
    {
        Description = "Gives up after this time, with exit code 124. Default: never.",
        HelpName = "duration",
    };

    public WaitVerb()
        : base("wait", "Wait until work items have ended; exit code 5 where one failed or was cancelled.") => Take(ids, timeout, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        TimeSpan? limit = Durations.Optional("--timeout", call.Get(timeout));
        await using RoostRuntime roost = call.Open();
        var found = new List<string>();
        foreach (string text in call.Get(ids)) found.Add(await IdResolver.FindAsync(roost, text, call.Stop));
        Task<WorkSummary>[] waited = [.. found.Select(id => roost.WaitAsync(id, limit, call.Stop))];
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(call.Stop);
        var waits = new WaitLines(roost, call.Print, found);
        Task told = waits.FollowAsync(ended.Token);
        try
        {
            WorkSummary[] items = await Task.WhenAll(waited);
            foreach (WorkSummary item in items) Show(call, item);
            return items.All(item => item.State == WorkState.Done) ? ExitCodes.Ok : ExitCodes.WorkFailed;
        }
        catch (TimeoutException)
        {
            await Console.Error.WriteLineAsync($"{this.Path()}: the time is over ({Times.Span(limit!.Value)}) and the work has not ended. It goes on.");
            await ended.CancelAsync();
            await told;
            await waits.SayAsync(call.Stop);
            return ExitCodes.TimedOut;
        }
        finally
        {
            await ended.CancelAsync();
            await told;
        }
    }

    private static void Show(Call call, WorkSummary item)
    {
        if (call.IsJson) call.Print.Json(item, indented: false);
        else call.Print.Line($"{Text.Line(item.Id)} {item.State.Name()}{(item.Error is null ? "" : $": {Text.Line(call.Print.Hide(item.Error))}")}");
    }
}
