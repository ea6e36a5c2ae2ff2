using System.Text;
using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>A tree of items, drawn at a terminal and as JSON.</summary>
[TestFixture, NonParallelizable] // The command runs in this process, with its console.
internal sealed class TreeVerbTests : FolderFixture
{
    private string database = "";

    [SetUp]
    public async Task EnqueueAsync()
    {
        database = folder["roost.db"];
        await using var roost = new RoostRuntime(database);
        roost.AddEngine(ScriptedEngine.From((state, context) =>
            context.Item.Id == "bad" ? ScriptedEngine.GiveUp("the token=t-secret-123456 was refused") : ScriptedEngine.Finish(state)));
        await roost.EnqueueAsync([
            new WorkItem("top-engine") { Id = "top" }, new WorkItem("scripted") { Id = "first", ParentId = "top" },
            new WorkItem("scripted") { Id = "bad", ParentId = "top" }, new WorkItem("other") { Id = "inner", ParentId = "first" },
            new WorkItem("other") { Id = "last", ParentId = "top" },
            .. Enumerable.Range(0, 30).Select(i => new WorkItem("other") { Id = $"many-{i}", ParentId = "last" }),
        ]);
        await roost.RunUntilIdleAsync();
        await roost.CancelAsync("many-7");
    }

    [Test]
    public async Task Each_item_has_a_line_with_where_it_stands_and_what_is_left_out_is_counted()
    {
        string[] lines = (await RunAsync("tree", "top", "--limit", "3")).Ends(0).Output.TrimEnd().Split('\n');

        lines.Select(line => line.Split("  (")[0]).Should().Equal(
            "top  top-engine  ready",
            "├─ first  scripted  done  done",
            "│  └─ inner  other  ready",
            "├─ bad  scripted  failed  init",
            "└─ last  other  ready",
            "   ├─ many-29  other  ready",
            "   ├─ many-28  other  ready",
            "   ├─ many-27  other  ready",
            "   └─ ... 27 more: 1 cancelled, 26 queued",
            "in all below it: 34 items: 1 done, 1 failed, 1 cancelled, 31 queued");
        lines[0].Should().Contain("but no worker runs").And.EndWith("[3 children: 1 done, 1 failed, 1 queued]");
        lines[1].Should().EndWith("[1 child: 1 queued]");
        lines[3].Should().Contain("engine_failed").And.NotContain("t-secret");
    }

    [Test]
    public async Task A_depth_and_the_item_of_any_level_can_be_given()
    {
        string shallow = (await RunAsync("tree", "top", "--depth", "1")).Ends(0).Output, inner = (await RunAsync("tree", "inner")).Ends(0).Output;

        shallow.Should().Contain("├─ first").And.Contain("│  └─ ... 1 more: 1 queued")
            .And.Contain("   └─ ... 30 more: 1 cancelled, 29 queued").And.NotContain("inner  ");
        inner.Should().StartWith("below top (queued) > first (done)\ninner  other  ready").And.NotContain("in all");
        (await RunAsync("tree", "top", "--depth", "0")).Ends(0).Output.Should().Contain("└─ ... 3 more: 1 done, 1 failed, 1 queued");
    }

    [Test]
    public async Task Further_children_are_listed_by_the_cursor()
    {
        CommandResult first = (await RunAsync("tree", "last", "--limit", "20")).Ends(0);
        string cursor = first.Error.Split("--cursor ")[1].Trim();

        string rest = (await RunAsync("tree", "last", "--limit", "20", "--cursor", cursor)).Ends(0).Output;

        first.Output.Should().Contain("many-29").And.NotContain("many-9 ");
        rest.Should().Contain("├─ many-9 ").And.Contain("└─ many-7  other  cancelled").And.NotContain("many-29").And.NotContain("more:");
    }

    [Test]
    public async Task An_output_that_has_no_such_signs_is_drawn_in_plain_ones()
    {
        using var bytes = new MemoryStream();
        await using var output = new StreamWriter(bytes, Encoding.ASCII);
        (await CommandInProcess.RunAsync(["tree", "top", "--db", database], output: output)).Ends(0);
        await output.FlushAsync();

        Encoding.ASCII.GetString(bytes.ToArray()).Should().Contain("|- first").And.Contain("|  `- inner").And.Contain("`- last").And.NotContain("?- ");
    }

    [Test]
    public async Task As_JSON_each_item_has_its_depth_its_parent_and_its_counts()
    {
        JsonElement json = (await RunAsync("tree", "top", "--json", "--limit", "3")).Ends(0).Json;

        JsonElement top = json.GetProperty("items")[0], first = json.GetProperty("items")[1];
        (first.GetProperty("id").GetString(), first.GetProperty("parent_id").GetString()).Should().Be(("first", "top"));
        first.GetProperty("depth").GetInt32().Should().Be(1);
        top.GetProperty("below").GetProperty("queued").GetInt32().Should().Be(31);
        top.GetProperty("children").GetProperty("done").GetInt32().Should().Be(1);
        json.GetProperty("items").EnumerateArray().Single(item => item.GetProperty("id").GetString() == "last").GetProperty("shown").GetInt32().Should().Be(3);
    }

    [TestCase(2, "--depth is -1", "tree", "top", "--depth", "-1")]
    [TestCase(2, "--limit is 0", "tree", "top", "--limit", "0")]
    [TestCase(2, "--limit is 1001", "tree", "top", "--limit", "1001")]
    [TestCase(2, "cursor", "tree", "top", "--cursor", "nonsense")]
    [TestCase(3, "nobody", "tree", "nobody")]
    public async Task What_is_wrong_is_told(int code, string told, params string[] arguments) =>
        (await RunAsync(arguments)).Ends(code).Error.Should().Contain(told);

    [Test]
    public async Task The_status_of_an_item_with_children_points_to_its_tree()
    {
        (await RunAsync("status", "top")).Ends(0).Output.Should().MatchRegex("children +1 done, 1 failed, 1 queued; \"roost tree\" shows them\n");
        (await RunAsync("status", "inner")).Ends(0).Output.Should().NotContain("children");
    }

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandInProcess.RunAsync([.. arguments, "--db", database]);
}
