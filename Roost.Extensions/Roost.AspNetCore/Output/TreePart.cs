namespace Roost.AspNetCore.Output;

/// <summary>An item of a tree with those of its children that were read.</summary>
internal sealed record TreePart(WorkNode Node, List<TreePart> Children)
{
    private static readonly WorkState[] Order = [WorkState.Done, WorkState.Failed, WorkState.Cancelled, WorkState.Running, WorkState.Waiting, WorkState.Queued];

    /// <summary>The item whose tree it is, from the list in which each item stands before its children.</summary>
    public static TreePart Of(WorkTree tree)
    {
        var path = new List<TreePart>();
        foreach (WorkNode node in tree.Items)
        {
            var part = new TreePart(node, []);
            path.RemoveRange(node.Depth, path.Count - node.Depth);
            if (path.Count > 0) path[^1].Children.Add(part);
            path.Add(part);
        }
        return path[0];
    }

    /// <summary>How many children are not here, and in which states these are; null where all are.</summary>
    public string? Folded()
    {
        Dictionary<WorkState, int> left = Node.Children.ToDictionary();
        foreach (TreePart child in Children) left[child.Node.Summary.State] = left.GetValueOrDefault(child.Node.Summary.State) - 1;
        int all = left.Values.Where(n => n > 0).Sum();
        return all == 0 ? null : $"{Text.Number(all)} more: {InWords(left)}";
    }

    /// <summary>What is below it at whatever depth; null where that is nothing, or no more than its children.</summary>
    public string? Below()
    {
        int all = Node.Below.Values.Sum();
        if (all == Node.Children.Values.Sum() && !Node.IsBelowAtLeast) return null;
        return $"{(Node.IsBelowAtLeast ? "at least " : "")}{Text.Count(all, "item")}: {InWords(Node.Below)}";
    }

    public static string InWords(IReadOnlyDictionary<WorkState, int> counts) =>
        string.Join(", ", Order.Where(state => counts.GetValueOrDefault(state) > 0).Select(state => $"{Text.Number(counts[state])} {state.Name()}"));
}
