using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Ends a pause.</summary>
internal sealed class ResumeVerb : Verb
{
    private readonly PauseTargetOptions target = new();
    private readonly Option<string> by = AnswerVerb.ByOption("Who resumes it, for the history.");

    public ResumeVerb() : base("resume", "End a pause: exactly what was paused goes on, an item where it stood before.")
    {
        Take(target.All);
        Take(by, CommonOptions.Reason, CommonOptions.Json);
    }

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        PauseTarget what = await target.ReadAsync(call, roost);
        bool wasPaused = await roost.ResumeAsync(what, call.Get(by)!, call.Reason, call.Stop);
        call.Done = wasPaused ? $"{what} was resumed" : $"{what} was not paused";
        if (call.IsJson) call.Print.Json(new { Target = what, Result = wasPaused ? "resumed" : "not paused" });
        else call.Print.Line($"{what}: {(wasPaused ? "resumed" : "was not paused")}");
        if (what.Scope != PauseScope.Item) return ExitCodes.Ok;
        foreach (PauseInfo other in (await roost.GetAsync(what.Name!, call.Stop)).Pauses)
            await Console.Error.WriteLineAsync(Text.Line(call.Print.Hide($"It goes on waiting: {PauseWords.Of(other)}.")));
        return ExitCodes.Ok;
    }
}
