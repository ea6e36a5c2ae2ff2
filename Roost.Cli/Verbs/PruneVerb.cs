using System.CommandLine;
using Roost.Cli.Output;

namespace Roost.Cli.Verbs;

/// <summary>Removes work that has ended long ago.</summary>
internal sealed class PruneVerb : Verb
{
    private readonly Option<string> olderThan = new("--older-than") { Description = "Only what ended longer ago than this, such as 30d.", HelpName = "duration", Required = true };
    private readonly Option<string[]> states = new("--states", "--state", "-s") { Description = "The states to remove, with commas between: done, cancelled, failed. Default: done,cancelled.", HelpName = "states" };
    private readonly Option<string> engine = CommonOptions.Engine("Only work of this engine.");
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only counts it." };

    public PruneVerb() : base("prune", "Remove work that has ended, with its snapshots, events and artifacts, and give the space back.") =>
        Take(olderThan, states, engine, dryRun, CommonOptions.Reason, CommonOptions.Json);

    protected override async Task<int> RunAsync(Call call)
    {
        var filter = new PurgeFilter(Durations.Parse("--older-than", call.Get(olderThan)!)) { Engine = call.Get(engine) };
        string[] named = Lists.Split(call.Get(states));
        if (named.Length > 0) filter = filter with { States = [.. named.Select(StateOf)] };
        await using RoostRuntime roost = call.Open();
        PurgeResult result = await roost.PurgeAsync(filter, call.Get(dryRun), call.Reason, call.Stop);
        if (call.IsJson) call.Print.Json(new { Count = result.Items, result.FreedBytes, DryRun = call.Get(dryRun) });
        else call.Print.Line(call.Get(dryRun) ? $"{result.Items} work items would be removed" : $"{result.Items} work items removed, {Times.Bytes(result.FreedBytes)} given back");
        return ExitCodes.Ok;
    }

    private static WorkState StateOf(string name) => Enum.GetValues<WorkState>().Where(state => state.Name() == name).Cast<WorkState?>().FirstOrDefault()
        ?? throw new UsageException($"--states holds \"{name}\"; give done, cancelled or failed.");
}
