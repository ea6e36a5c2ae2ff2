using System.CommandLine;
using System.Diagnostics;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>Removes work that has ended long ago.</summary>
internal sealed class PruneVerb : Verb
{
    private readonly Option<string> olderThan = new("--older-than")
    {
        Description = "Only what ended longer ago than this, such as 30d.",
        HelpName = "duration",
        Required = true,
    };
    private readonly Option<string[]> states = new("--states", "--state", "-s")
    {
        Description = "The states to remove, with commas between: done, cancelled, failed. Default: done,cancelled.",
        HelpName = "states",
    };
    private readonly Option<string> engine = CommonOptions.Engine("Only work of this engine.");
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only counts it." };

    public PruneVerb() : base("prune", "Remove work that has ended, with its snapshots, events and artifacts, and give the space back.") =>
        Take(olderThan, states, engine, dryRun, CommonOptions.Yes, CommonOptions.Reason, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        var filter = new PurgeFilter(Durations.Parse("--older-than", call.Get(olderThan)!)) { Engine = call.Get(engine) };
        string[] named = Lists.Split(states.Name, call.Get(states));
        if (named.Length > 0) filter = filter with { States = [.. named.Select(StateOf)] };
        await using RoostRuntime roost = call.Open();
        long counted = Stopwatch.GetTimestamp();
        (PurgeResult found, string what) = await CountAsync(roost, filter, call.Stop);
        if (call.Get(dryRun) || found.Items == 0) return Tell(call, found);
        if (!call.IsSure && !call.Ask($"{what} would be removed, with all snapshots, events and artifacts of theirs. This cannot be undone. Go on?"))
            throw new UsageException($"{what} would be removed; nothing was. Give --yes to do it.");
        // What has become old enough while somebody thought about it was not in the number.
        PurgeFilter asked = filter with { OlderThan = filter.OlderThan + Stopwatch.GetElapsedTime(counted) };
        PurgeResult gone = await roost.PurgeAsync(asked, reason: call.Reason, cancellationToken: call.Stop);
        call.Done = $"{Text.Count(gone.Items, "work item")} removed";
        return Tell(call, gone);
    }

    /// <summary>All that would go, however much it is, by state.</summary>
    private static async Task<(PurgeResult Count, string What)> CountAsync(RoostRuntime roost, PurgeFilter filter, CancellationToken stop)
    {
        var all = new PurgeResult();
        var parts = new List<string>();
        foreach (WorkState state in filter.States.Distinct())
        {
            PurgeResult found = await roost.PurgeAsync(filter with { States = [state] }, dryRun: true, cancellationToken: stop);
            all = all with { Items = all.Items + found.Items, KeptForParents = all.KeptForParents + found.KeptForParents };
            if (found.Items > 0) parts.Add($"{Text.Number(found.Items)} {state.Name()}");
        }
        return (all, $"{Text.Count(all.Items, "work item")} ({string.Join(", ", parts)})");
    }

    private int Tell(Call call, PurgeResult result)
    {
        if (call.IsJson)
            call.Print.Json(
                new
                {
                    Count = result.Items,
                    result.KeptForParents,
                    result.FreedBytes,
                    DryRun = call.Get(dryRun),
                }
            );
        else
            call.Print.Line(
                (call.Get(dryRun)
                    ? $"{Text.Count(result.Items, "work item")} would be removed"
                    : $"{Text.Count(result.Items, "work item")} removed, {Times.Size(result.FreedBytes)} given back")
                + (result.KeptForParents == 0 ? "" : $"; {Text.Count(result.KeptForParents, "work item")} kept for parents that have not ended")
            );
        return ExitCodes.Ok;
    }

    private static WorkState StateOf(string name) => Enum.GetValues<WorkState>().Where(state => state.Name() == name).Cast<WorkState?>().FirstOrDefault()
        ?? throw new UsageException($"--states holds \"{name}\"; give done, cancelled or failed.");
}
