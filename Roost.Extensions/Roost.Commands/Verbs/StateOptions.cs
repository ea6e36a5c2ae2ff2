using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Another state for a dead letter that is retried.</summary>
internal sealed class StateOptions
{
    private readonly Option<string> state = new("--state")
    {
        Description = "Another state to go on from, as JSON; @file reads a file, - reads stdin.",
        HelpName = "json",
    };
    private readonly Option<int?> version = new("--expected-version")
    {
        Description = "The version that --state was made of; refused where the item is at another.",
        HelpName = "number",
    };

    public Symbol[] All => [state, version];

    public bool IsGiven(Call call) => call.IsGiven(state);

    /// <summary>Refuses a version that is given for nothing.</summary>
    public void Check(Call call)
    {
        if (call.IsGiven(version) && !IsGiven(call)) throw new UsageException("--expected-version goes with --state.");
    }

    /// <summary>Retries it from the state; this program's engines, where it brings them along, know what one is.</summary>
    public async Task RetryAsync(Call call, RoostRuntime roost, string workId)
    {
        JsonEdit edit = await GivenJson.ReadAsync(call, state, call.Get(state)!, JsonEdit.FromJson, JsonEdit.FromJson);
        try
        {
            call.AddEngines(roost);
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync(Text.Line($"The state is checked as JSON only: this program's engines could not be made ({e.Message})."));
        }
        await roost.RetryAsync(workId, edit, call.Get(version), call.Reason, call.Stop);
    }
}
