namespace Roost.Commands.Output;

/// <summary>Draws a tree: a line for each item, and one for those of its children that are not shown.</summary>
internal sealed class TreeLines(Printer print, bool isFirst)
{
    private const int MostWhy = 70;

    private readonly Strokes strokes = Strokes.Of(print.Output.Encoding);
    private readonly List<string> lines = [];

    /// <summary>How the line of a child begins, and the lines below it; of one with brothers below it, and of the last.</summary>
    private readonly record struct Strokes(string Child, string Last, string BelowChild, string BelowLast)
    {
        private static readonly Strokes Drawn = new("├─ ", "└─ ", "│  ", "   "), Plain = new("|- ", "`- ", "|  ", "   ");

        /// <summary>Plain ones for an output whose encoding has no others.</summary>
        public static Strokes Of(System.Text.Encoding encoding) => encoding.GetString(encoding.GetBytes(Drawn.Last)) == Drawn.Last ? Drawn : Plain;
    }

    /// <param name="print">Where to.</param>
    /// <param name="tree">What to draw.</param>
    /// <param name="isFirst">Its children begin at the first, so that those which are not here come after them.</param>
    public static void Show(Printer print, WorkTree tree, bool isFirst)
    {
        var drawing = new TreeLines(print, isFirst);
        if (drawing.AboveOf(tree) is { } above) print.Line(above);
        var top = TreePart.Of(tree);
        drawing.Draw(top, "", "", "");
        foreach (string line in drawing.lines) print.Line(line);
        if (top.Below() is { } below) print.Line($"in all below it: {below}");
        if (tree.Next is not null) Console.Error.WriteLine($"More: --cursor {tree.Next}");
    }

    private string? AboveOf(WorkTree tree)
    {
        string[] names =
        [
            .. tree.IsParentGone ? (string[])["one that was purged"] : [],
            .. tree.IsMoreAbove ? (string[])["…"] : [],
            .. tree.Above.Select(item => $"{print.Id(item.Id)} ({item.State.Name()})"),
        ];
        return names.Length == 0 ? null : $"below {string.Join(" > ", names)}";
    }

    private void Draw(TreePart part, string lead, string begin, string below)
    {
        lines.Add(lead + begin + LineOf(part.Node));
        string? folded = part.Node.Depth == 0 && !isFirst ? null : part.Folded();
        for (int i = 0; i < part.Children.Count; i++)
        {
            bool isLast = i == part.Children.Count - 1 && folded is null;
            Draw(part.Children[i], lead + below, isLast ? strokes.Last : strokes.Child, isLast ? strokes.BelowLast : strokes.BelowChild);
        }
        if (folded is not null) lines.Add($"{lead}{below}{strokes.Last}... {folded}");
    }

    private string LineOf(WorkNode node)
    {
        WorkSummary item = node.Summary;
        string?[] parts =
        [
            print.Id(item.Id), Text.Line(item.Engine), node.Condition.ToString().ToLowerInvariant(), Text.Line(item.Step), WhyOf(node),
            node.Children.Count == 0 ? null : $"[{ChildrenOf(node)}]",
        ];
        return string.Join("  ", parts.Where(part => !string.IsNullOrEmpty(part)));
    }

    private static string ChildrenOf(WorkNode node) =>
        node.Children.Values.Sum() is var all && all == 1 ? $"1 child: {TreePart.InWords(node.Children)}"
        : $"{Text.Number(all)} children: {TreePart.InWords(node.Children)}";

    /// <summary>Without the condition's name, which stands before it.</summary>
    private string? WhyOf(WorkNode node)
    {
        if (node.Why is null) return null;
        string condition = node.Condition.ToString();
        string why = node.Why.StartsWith(condition, StringComparison.OrdinalIgnoreCase) ? node.Why[condition.Length..].TrimStart(' ', ':', ',', ';') : node.Why;
        return why.Length == 0 ? null : $"({Text.Short(print.Hide(why), MostWhy)})";
    }
}
