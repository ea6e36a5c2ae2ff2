using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Makes a backup copy a file of its own.</summary>
internal sealed class AdoptVerb : Verb
{
    public AdoptVerb()
        : base("adopt", "Make a copy a file of its own, whose work may run. Only where the original runs no more.") =>
        Take(CommonOptions.Reason, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        await roost.AdoptAsync(call.Reason);
        call.Done = $"{roost.Path} was adopted";
        if (call.IsJson) call.Print.Json(new { roost.Path, Result = "adopted" });
        else call.Print.Line($"{roost.Path}: adopted");
        return ExitCodes.Ok;
    }
}
