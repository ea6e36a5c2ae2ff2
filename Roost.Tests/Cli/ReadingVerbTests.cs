using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

[TestFixture]
internal sealed class ReadingVerbTests
{
    private const string Hostile = "\u001b[31mred\u0007\u202e";

    private CommandFolder roost = null!;
    private string done = "", waiting = "";

    [OneTimeSetUp]
    public async Task SetUp()
    {
        roost = new();
        done = await roost.EnqueueAsync(
            "--payload",
            JsonSerializer.Serialize(
                new
                {
                    message = Hostile,
                    count_to = 3,
                    api_key = "k-123",
                    nested = new { Access_Token = "t-456" },
                }
            )
        );
        await roost.WorkAsync();
        waiting = await roost.EnqueueAsync("--delay", "1h", "--resource", "domain:a", "--priority", "3");
    }

    [OneTimeTearDown]
    public void TearDown() => roost.Dispose();

    [Test]
    public async Task The_status_says_in_words_why_it_waits()
    {
        CommandResult plain = await roost.RunAsync("status", waiting), json = await roost.RunAsync("status", waiting, "--json");

        plain.Ends(0).Output.Should().Contain(waiting).And.Contain("delayed until");
        json.Ends(0).Json.GetProperty("state").GetString().Should().Be("queued");
        json.Json.GetProperty("situation").GetString().Should().Contain("delayed until");
        json.Json.GetProperty("due_at").GetDateTimeOffset().Should().BeAfter(DateTimeOffset.UtcNow);
        json.Json.GetProperty("resources")[0].GetString().Should().Be("domain:a");
    }

    [Test]
    public async Task Values_under_secret_keys_are_masked_unless_revealed()
    {
        string masked = (await roost.RunAsync("status", done, "--json")).Ends(0).Output, plain = (await roost.RunAsync("status", done)).Ends(0).Output;

        masked.Should().NotContain("k-123").And.NotContain("t-456").And.Contain("***");
        plain.Should().NotContain("k-123").And.NotContain("t-456");
        (await roost.RunAsync("status", done, "--json", "--reveal")).Output.Should().Contain("k-123").And.Contain("t-456");
        (await roost.RunAsync("status", done, "--json", "--secret-keys", "message")).Output.Should().Contain("k-123").And.NotContain("red");
    }

    [TestCase("status")]
    [TestCase("history", "--version", "2")]
    [TestCase("diff", "1", "2")]
    [TestCase("events")]
    public async Task Control_characters_of_the_data_do_not_reach_the_terminal(string verb, params string[] more)
    {
        CommandResult result = await roost.RunAsync([verb, done, .. more]);

        result.Ends(0).Output.Should().NotBeEmpty().And.NotContainAny("\u001b", "\u0007", "\u202e");
    }

    [Test]
    public async Task An_item_is_found_by_its_beginning_or_its_end()
    {
        (await roost.RunAsync("status", done[..^1], "--json")).Ends(0).Json.GetProperty("id").GetString().Should().Be(done);
        (await roost.RunAsync("status", done[^8..], "--json")).Ends(0).Json.GetProperty("id").GetString().Should().Be(done);
    }

    [Test]
    public async Task A_part_of_two_ids_is_a_usage_error_with_both_of_them() =>
        (await roost.RunAsync("status", done[..4])).Ends(2).Error.Should().Contain(done).And.Contain(waiting);

    [Test]
    public async Task An_unknown_id_is_not_found_and_a_near_one_is_suggested()
    {
        string mistyped = done[..^2] + (done[^2] == 'z' ? "yy" : "zz");

        (await roost.RunAsync("status", mistyped)).Ends(3).Error.Should().Contain($"Did you mean {done}?");
        (await roost.RunAsync("status", "nothing-like-it")).Ends(3).Output.Should().BeEmpty();
    }

    [Test]
    public async Task The_list_is_filtered()
    {
        (await roost.RunAsync("list", "--state", "done", "--json"))
            .Ends(0)
            .Json.GetProperty("items")
            .EnumerateArray()
            .Should()
            .ContainSingle()
            .Which.GetProperty("id")
            .GetString()
            .Should()
            .Be(done);
        (await roost.RunAsync("list", "--resource", "domain:a")).Ends(0).Output.Should().Contain(waiting).And.NotContain(done);
        (await roost.RunAsync("list", "--engine", "none")).Ends(0).Output.Should().BeEmpty();
    }

    [Test]
    public async Task A_page_goes_on_where_the_one_before_ended()
    {
        JsonElement first = (await roost.RunAsync("list", "--limit", "1", "--json")).Ends(0).Json;
        JsonElement second = (await roost.RunAsync("list", "--limit", "1", "--json", "--cursor", first.GetProperty("next").GetString()!)).Ends(0).Json;

        new[] { first, second }.Select(page => page.GetProperty("items")[0].GetProperty("id").GetString()).Should().BeEquivalentTo([done, waiting]);
    }

    [Test]
    public async Task The_events_of_an_item_are_in_order()
    {
        JsonElement events = (await roost.RunAsync("events", done, "--json")).Ends(0).Json.GetProperty("items");

        events
            .EnumerateArray()
            .Select(one => one.GetProperty("kind").GetString())
            .Should()
            .Equal("enqueued", "claimed", "stepped", "stepped", "stepped", "done");
        (await roost.RunAsync("events", "--limit", "2")).Ends(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().HaveCount(2);
    }

    [Test]
    public async Task Events_are_filtered_by_kind_engine_and_time()
    {
        string[] kinds = await KindsAsync("--kind", "enqueued,done", "--engine", "demo");
        kinds.Should().Contain("enqueued").And.Contain("done").And.OnlyContain(kind => kind == "enqueued" || kind == "done");
        (await KindsAsync("--engine", "nobody")).Should().BeEmpty();
        (await KindsAsync("--since", "1h", done)).Should().HaveCount(6);
        (await KindsAsync("--until", "1h")).Should().BeEmpty();
        (await KindsAsync("--since", "2020-01-01T00:00:00Z", "--until", "2020-01-02T00:00:00Z")).Should().BeEmpty();
        (await roost.RunAsync("events", "--kind", "done", "--limit", "1")).Ends(0).Error.Should().MatchRegex("Earlier: --before \\d+");
        (await roost.RunAsync("events", "--until", "1h")).Ends(0).Error.Should().Contain("No event matches.");
        foreach (
            string[] wrong in new string[][] { ["--kind", "faild"], ["--since", "soon"], ["--since", "1h", "--until", "2h"], ["--follow", "--until", "1h"] }
        )
            (await roost.RunAsync(["events", .. wrong])).Ends(2);

        async Task<string[]> KindsAsync(params string[] options) =>
            [
                .. (await roost.RunAsync(["events", "--json", .. options]))
                    .Ends(0)
                    .Json.GetProperty("items")
                    .EnumerateArray()
                    .Select(one => one.GetProperty("kind").GetString()!),
            ];
    }

    [Test]
    public async Task Followed_events_come_one_a_line_until_interrupted()
    {
        await using CommandProcess follow = roost.Start("events", waiting, "--follow", "--json");
        string? first = await follow.ReadLineAsync();

        await follow.SignalAsync("INT");

        JsonSerializer.Deserialize<JsonElement>(first!).GetProperty("kind").GetString().Should().Be("enqueued");
        (await follow.EndAsync()).Ends(130);
    }

    [Test]
    public async Task The_history_and_one_version_of_it_are_shown()
    {
        (await roost.RunAsync("history", done, "--json"))
            .Ends(0)
            .Json.GetProperty("items")
            .EnumerateArray()
            .Select(one => one.GetProperty("version").GetInt32())
            .Should()
            .Equal(1, 2, 3, 4);
        (await roost.RunAsync("history", done, "--version", "2", "--json")).Ends(0).Json.GetProperty("data").GetProperty("count").GetInt32().Should().Be(1);
        (await roost.RunAsync("history", done, "--version", "9")).Ends(3);
    }

    [Test]
    public async Task A_diff_tells_what_changed_by_its_path()
    {
        JsonElement diff = (await roost.RunAsync("diff", done, "1", "4", "--json")).Ends(0).Json;

        diff.GetProperty("changes").EnumerateArray().Should().ContainSingle();
        diff.GetProperty("changes")[0].GetProperty("path").GetString().Should().Be("$.count");
        diff.GetProperty("changes")[0].GetProperty("after").GetInt32().Should().Be(3);
        (await roost.RunAsync("diff", done)).Ends(0).Output.Should().Be("~ $.count: 2 -> 3\n");
    }

    [Test]
    public async Task The_stats_and_engines_count()
    {
        JsonElement stats = (await roost.RunAsync("stats", "--json")).Ends(0).Json;

        stats.GetProperty("total").GetProperty("done").GetInt32().Should().Be(1);
        stats.GetProperty("total").GetProperty("delayed").GetInt32().Should().Be(1);
        stats.GetProperty("file_bytes").GetInt64().Should().BePositive();
        stats
            .GetProperty("steps")
            .GetProperty("steps")
            .EnumerateArray()
            .Sum(line => line.GetProperty("steps").GetInt64())
            .Should()
            .Be(stats.GetProperty("steps").GetProperty("points").EnumerateArray().Sum(point => point.GetProperty("steps").GetInt64()))
            .And.BePositive();
        (await roost.RunAsync("stats", "--over", "day"))
            .Ends(0)
            .Output.Should()
            .Contain("Steps of the last day, at least: they are counted since ")
            .And.Contain("run p95");
        (await roost.RunAsync("engines", "--json")).Ends(0).Json.GetProperty("items")[0].GetProperty("counts").GetProperty("done").GetInt32().Should().Be(1);
    }

    [Test]
    public async Task A_watched_list_is_printed_until_interrupted()
    {
        await using CommandProcess watch = roost.Start("list", "--watch", "--json");
        string? first = await watch.ReadLineAsync();

        await watch.SignalAsync("INT");

        JsonSerializer.Deserialize<JsonElement>(first!).GetProperty("items").GetArrayLength().Should().Be(2);
        (await watch.EndAsync()).Ends(130);
    }

    [Test]
    public async Task Artifacts_are_listed_printed_and_saved()
    {
        (await roost.RunAsync("artifacts", "list", done, "--json"))
            .Ends(0)
            .Json.GetProperty("items")[0]
            .GetProperty("name")
            .GetString()
            .Should()
            .Be("count.json");
        (await roost.RunAsync("artifacts", "cat", done, "count.json")).Ends(0).Json.GetProperty("counted").GetInt32().Should().Be(3);
        (await roost.RunAsync("artifacts", "cat", done, "none.json")).Ends(3);
        (await roost.RunAsync("artifacts", "save", done, "--to", "out")).Ends(0).Word.Should().Be(roost.Folder[Path.Combine("out", "count.json")]);
        (await roost.RunAsync("artifacts", "save", done, "--to", "out")).Ends(4);
        (await roost.RunAsync("artifacts", "save", done, "--to", "out", "--force")).Ends(0);
    }

    [TestCase("../../evil.sh")]
    [TestCase("/etc/evil")]
    [TestCase("..")]
    [TestCase("a\\..\\b")]
    [TestCase(".bashrc")]
    public async Task An_artifact_is_saved_nowhere_but_in_the_folder(string name)
    {
        using var other = new CommandFolder();
        string id;
        await using (var file = new RoostRuntime(other.Database))
        {
            file.AddEngine(ScriptedEngine.From((state, context) =>
            {
                context.AddArtifact("report.txt", "text");
                return ScriptedEngine.Finish(state);
            }));
            id = await file.EnqueueAsync(new WorkItem("scripted"));
            (await file.RunUntilDoneAsync(id)).State.Should().Be(WorkState.Done);
            file.Execute("UPDATE roost_artifact SET name = $0", name); // A step could not add it; a file that somebody else has made may hold it.
        }

        string saved = (await other.RunAsync("artifacts", "save", id, "--to", "out/deep")).Ends(0).Word;

        Path.GetDirectoryName(saved).Should().Be(other.Folder[Path.Combine("out", "deep")]);
        Path.GetFileName(saved).Should().NotStartWith(".");
        Directory.GetFiles(other.Folder["out"], "*", SearchOption.AllDirectories).Should().Equal(saved);
    }

    [Test]
    public async Task Artifacts_that_would_be_saved_as_one_file_are_refused_before_any_is_saved()
    {
        using var other = new CommandFolder();
        string id;
        await using (var file = new RoostRuntime(other.Database))
        {
            file.AddEngine(ScriptedEngine.From((state, context) =>
            {
                foreach (string name in (string[])["a.txt", "logs/run.txt", "logs_run.txt"]) context.AddArtifactText(name, name);
                return ScriptedEngine.Finish(state);
            }));
            id = await file.EnqueueAsync(new WorkItem("scripted"));
            await file.RunUntilDoneAsync(id);
        }

        (await other.RunAsync("artifacts", "save", id, "--to", "out", "--force")).Ends(4).Error.Should().ContainAll("logs/run.txt", "logs_run.txt");

        Directory.Exists(other.Folder["out"]).Should().BeFalse();
    }

    [Test]
    public async Task The_workspace_path_is_told_and_nothing_is_made()
    {
        string path = (await roost.RunAsync("workspace-path", done)).Ends(0).Word;

        path.Should().StartWith(roost.Database);
        Directory.Exists(path).Should().BeFalse();
    }
}
