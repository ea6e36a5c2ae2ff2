using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Roost.AspNetCore;
using Roost.Commands;
using Roost.Samples.Watchlist;
using Roost.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What the pages for readers say is what there is: links, pictures, calls, tests, verbs, defaults and the states.</summary>
[TestFixture]
internal sealed class PageTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    private static readonly string[] History = ["CHANGELOG.md"];

    private static IEnumerable<Page> Pages => Page.All.Where(page => !History.Contains(page.Name));

    [Test]
    public void Packages_that_are_shown_with_a_version_have_that_of_this_tree()
    {
        string[] shown =
        [
            .. Pages.SelectMany(page => Regex.Matches(page.Text, @"\bRoost(?:\.\w+)*(?:@| --version |"" Version="")(\d[^\s""]*)")
                .Select(one => one.Groups[1].Value)),
        ];

        shown.Should().NotBeEmpty("docs/guide/scripts.md shows one").And.OnlyContain(version => version == SourceTree.Version);
    }

    [TestCaseSource(nameof(Pages))]
    public void Every_link_leads_somewhere(Page page)
    {
        var broken = new List<string>();
        foreach (Match link in Regex.Matches(page.Prose, @"\]\(([^)\s]+)\)"))
        {
            string target = link.Groups[1].Value;
            if (Regex.IsMatch(target, "^https?://")) continue;
            string[] parts = target.Split('#');
            string name = parts[0].Length == 0 ? page.Name : PathFrom(page.Name, parts[0]);
            bool there = File.Exists(SourceTree.PathOf(name)) || Directory.Exists(SourceTree.PathOf(name));
            if (!there || (parts.Length > 1 && !Page.Of(name).Anchors.Contains(parts[1]))) broken.Add(target);
        }

        broken.Should().BeEmpty();
    }

    [Test]
    public void Every_page_of_docs_is_reached_from_the_README()
    {
        var reached = new HashSet<string>();
        var open = new Stack<string>(["README.md"]);
        while (open.TryPop(out string? name))
        {
            if (!name.EndsWith(".md", StringComparison.Ordinal) || !reached.Add(name)) continue;
            foreach (Match link in Regex.Matches(Page.Of(name).Prose, @"\]\((?!https?:)([^)#\s]+)"))
            {
                string target = PathFrom(name, link.Groups[1].Value);
                if (Page.All.Any(page => page.Name == target)) open.Push(target);
            }
        }

        Page.All.Where(page => page.Name.StartsWith("docs/", StringComparison.Ordinal) && !reached.Contains(page.Name)).Should().BeEmpty();
    }

    [TestCaseSource(nameof(Pages))]
    public void Every_call_that_is_named_exists(Page page)
    {
        Regex.Matches(page.Prose, @"\b[A-Z][A-Za-z]+Async\b").Select(call => call.Value).Where(call => !Members.Value.Contains(call)).Should().BeEmpty();
    }

    [TestCaseSource(nameof(Pages))]
    public void Every_test_that_is_named_exists(Page page)
    {
        HashSet<string> tests = [.. typeof(PageTests).Assembly.GetTypes().Select(type => type.Name)];

        Regex.Matches(page.Prose, @"`([A-Z]\w+Tests)`").Select(test => test.Groups[1].Value).Where(test => !tests.Contains(test)).Should().BeEmpty();
    }

    [TestCaseSource(nameof(Pages))]
    public void Every_verb_that_is_named_exists(Page page)
    {
        var command = new Root(_ => { });
        string[] calls =
        [
            .. Regex.Matches(page.Prose, @"`roost ([a-z][a-z-]*)[^`]*`").Select(call => call.Groups[1].Value),
            .. page.Blocks("console").SelectMany(block => Regex.Matches(block.Text, @"^\$ roost ([a-z][a-z-]*)", RegexOptions.Multiline))
                .Select(call => call.Groups[1].Value),
        ];

        calls.Where(verb => command.Subcommands.All(each => each.Name != verb)).Should().BeEmpty();
    }

    [Test]
    public void Every_default_that_is_named_is_the_default()
    {
        var options = new RoostOptions();
        var wrong = new List<string>();
        int compared = 0;
        foreach (Page page in Pages)
            foreach (Match match in Regex.Matches(page.Prose, @"`(?:RoostOptions\.)?([A-Z]\w+)` \[([^\]]+)\](?!\()"))
            {
                if (typeof(RoostOptions).GetProperty(match.Groups[1].Value) is not { } option) continue;
                compared++;
                if (!IsDefault(option.GetValue(options), match.Groups[2].Value)) wrong.Add($"{page}: {match.Value}");
            }

        wrong.Should().BeEmpty();
        compared.Should().BeGreaterThan(10);
    }

    [Test]
    public void The_state_diagram_is_the_table_of_transitions()
    {
        var diagram = new StringBuilder("stateDiagram-v2\n    [*] --> queued: enqueue\n");
        foreach ((WorkState from, string what, WorkState to) in WorkStates.Transitions)
            diagram.Append("    ").Append(from.Name()).Append(" --> ").Append(to.Name()).Append(": ").Append(what).Append('\n');

        Block shown = Page.All.SelectMany(page => page.Blocks("mermaid")).Single(block => block.Text.StartsWith("stateDiagram", StringComparison.Ordinal));

        shown.Text.Should().Be(diagram.Append("    done --> [*]\n    cancelled --> [*]\n").ToString());
    }

    [TestCaseSource(nameof(Pages))]
    public void Blocks_are_of_a_language_that_is_checked(Page page)
    {
        Regex.Matches(page.Text, "^```([a-z]+)$", RegexOptions.Multiline).Select(fence => fence.Groups[1].Value)
            .Should().BeSubsetOf(["csharp", "json", "console", "mermaid", "sh", "text", "xml"]);
    }

    private static readonly Lazy<HashSet<string>> Members = new(() =>
    [
        .. new[] { typeof(RoostRuntime), typeof(WatchlistEngine), typeof(RoostCommand), typeof(ConsoleServer), typeof(EngineVerifier) }
            .SelectMany(type => type.Assembly.GetTypes())
            .SelectMany(type => type.GetMembers(All)).Select(member => member.Name),
    ]);

    private static string PathFrom(string page, string target)
    {
        string folder = Path.GetDirectoryName(SourceTree.PathOf(page))!;
        return Path.GetRelativePath(SourceTree.PathOf(), Path.GetFullPath(Path.Combine(folder, target))).Replace('\\', '/');
    }

    private static bool IsDefault(object? value, string told) => value switch
    {
        null => told is "none" or "no limit" or "null" or "all" or "`default`",
        TimeSpan time => TimeOf(told) == time,
        int number when told.EndsWith("MiB", StringComparison.Ordinal) => int.Parse(told[..^4], CultureInfo.InvariantCulture) * 1024 * 1024 == number,
        int number => told == number.ToString("N0", CultureInfo.InvariantCulture),
        _ when ReferenceEquals(value, RoostJson.Default) => told == "`RoostJson.Default`",
        _ => told == $"`{value}`",
    };

    private static TimeSpan? TimeOf(string told) => told.Split(' ') switch
    {
        [var amount, "ms"] => TimeSpan.FromMilliseconds(double.Parse(amount, CultureInfo.InvariantCulture)),
        [var amount, "s"] => TimeSpan.FromSeconds(double.Parse(amount, CultureInfo.InvariantCulture)),
        [var amount, "min"] => TimeSpan.FromMinutes(double.Parse(amount, CultureInfo.InvariantCulture)),
        _ => null,
    };
}
