using System.CommandLine;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>An item and what is below it.</summary>
internal sealed class TreeVerb : Verb
{
    private readonly Argument<string> id = CommonOptions.Id();
    private readonly Option<int> depth = new("--depth")
    {
        Description = "How many levels below the item.",
        HelpName = "number",
        DefaultValueFactory = _ => new TreeBounds().Depth,
    };
    private readonly Option<int> limit = new("--limit", "-n")
    {
        Description = "How many children of each item at most; the others are counted.",
        HelpName = "number",
        DefaultValueFactory = _ => new TreeBounds().Children,
    };
    private readonly Option<string> cursor = new("--cursor") { Description = "Goes on with further children of the item: the next of its --json." };

    public TreeVerb() : base("tree", "Show an item and what is below it: its children, theirs, and how many of them are in which state.") =>
        Take(id, depth, limit, cursor, CommonOptions.Json, CommonOptions.Watch);

    protected override Task<int> RunAsync(Call call)
    {
        var bounds = new TreeBounds { Depth = call.Get(depth), Children = call.Get(limit) };
        if (bounds.Depth is < 0 or > 1000) throw new UsageException($"--depth is {bounds.Depth}; give a number from 0 to 1,000.");
        if (bounds.Children is < 1 or > 1000) throw new UsageException($"--limit is {bounds.Children}; give a number from 1 to 1,000.");
        return call.WithItemAsync(id, (roost, workId) => call.ShowAsync(async () =>
        {
            WorkTree tree = await roost.GetTreeAsync(workId, bounds, call.Get(cursor), call.Stop);
            return new(() => TreeJson.Of(tree), print => TreeLines.Show(print, tree, isFirst: !call.IsGiven(cursor)));
        }));
    }
}
