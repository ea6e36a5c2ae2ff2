using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>A verb that changes one work item, with an optional reason that goes into the events.</summary>
internal abstract class ChangeVerb : Verb
{
    private readonly Argument<string> id = CommonOptions.Id();

    protected ChangeVerb(string name, string description, params Symbol[] more) : base(name, description)
    {
        Take(id);
        Take(more);
        Take(CommonOptions.Reason, CommonOptions.Json);
    }

    /// <summary>Returns what was done, in a word or two.</summary>
    protected abstract Task<string> ChangeAsync(Call call, RoostRuntime roost, string workId);

    protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, async (roost, workId) =>
    {
        string result = await ChangeAsync(call, roost, workId);
        call.Done ??= $"Work item {workId}: {result}";
        if (call.IsJson) call.Print.Json(new { Id = workId, Result = result });
        else call.Print.Line($"{workId}: {result}");
        return ExitCodes.Ok;
    });
}
