using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What happens to an item while it is paused.</summary>
internal sealed class PausedItemTests(StoreHost host) : PauseFixture(host)
{
    private static ScriptedEngine Waiter(Wait wait) =>
        ScriptedEngine.From((state, _) => state == 0 ? Outcome.WaitFor(1, wait) : ScriptedEngine.Finish(2));

    [TestCaseSource(nameof(Targets))]
    public async Task A_delay_passes_and_a_wait_ends_underneath(PauseTarget target)
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Waiter(new() { Signals = ["go"], Timeout = Hour }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.RunUntilIdleAsync();
        await roost.PauseAsync(target, Why, Who);
        roost.Detail("it").Situation.Should().EndWith(
            $"paused by {Who}: {Why}; waiting for the signal go until 2026-01-01 01:00:00Z, since 2026-01-01 00:00:00Z");

        clock.Advance(Hour);
        await roost.RunUntilIdleAsync().Soon();

        roost.EventsOf("it").Should().EndWith("woken").And.NotContain("done");
        roost.Detail("it").Situation.Should().Contain($"paused by {Who}: {Why}; ready since 2026-01-01 01:00:00Z");
        MustAgree(roost);
        await roost.ResumeAsync(target, Who);
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task A_paused_item_takes_the_signal_that_it_waits_for_and_goes_on_once_it_is_resumed()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Signals = ["go"] }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.RunUntilIdleAsync();
        await roost.PauseAsync(PauseTarget.Item("it"), Why, Who);

        await roost.SignalAsync("it", "go");

        roost.StateOf("it").Should().Be(WorkState.Queued);
        await roost.RunUntilIdleAsync().Soon();
        roost.StateOf("it").Should().Be(WorkState.Queued);
        MustAgree(roost);
        await roost.ResumeAsync(PauseTarget.Item("it"), Who);
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task A_paused_parents_children_go_on_and_their_ends_wake_it_underneath()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1, id: "child"), ScriptedEngine.From((state, context) =>
        {
            if (state > 0) return ScriptedEngine.Finish(2);
            context.AddChild(new WorkItem("child") { Id = "c", Delay = Hour });
            return Outcome.WaitFor(1, new Wait { Children = ChildJoin.All });
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.RunUntilIdleAsync().Soon();
        await roost.PauseAsync(PauseTarget.Item("it"), Why, Who);

        await roost.RequeueNowAsync("c");
        await roost.RunUntilIdleAsync().Soon();

        roost.StateOf("c").Should().Be(WorkState.Done);
        roost.StateOf("it").Should().Be(WorkState.Queued, "it is woken, and not begun");
        MustAgree(roost);
        await roost.ResumeAsync(PauseTarget.Item("it"), Who);
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);
        MustAgree(roost);
    }

    [Test]
    public async Task Cancelling_a_tree_reaches_what_is_paused_in_it()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync([new WorkItem("nobody") { Id = "it" }, new WorkItem("nobody") { Id = "c", ParentId = "it" }]);
        await roost.PauseAsync(PauseTarget.Item("c"), Why, Who);
        await roost.PauseAsync(PauseTarget.File, Why, Who);

        await roost.CancelAsync("it");
        await roost.RunUntilIdleAsync().Soon();

        roost.StateOf("c").Should().Be(WorkState.Cancelled);
        (await roost.ListPausesAsync(PauseScope.Item)).Items.Should().BeEmpty();
        MustAgree(roost);
    }

    [Test]
    public async Task An_answer_to_a_paused_item_is_accepted()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Ask = new("Go?") }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.RunUntilIdleAsync();
        await roost.PauseAsync(PauseTarget.Item("it"), Why, Who);

        AskInfo ask = (await roost.ListAsksAsync()).Items.Single();
        (await roost.AnswerAsync(ask.Id, true, Who)).Created.Should().BeTrue();

        roost.Detail("it").Should().BeEquivalentTo(new { Summary = new { State = WorkState.Queued, Pause = new { By = Who } } });
        MustAgree(roost);
    }

    [TestCaseSource(nameof(Targets))]
    public async Task A_deadline_counts_while_paused(PauseTarget target)
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", Deadline = TestRuntime.Start + Hour });
        await roost.PauseAsync(target, Why, Who);

        clock.Advance(Hour);
        await roost.RunUntilIdleAsync().Soon();

        roost.Detail("it").LastFailure!.Reason.Should().Be(FailReasons.DeadlineExceeded);
        MustAgree(roost);
    }

    [TestCaseSource(nameof(Targets))]
    public async Task Cancelling_works_at_once_and_takes_the_items_pause_along(PauseTarget target)
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.PauseAsync(target, Why, Who);

        (await roost.CancelAsync("it")).Should().BeTrue();

        roost.StateOf("it").Should().Be(WorkState.Cancelled);
        roost.Detail("it").Pauses.Should().BeEmpty();
        (await roost.ListPausesAsync()).Items.Should().HaveCount(target.Scope == PauseScope.Item ? 0 : 1);
        roost.Totals().Paused.Should().Be(0);
        MustAgree(roost);
        (await roost.PurgeAsync(new(TimeSpan.Zero))).Items.Should().Be(1);
        MustAgree(roost);
    }

    [Test]
    public async Task A_paused_item_that_fails_is_no_longer_paused_when_it_is_retried()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", Deadline = TestRuntime.Start + Hour });
        await roost.PauseAsync(PauseTarget.Item("it"), Why, Who);
        clock.Advance(Hour);
        await roost.RunUntilIdleAsync().Soon();

        await roost.RetryAsync("it");

        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);
        MustAgree(roost);
    }

    [Test]
    public async Task Making_a_delayed_item_ready_leaves_it_paused()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", Delay = Hour });
        await roost.PauseAsync(PauseTarget.Item("it"), Why, Who);

        (await roost.RequeueNowAsync("it")).Should().BeTrue();
        (await roost.RequeueNowAsync("it")).Should().BeFalse("it is ready already");

        await roost.RunUntilIdleAsync().Soon();
        roost.Detail("it").DueAt.Should().BeNull();
        roost.Detail("it").Situation.Should().StartWith($"paused by {Who}: {Why}; ready since 2026-01-01 00:00:00Z");
        MustAgree(roost);
    }
}
