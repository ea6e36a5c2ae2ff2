using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

[TestFixture]
internal sealed class ChangingVerbTests
{
    private CommandFolder roost = null!;

    [OneTimeSetUp]
    public void SetUp() => roost = new();

    [OneTimeTearDown]
    public void TearDown() => roost.Dispose();

    [Test]
    public async Task A_queued_item_is_cancelled_with_its_reason_in_the_events_and_only_once()
    {
        string id = await roost.EnqueueAsync("--delay", "1h");

        (await roost.RunAsync("cancel", id, "--reason", "not needed")).Ends(0).Word.Should().Be($"{id}: cancelled");

        (await roost.RunAsync("cancel", id)).Ends(4);
        (await roost.RunAsync("events", id)).Output.Should().Contain("not needed");
        (await roost.RunAsync("wait", id)).Ends(5).Output.Should().Contain("cancelled");
    }

    [Test]
    public async Task A_delayed_item_is_made_ready_and_its_priority_changed()
    {
        string id = await roost.EnqueueAsync("--delay", "1h");

        (await roost.RunAsync("priority", id, "-5", "--json")).Ends(0).Json.GetProperty("result").GetString().Should().Be("priority -5");
        (await roost.RunAsync("requeue", id)).Ends(0).Word.Should().EndWith("ready");

        JsonElement item = (await roost.RunAsync("status", id, "--json")).Json;
        item.GetProperty("priority").GetInt32().Should().Be(-5);
        item.GetProperty("ready_since").ValueKind.Should().Be(JsonValueKind.String);
    }

    [Test]
    public async Task A_running_item_is_seen_with_its_worker_and_resource_and_taken_away_by_force()
    {
        using var held = new HeldStep();
        await using var worker = new RoostRuntime(roost.Database);
        worker.AddEngine(held.Engine);
        string id = await worker.EnqueueAsync(new WorkItem("held") { Resources = ["domain:x"] });

        await held.WhileRunningAsync(worker, async () =>
        {
            (await roost.RunAsync("workers", "--json")).Ends(0).Json.GetProperty("items")[0].GetProperty("is_alive").GetBoolean().Should().BeTrue();
            (await roost.RunAsync("resources", "--json")).Ends(0).Json.GetProperty("items")[0].GetProperty("holder_id").GetString().Should().Be(id);
            (await roost.RunAsync("status", id)).Ends(0).Output.Should().Contain("running");
            (await roost.RunAsync("requeue", id)).Ends(4);
            (await roost.RunAsync("release", id, "--reason", "stuck")).Ends(0).Word.Should().EndWith("released");
        });

        (await roost.RunAsync("events", id)).Output.Should().Contain("stuck");
    }

    [Test]
    public async Task A_dead_letter_is_retried_without_what_its_step_has_recorded_of_effects()
    {
        await using var worker = new RoostRuntime(roost.Database);
        worker.AddEngine(new ScriptedEngine(async (_, context) =>
        {
            await context.OnceAsync("pay", _ => Task.FromResult("r-1"), new() { Arguments = new { amount = 7 } });
            return ScriptedEngine.GiveUp("broken");
        }, "paying"));
        string id = await worker.EnqueueAsync(new WorkItem("paying"));
        await worker.RunUntilDoneAsync(id).Soon();

        (await roost.RunAsync("history", id, "--effects")).Ends(0).Output.Should().ContainAll("pay", "recorded", "{\"amount\":7}", "\"r-1\"");
        (await roost.RunAsync("history", id, "--effects", "--version", "1")).Ends(2).Error.Should().Contain("--effects");
        (await roost.RunAsync("retry", id, "--fresh", "--state", "1")).Ends(2).Error.Should().Contain("--fresh");
        (await roost.RunAsync("retry", id, "--fresh", "--reason", "paid back")).Ends(0);

        (await roost.RunAsync("history", id, "--effects")).Ends(0).Output.Should().NotContain("r-1");
        (await roost.RunAsync("events", id)).Output.Should().Contain("paid back");
    }

    [Test]
    public async Task What_does_not_run_cannot_be_released()
    {
        string id = await roost.EnqueueAsync("--delay", "1h");

        (await roost.RunAsync("release", id)).Ends(4);
        (await roost.RunAsync("retry", id)).Ends(4);
    }

    [Test]
    public async Task Waiting_ends_when_its_time_is_over()
    {
        string id = await roost.EnqueueAsync("--delay", "1h");

        (await roost.RunAsync("wait", id, "--timeout", "0.1s")).Ends(124).Output.Should().BeEmpty();
    }

    [Test]
    public async Task Waiting_ends_with_the_work()
    {
        string id = await roost.EnqueueAsync("--queue", "waited");
        await using CommandProcess wait = roost.Start("wait", id, "--timeout", "60s", "--json");

        await roost.WorkAsync("--queues", "waited");

        (await wait.EndAsync()).Ends(0).Json.GetProperty("state").GetString().Should().Be("done");
    }

    [Test]
    public async Task Interrupted_waiting_ends_with_130()
    {
        string id = await roost.EnqueueAsync("--delay", "1h");
        await using CommandProcess follow = roost.Start("events", id, "--follow");
        await follow.ReadLineAsync();

        await follow.SignalAsync("TERM");

        (await follow.EndAsync()).Ends(130);
    }
}
