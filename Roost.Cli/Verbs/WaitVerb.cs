using System.CommandLine;
using Roost.Cli.Input;
using Roost.Cli.Output;

namespace Roost.Cli.Verbs;

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
        var waited = new List<Task<WorkSummary>>();
        foreach (string text in call.Get(ids)) waited.Add(roost.WaitAsync(await IdResolver.FindAsync(roost, text, call.Stop), limit, call.Stop));
        try
        {
            WorkSummary[] ended = await Task.WhenAll(waited);
            foreach (WorkSummary item in ended) Show(call, item);
            return ended.All(item => item.State == WorkState.Done) ? ExitCodes.Ok : ExitCodes.WorkFailed;
        }
        catch (TimeoutException)
        {
            await Console.Error.WriteLineAsync($"{this.Path()}: the time is over ({Times.Span(limit!.Value)}) and the work has not ended. It goes on.");
            return ExitCodes.TimedOut;
        }
    }

    private static void Show(Call call, WorkSummary item)
    {
        if (call.IsJson) call.Print.Json(item, indented: false);
        else call.Print.Line($"{Text.Line(item.Id)} {item.State.Name()}{(item.Error is null ? "" : $": {Text.Line(call.Print.Hide(item.Error))}")}");
    }
}
