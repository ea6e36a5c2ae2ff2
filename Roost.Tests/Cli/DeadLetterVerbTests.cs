using Roost.Tests.Support;

namespace Roost.Tests.Cli;

[TestFixture]
internal sealed class DeadLetterVerbTests
{
    private CommandFolder roost = null!;
    private string[] failed = [];

    [SetUp]
    public async Task SetUp()
    {
        roost = new();
        await using (var file = new RoostRuntime(roost.Database))
            failed = [.. (await file.EnqueueAsync(Enumerable.Range(0, 3).Select(_ => new WorkItem("demo", new { count_to = 0 })))).Select(result => result.Id)];
        await roost.WorkAsync();
    }

    [TearDown]
    public void TearDown() => roost.Dispose();

    [Test]
    public async Task They_are_listed_and_shown_and_the_wait_for_one_fails()
    {
        (await roost.RunAsync("dead-letters", "--json")).Ends(0).Json.GetProperty("items").GetArrayLength().Should().Be(3);
        (await roost.RunAsync("dead-letters", "list", "--error", "count_to is 0")).Ends(0).Output.Should().ContainAll(failed);
        (await roost.RunAsync("dead-letters", "list", "--fail-reason", "timed_out")).Ends(0).Output.Should().BeEmpty();
        (await roost.RunAsync("dead-letters", "show", failed[0], "--json"))
            .Ends(0)
            .Json.GetProperty("failure")
            .GetProperty("reason")
            .GetString()
            .Should()
            .Be("engine_failed");
        (await roost.RunAsync("wait", failed[0])).Ends(5);
    }

    [Test]
    public async Task Many_are_counted_first_and_changed_only_with_a_yes()
    {
        (await roost.RunAsync("dead-letters", "retry", "--engine", "demo")).Ends(2).Error.Should().Contain("3 dead letters").And.Contain("--yes");
        (await roost.RunAsync("dead-letters", "retry", "--engine", "demo", "--dry-run", "--json")).Ends(0).Json.GetProperty("count").GetInt32().Should().Be(3);
        (await roost.RunAsync("dead-letters", "retry")).Ends(2);

        (await roost.RunAsync("dead-letters", "retry", "--engine", "demo", "--yes", "--reason", "mended")).Ends(0).Output.Should().StartWith("3 ");

        (await roost.RunAsync("list", "--state", "queued", "--json")).Json.GetProperty("items").GetArrayLength().Should().Be(3);
        (await roost.RunAsync("events", failed[1])).Output.Should().Contain("mended");
    }

    [TestCase("retry")]
    [TestCase("dead-letters retry")]
    public async Task One_is_retried_from_another_state_that_is_given_as_text_file_or_stdin(string verb)
    {
        string[] words = verb.Split(' ');
        CommandResult shown = (await roost.RunAsync("dead-letters", "show", failed[0], "--json")).Ends(0);
        string state = shown.Json.GetProperty("snapshot").GetProperty("data").GetRawText();
        string mended = state.Replace("\"count_to\": 0", "\"count_to\": 2", StringComparison.Ordinal);
        await File.WriteAllTextAsync(roost.Folder["state.json"], mended);

        (await roost.RunAsync([.. words, failed[0], "--state", "@state.json", "--expected-version", "7"])).Ends(4).Error.Should().Contain("version 1, not 7");
        (await roost.RunAsync([.. words, failed[0], "--state", "{"])).Ends(2).Error.Should().Contain("--state: is not acceptable JSON");
        (await roost.RunAsync([.. words, failed[0], "--state", "@none.json"])).Ends(2).Error.Should().Contain("--state @none.json");
        (await roost.RunAsync([.. words, failed[0], "--expected-version", "1"])).Ends(2).Error.Should().Contain("goes with --state");
        if (words.Length == 1) (await roost.RunAsync([.. words, failed[0], "--state", "@state.json", "--expected-version", "1", "--reason", "mended"])).Ends(0);
        else (await roost.RunWithAsync(new Dictionary<string, string>(), mended, [.. words, failed[0], "--state", "-", "--reason", "mended"])).Ends(0);
        await roost.WorkAsync();

        (await roost.RunAsync("events", failed[0])).Output.Should().Contain("edited").And.Contain("mended");
        (await roost.RunAsync("status", failed[0], "--json")).Json.GetProperty("state").GetString().Should().Be("done");
    }

    [Test]
    public async Task Another_state_is_for_one_that_is_named()
    {
        (await roost.RunAsync("dead-letters", "retry", failed[0], failed[1], "--state", "{}")).Ends(2).Error.Should().Contain("one dead letter");
        (await roost.RunAsync("dead-letters", "retry", "--all", "--state", "{}")).Ends(2);
        (await roost.RunAsync("dead-letters", "retry", failed[0], "--state", "{}", "--dry-run")).Ends(2);
        (await roost.RunAsync("list", "--state", "failed", "--json")).Json.GetProperty("items").GetArrayLength().Should().Be(3);
    }

    [Test]
    public async Task What_is_over_runs_again_under_a_new_id()
    {
        (await roost.RunAsync("run-again", failed[0])).Ends(4).Error.Should().Contain("Retry it instead");
        await roost.RunAsync("dead-letters", "discard", failed[0]);

        string again = (await roost.RunAsync("run-again", failed[0], "--payload", """{"count_to":2}""", "--reason", "mistyped")).Ends(0).Word;
        await roost.WorkAsync();

        (await roost.RunAsync("status", again, "--json")).Ends(0).Json.GetProperty("state").GetString().Should().Be("done");
        (await roost.RunAsync("events", failed[0])).Output.Should().Contain("run_again").And.Contain(again);
        (await roost.RunAsync("run-again", again, "--payload", "[]")).Ends(2).Error.Should().Contain("--payload: is JSON that begins with '['");
    }

    [Test]
    public async Task Those_that_are_named_are_changed_without_a_question()
    {
        (await roost.RunAsync("retry", failed[0])).Ends(0).Word.Should().EndWith("queued");
        (await roost.RunAsync("dead-letters", "discard", failed[1], failed[2])).Ends(0);

        (await roost.RunAsync("list", "--state", "cancelled", "--json")).Json.GetProperty("items").GetArrayLength().Should().Be(2);
        (await roost.RunAsync("dead-letters", "discard", failed[0])).Ends(4);
    }
}
