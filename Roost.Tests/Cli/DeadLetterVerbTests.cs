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

    [Test]
    public async Task Those_that_are_named_are_changed_without_a_question()
    {
        (await roost.RunAsync("retry", failed[0])).Ends(0).Word.Should().EndWith("queued");
        (await roost.RunAsync("dead-letters", "discard", failed[1], failed[2])).Ends(0);

        (await roost.RunAsync("list", "--state", "cancelled", "--json")).Json.GetProperty("items").GetArrayLength().Should().Be(2);
        (await roost.RunAsync("dead-letters", "discard", failed[0])).Ends(4);
    }
}
