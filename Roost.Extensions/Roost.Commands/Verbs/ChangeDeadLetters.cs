using System.CommandLine;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Retries or discards dead letters: some by id, or many by filter, after a look at how many they are.</summary>
internal sealed class ChangeDeadLetters : Verb
{
    private readonly string done;
    private readonly Func<RoostRuntime, string, string?, Task> changeOne;
    private readonly Func<RoostRuntime, DeadLetterFilter, string?, CancellationToken, Task<int>> changeAll;
    private readonly Argument<string[]> ids = new Argument<string[]>("id")
    {
        Description = "The dead letters: ids, or unique beginnings or ends of them.",
        Arity = ArgumentArity.ZeroOrMore,
    }.OffersDeadLetters();
    private readonly DeadLetterOptions filter = new();
    private readonly Option<bool> all = new("--all") { Description = "All dead letters." };
    private readonly StateOptions? state;
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only counts them." };

    public ChangeDeadLetters(
        string name,
        string description,
        string done,
        Func<RoostRuntime, string, string?, Task> changeOne,
        Func<RoostRuntime, DeadLetterFilter, string?, CancellationToken, Task<int>> changeAll,
        StateOptions? state = null
    )
        : base(name, description)
    {
        (this.done, this.changeOne, this.changeAll, this.state) = (done, changeOne, changeAll, state);
        Take(ids);
        Take(filter.All);
        if (state is not null) Take(state.All);
        Take(all, dryRun, CommonOptions.Yes, CommonOptions.Reason, CommonOptions.Json);
    }

    protected override async Task<int> RunAsync(Call call)
    {
        string[] named = call.Get(ids);
        bool isFiltered = filter.IsGiven(call) || call.Get(all);
        if (named.Length > 0 == isFiltered) throw new UsageException("Name dead letters by id, or give a filter such as --engine or --error, or --all.");
        state?.Check(call);
        bool isEdited = state?.IsGiven(call) == true;
        if (isEdited && (named.Length != 1 || call.Get(dryRun)))
            throw new UsageException("--state and --fresh are for one dead letter, named by id, and without --dry-run.");
        await using RoostRuntime roost = call.Open();
        return named.Length > 0 ? await ByIdAsync(call, roost, named) : await ByFilterAsync(call, roost);
    }

    private async Task<int> ByIdAsync(Call call, RoostRuntime roost, string[] named)
    {
        var found = new List<string>(); // All of them first: where one is wrong, nothing is done.
        foreach (string text in named) found.Add(await IdResolver.FindAsync(roost, text, call.Stop));
        var changed = new List<string>(); // All of them before the first line: an output that breaks leaves none out.
        try
        {
            foreach (string id in found.Distinct(StringComparer.Ordinal))
            {
                if (state?.IsGiven(call) == true) await state.RetryAsync(call, roost, id);
                else if (!call.Get(dryRun)) await changeOne(roost, id, call.Reason);
                changed.Add(id);
            }
        }
        catch (RoostException) when (changed.Count > 0)
        {
            await Console.Error.WriteLineAsync($"Before that, {done}: {string.Join(", ", changed)}");
            throw;
        }
        call.Done = $"{Text.Count(changed.Count, "dead letter")} {(call.Get(dryRun) ? "would be " : "")}{done}";
        if (!call.IsJson) foreach (string id in changed) call.Print.Line($"{id}: {(call.Get(dryRun) ? "would be " : "")}{done}");
        if (call.IsJson) call.Print.Json(new { Result = done, Count = changed.Count, DryRun = call.Get(dryRun) });
        return ExitCodes.Ok;
    }

    private async Task<int> ByFilterAsync(Call call, RoostRuntime roost)
    {
        DeadLetterFilter meant = filter.Of(call);
        long found = await roost.CountDeadLettersAsync(meant, call.Stop);
        if (call.Get(dryRun) || found == 0) return Tell(call, found);
        if (!call.IsSure && !call.Ask($"{Text.Count(found, "dead letter")} would be {done}. Go on?"))
            throw new UsageException($"{Text.Count(found, "dead letter")} would be {done}; nothing was done. Give --yes to do it.");
        long changed = await changeAll(roost, meant, call.Reason, call.Stop);
        call.Done = $"{Text.Count(changed, "dead letter")} {done}";
        return Tell(call, changed);
    }

    private int Tell(Call call, long count)
    {
        if (call.IsJson) call.Print.Json(new { Result = done, Count = count, DryRun = call.Get(dryRun) });
        else call.Print.Line($"{Text.Count(count, "dead letter")} {(call.Get(dryRun) ? "would be " : "")}{done}");
        return ExitCodes.Ok;
    }
}
