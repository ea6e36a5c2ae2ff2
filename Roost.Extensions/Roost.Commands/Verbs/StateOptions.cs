using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>How a dead letter is retried: from another state, or without what its step has recorded.</summary>
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

    private readonly Option<bool> fresh = new("--fresh")
    {
        Description = "Without what its step has recorded of its effects, and with other keys: calls that were made are made again.",
    };

    public Symbol[] All => [state, version, fresh];

    /// <summary>It is retried otherwise than by default.</summary>
    public bool IsGiven(Call call) => call.IsGiven(state) || call.Get(fresh);

    /// <summary>Refuses a version that is given for nothing.</summary>
    public void Check(Call call)
    {
        if (call.IsGiven(version) && !call.IsGiven(state)) throw new UsageException("--expected-version goes with --state.");
        if (call.IsGiven(state) && call.Get(fresh)) throw new UsageException("--fresh is given together with --state; another state is a step of its own.");
    }

    /// <summary>Retries it so. Of another state this program's engines, where it brings them along, know what one is.</summary>
    public async Task RetryAsync(Call call, RoostRuntime roost, string workId)
    {
        if (call.Get(fresh))
        {
            await roost.RetryFreshAsync(workId, call.Reason, call.Stop);
            return;
        }
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
