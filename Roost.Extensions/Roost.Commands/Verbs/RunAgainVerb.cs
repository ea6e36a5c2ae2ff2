using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Enqueues an item that has ended again, as a new one, and prints its id.</summary>
internal sealed class RunAgainVerb : Verb
{
    private readonly Argument<string> id = CommonOptions.Id();
    private readonly Option<string> payload = new("--payload", "-p")
    {
        Description = "Another payload: a JSON object; @file reads a file, - reads stdin. Default: the same.",
        HelpName = "json",
    };

    public RunAgainVerb() : base("run-again", "Enqueue a work item that is done or cancelled again, as a new one, and print its id.") =>
        Take(id, payload, CommonOptions.Reason, CommonOptions.Json);

    protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, async (roost, workId) =>
    {
        JsonEdit? edit = call.Get(payload) is { } given
            ? await GivenJson.ReadAsync(call, payload, given, JsonEdit.FromJson, JsonEdit.FromJson)
            : null;
        string again = await roost.RunAgainAsync(workId, edit, call.Reason, call.Stop);
        call.Done = $"Work item {workId} runs again as {again}";
        if (call.IsJson) call.Print.Json(new { Id = again, From = workId });
        else call.Print.Line(again);
        return ExitCodes.Ok;
    });
}
