using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Takes a question back, so that its item goes on without an answer.</summary>
internal sealed class WithdrawVerb : Verb
{
    private readonly Argument<string> ask = AnswerVerb.AskArgument();
    private readonly Option<string> by = AnswerVerb.ByOption("Who withdraws it, for the history.");

    public WithdrawVerb() : base("withdraw", "Take a question back; its item goes on and is told so.") =>
        Take(ask, by, CommonOptions.Reason, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        string id = await AskResolver.FindAsync(roost, call.Get(ask), call.Stop);
        await roost.WithdrawAskAsync(id, call.Get(by)!, call.Reason, call.Stop);
        call.Done = $"Question {id} was withdrawn";
        if (call.IsJson) call.Print.Json(new { Id = id, Result = "withdrawn" });
        else call.Print.Line($"{id}: withdrawn");
        return ExitCodes.Ok;
    }
}
