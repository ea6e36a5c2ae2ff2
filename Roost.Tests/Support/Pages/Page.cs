using System.Text.RegularExpressions;

namespace Roost.Tests.Support;

/// <summary>One page for readers: a Markdown file, its path below the root of the repository written with slashes.</summary>
internal sealed partial record Page(string Name, string Text)
{
    private static readonly string[] Roots = ["docs", "Roost.Extensions", "Roost.Cli", "Roost.Benchmarks", "Roost.Tests"];

    /// <summary>All pages for readers.</summary>
    public static IReadOnlyList<Page> All { get; } = [.. Files().Order(StringComparer.Ordinal).Select(Read)];

    public static Page Of(string name) => All.Single(page => page.Name == name);

    /// <summary>Without its blocks of code.</summary>
    public string Prose => Fence().Replace(Text, "");

    /// <summary>The headings as links name them.</summary>
    public IReadOnlySet<string> Anchors =>
        Heading().Matches(Prose).Select(heading => NotInAnchors().Replace(heading.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-')).ToHashSet();

    /// <summary>What stands between fences of one language, the mark before it and the block after it.</summary>
    public IEnumerable<Block> Blocks(string language)
    {
        Match[] all = [.. Fence().Matches(Text).Cast<Match>()];
        for (int i = 0; i < all.Length; i++)
        {
            if (all[i].Groups["language"].Value != language) continue;
            string? next = i + 1 < all.Length ? all[i + 1].Groups["text"].Value : null;
            yield return new(Name, Text.AsSpan(0, all[i].Index).Count('\n') + 1, all[i].Groups["text"].Value, all[i].Groups["mark"].Value, next);
        }
    }

    public override string ToString() => Name;

    private static IEnumerable<string> Files()
    {
        foreach (string file in Directory.EnumerateFiles(SourceTree.PathOf(), "*.md")) yield return file;
        foreach (string root in Roots)
            foreach (string file in Directory.EnumerateFiles(SourceTree.PathOf(root), "*.md", SearchOption.AllDirectories))
                if (!NotOurs().IsMatch(file)) yield return file;
    }

    private static Page Read(string file) =>
        new(Path.GetRelativePath(SourceTree.PathOf(), file).Replace('\\', '/'), File.ReadAllText(file).ReplaceLineEndings("\n"));

    [GeneratedRegex("(?:<!-- (?<mark>[a-z]+) -->\n)?^```(?<language>[a-z]*)\n(?<text>.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("[^\\w\\- ]")]
    private static partial Regex NotInAnchors();

    [GeneratedRegex(@"[\\/](bin|obj)[\\/]")]
    private static partial Regex NotOurs();
}

/// <summary>A block of code of a page.</summary>
/// <param name="Page">The page.</param>
/// <param name="Line">The line that it begins in.</param>
/// <param name="Text">What stands between the fences.</param>
/// <param name="Mark">The word of a comment before it, such as <c>run</c>; else empty.</param>
/// <param name="Next">The block that follows, of whatever language.</param>
internal sealed record Block(string Page, int Line, string Text, string Mark, string? Next)
{
    public override string ToString() => $"{Page}, line {Line}";
}
