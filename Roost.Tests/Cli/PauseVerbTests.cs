using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>Pausing and resuming from a terminal.</summary>
[TestFixture, NonParallelizable] // The command runs in this process, with its console.
internal sealed class PauseVerbTests : FolderFixture
{
    private static readonly string[] Why = ["--reason", "the vendor is down", "--by", "ops"];

    private string database = "";

    [SetUp]
    public async Task EnqueueAsync()
    {
        database = folder["roost.db"];
        await using var roost = new RoostRuntime(database);
        await roost.EnqueueAsync([new WorkItem("demo") { Id = "it-1" }, new WorkItem("demo") { Id = "other-1", Queue = "night" }]);
    }

    [Test]
    public async Task An_item_is_paused_shown_and_resumed()
    {
        (await RunAsync(0, ["pause", "it-1", .. Why])).Word.Should().Be("work item it-1: paused");

        (await RunAsync(0, "status", "it-1")).Output.Should().MatchRegex("situation +paused by ops: the vendor is down; ready since ")
            .And.MatchRegex("paused +work item it-1 is paused by ops: the vendor is down \\(since [-:.0-9TZ]+, [^()]+\\)");
        (await RunAsync(0, "list", "--paused")).Output.Should().Contain("it-1").And.Contain("queued, paused").And.NotContain("other-1");
        (await RunAsync(0, "pauses")).Output.Should().MatchRegex("item +it-1 +.* +ops +the vendor is down");
        (await RunAsync(0, "stats", "--json")).Json.GetProperty("total").GetProperty("paused").GetInt32().Should().Be(1);
        (await RunAsync(0, ["pause", "it-1", "--reason", "still", "--by", "ops"])).Word.Should().Contain("was paused already");
        (await RunAsync(0, "resume", "it-1", "--by", "ops", "--reason", "up again")).Word.Should().Be("work item it-1: resumed");
        (await RunAsync(0, "resume", "it-1", "--by", "ops")).Word.Should().Be("work item it-1: was not paused");
        (await RunAsync(0, "pauses")).Error.Should().Contain("Nothing is paused.");
        (await RunAsync(0, "events", "it-1")).Output.Should().Contain("the vendor is down").And.Contain("up again");
    }

    [TestCase("engine demo", "--engine", "demo")]
    [TestCase("queue night", "--queue", "night")]
    [TestCase("this file", "--all")]
    public async Task More_than_an_item_is_paused_until_its_end(string what, params string[] target)
    {
        string word = (await RunAsync(0, ["pause", .. target, .. Why, "--for", "2h"])).Word;

        word.Should().StartWith($"{what}: paused until 2");
        JsonElement pause = (await RunAsync(0, "pauses", "--json")).Json.GetProperty("items").EnumerateArray().Single();
        (pause.GetProperty("until").GetDateTimeOffset() - TimeProvider.System.GetUtcNow()).Should().BeCloseTo(TimeSpan.FromHours(2), TimeSpan.FromMinutes(1));
        (await RunAsync(0, "stats")).Output.Should().Contain($"{what} is paused by ops until ");
        (await RunAsync(0, "engines")).Output.Should().Contain("paused by ops until ");
        (await RunAsync(0, "status", "other-1")).Output.Should().Contain($"{what} is paused by ops until ");
        (await RunAsync(0, ["resume", .. target, "--by", "ops", "--json"])).Json.GetProperty("result").GetString().Should().Be("resumed");
    }

    [TestCase("--for", "2h")]
    [TestCase("--until", "2050-01-31T12:00:00.1234567Z")]
    public async Task The_end_that_is_told_is_the_one_that_is_kept(string option, string end)
    {
        string? told = (await RunAsync(0, ["pause", "it-1", .. Why, option, end, "--json"])).Json.GetProperty("until").GetString();

        (await RunAsync(0, "pauses", "--json")).Json.GetProperty("items")[0].GetProperty("until").GetString().Should().Be(told);
    }

    [Test]
    public async Task Who_resumes_an_item_is_told_what_else_keeps_it_back()
    {
        await RunAsync(0, ["pause", "it-1", .. Why]);
        await RunAsync(0, ["pause", "--engine", "demo", .. Why]);

        (await RunAsync(0, "resume", "it-1", "--by", "ops")).Error.Trim().Should().Be("It goes on waiting: engine demo is paused by ops: the vendor is down.");
    }

    [TestCase(2, "It is not said what is meant", "pause")]
    [TestCase(2, "an id and --all are given together", "pause", "it-1", "--all")]
    [TestCase(2, "--engine and --queue are given together", "pause", "--engine", "demo", "--queue", "night")]
    [TestCase(2, "--until and --for are given together", "pause", "it-1", "--until", "2h", "--for", "2h")]
    [TestCase(2, "--until: is 2020-01-01 00:00:00Z", "pause", "it-1", "--until", "2020-01-01")]
    [TestCase(2, "--for is 0s", "pause", "it-1", "--for", "0s")]
    [TestCase(2, "a number needs its unit", "pause", "it-1", "--for", "30")]
    [TestCase(3, "There is no work item", "pause", "nobody")]
    [TestCase(3, "There is no item of engine dmeo", "pause", "--engine", "dmeo")]
    [TestCase(3, "There is no item of queue nihgt", "pause", "--queue", "nihgt")]
    public async Task What_is_wrong_is_said_and_nothing_is_paused(int code, string says, params string[] arguments)
    {
        (await RunAsync(code, [.. arguments, .. Why])).Error.Should().Contain(says);

        (await RunAsync(0, "pauses", "--json")).Json.GetProperty("items").GetArrayLength().Should().Be(0);
    }

    [TestCase("--reason", "pause", "it-1", "--by", "ops")]
    [TestCase("--by", "pause", "it-1", "--reason", "why")]
    [TestCase("--by", "resume", "it-1")]
    public async Task Who_and_why_have_to_be_said(string option, params string[] arguments) =>
        (await RunAsync(2, arguments)).Error.Should().Contain(option);

    [Test]
    public async Task Another_process_works_on_only_once_it_is_resumed()
    {
        await RunAsync(0, ["pause", "--engine", "demo", .. Why]);
        await RunAsync(0, "worker", "--until-idle", "--plain");
        (await RunAsync(0, "status", "it-1", "--json")).Json.GetProperty("state").GetString().Should().Be("queued");

        await RunAsync(0, "resume", "--engine", "demo", "--by", "ops");
        await RunAsync(0, "worker", "--until-idle", "--plain");

        (await RunAsync(0, "status", "it-1", "--json")).Json.GetProperty("version").GetInt32().Should().BeGreaterThan(0);
    }

    private async Task<CommandResult> RunAsync(int code, params string[] arguments) =>
        (await CommandInProcess.RunAsync([.. arguments, "--db", database])).Ends(code);
}
