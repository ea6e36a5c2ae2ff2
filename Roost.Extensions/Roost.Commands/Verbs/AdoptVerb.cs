using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Makes a backup copy a file of its own.</summary>
internal sealed class AdoptVerb : Verb
{
    private readonly Option<bool> restore = new("--restore")
    {
        Description = "The original is lost, and this takes its place: under the same idempotency keys, by which services know its calls again.",
    };

    public AdoptVerb()
        : base("adopt", "Make a copy a file of its own, whose work may run. Only where the original runs no more.") =>
        Take(restore, CommonOptions.Reason, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        await roost.AdoptAsync(call.Reason, call.Get(restore), call.Stop);
        call.Done = $"{roost.Path} was adopted";
        if (call.IsJson) call.Print.Json(new { roost.Path, Result = "adopted" });
        else call.Print.Line($"{roost.Path}: adopted");
        return ExitCodes.Ok;
    }
}
