using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class CancelTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task A_queued_item_is_cancelled_at_once()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        (await roost.CancelAsync(id, "not needed")).Should().BeTrue();

        roost.StateOf(id).Should().Be(WorkState.Cancelled);
        roost.Events(EventKinds.Cancelled).Single().Text().Should().Be("""{"reason":"not needed"}""");
        await roost.RunUntilIdleAsync();
        roost.EventsOf(id).Should().Equal("enqueued", "cancelled");
    }

    [Test]
    public async Task A_delayed_item_is_cancelled_at_once_and_no_longer_due()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromHours(1) });

        await roost.CancelAsync(id);

        (await roost.RunUntilIdleAsync()).Due.Should().BeNull();
        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Cancelled);
    }

    [Test]
    public async Task A_running_steps_token_fires_and_says_why()
    {
        var running = await RunningAsync((state, _) => ScriptedEngine.GoOn(state + 1));
        await using RoostRuntime roost = running.Roost;

        (await roost.CancelAsync("it", "enough")).Should().BeTrue();
        WorkSummary ended = await running.Loop.Soon();

        running.Reason().Should().Be(CancellationReason.Cancelled);
        ended.State.Should().Be(WorkState.Cancelled);
        roost.EventsOf("it").Should().Equal("enqueued", "claimed", "stepped", "cancel_requested", "stepped", "cancelled");
        roost.Events(EventKinds.CancelRequested, EventKinds.Cancelled).Select(one => one.Text())
            .Should().HaveCount(2).And.OnlyContain(data => data == """{"reason":"enough"}""");
    }

    [Test]
    public async Task What_the_cancelled_step_brings_is_kept_but_for_its_children_and_triggers()
    {
        var running = await RunningAsync((state, context) =>
        {
            context.AddEvent("seen");
            context.AddArtifactText("log.txt", "text");
            context.AddChild(new WorkItem("scripted"));
            return ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = running.Roost;

        await roost.CancelAsync("it");
        WorkSummary ended = await running.Loop.Soon();

        ended.Version.Should().Be(2);
        roost.EventsOf("it").Should().Contain("engine.seen");
        roost.ArtifactCount().Should().Be(1);
        roost.Totals().Total.Should().Be(1);
    }

    [Test]
    public async Task A_done_that_arrives_after_the_cancel_wins_with_its_children()
    {
        var running = await RunningAsync((state, context) =>
        {
            context.AddChild(new WorkItem("elsewhere"));
            return ScriptedEngine.Finish(state);
        });
        await using RoostRuntime roost = running.Roost;

        await roost.CancelAsync("it");

        (await running.Loop.Soon()).State.Should().Be(WorkState.Done);
        roost.Items().Select(item => item.Engine).Order().Should().Equal("elsewhere", "followup", "scripted");
    }

    [Test]
    public async Task A_step_that_throws_after_the_cancel_is_cancelled_and_not_tried_again()
    {
        var running = await RunningAsync((_, _) => throw new OperationCanceledException());
        await using RoostRuntime roost = running.Roost;

        await roost.CancelAsync("it");

        (await running.Loop.Soon()).State.Should().Be(WorkState.Cancelled);
        roost.EventsOf("it").Should().Equal("enqueued", "claimed", "stepped", "cancel_requested", "cancelled");
    }

    [Test]
    public async Task A_step_that_fails_for_good_after_the_cancel_is_cancelled()
    {
        var running = await RunningAsync((_, _) => ScriptedEngine.GiveUp("stopped"));
        await using RoostRuntime roost = running.Roost;

        await roost.CancelAsync("it");

        (await running.Loop.Soon()).State.Should().Be(WorkState.Cancelled);
    }

    [Test]
    public async Task Cancelling_twice_is_no_error_and_ended_items_say_false()
    {
        var running = await RunningAsync((state, _) => ScriptedEngine.GoOn(state));
        await using RoostRuntime roost = running.Roost;

        (await roost.CancelAsync("it", "first")).Should().BeTrue();
        await running.Loop.Soon();

        (await roost.CancelAsync("it", "second")).Should().BeFalse();
        roost.EventsOf("it").Count(kind => kind == "cancelled").Should().Be(1);
    }

    [Test]
    public async Task A_second_cancel_of_a_running_item_leaves_the_first_reason()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();

        (await roost.CancelAsync("it", "first")).Should().BeTrue();
        (await roost.CancelAsync("it", "second")).Should().BeTrue();

        roost.Detail("it").CancelReason.Should().Be("first");
        roost.EventsOf("it").Should().Equal("enqueued", "claimed", "cancel_requested");
    }

    [Test]
    public async Task A_dead_letter_is_not_cancelled_but_discarded()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("no")));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilDoneAsync(id).Soon();

        (await roost.CancelAsync(id)).Should().BeFalse();
        await roost.DiscardAsync(id, "seen");

        roost.StateOf(id).Should().Be(WorkState.Cancelled);
        roost.EventsOf(id).Should().EndWith("discarded");
    }

    [Test]
    public async Task An_unknown_item_is_an_error()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await roost.Invoking(it => it.CancelAsync("nobody")).Should().ThrowAsync<NotFoundException>()).Which.Message.Should().Contain("nobody");
    }

    [Test]
    public async Task A_cancel_by_another_runtime_on_the_file_reaches_the_step()
    {
        var clock = TestRuntime.Clock();
        var running = await RunningAsync((state, _) => ScriptedEngine.GoOn(state), clock);
        await using RoostRuntime roost = running.Roost;
        await using RoostRuntime other = await BesideAsync(roost);

        await other.CancelAsync("it", "from afar");
        await running.Loop.WhileTimePasses(clock);

        running.Reason().Should().Be(CancellationReason.Cancelled);
        (await running.Loop).State.Should().Be(WorkState.Cancelled);
        (clock.GetUtcNow() - TestRuntime.Start).Should().BeLessThan(TimeSpan.FromSeconds(10), "it is noticed before the leases are renewed");
    }

    [Test]
    public async Task A_cancel_between_two_steps_of_a_kept_lease_fires_the_token_of_the_next()
    {
        var reasons = new List<CancellationReason>();
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(null, new ScriptedEngine(async (state, context) =>
        {
            if (state == 1) await gate.UntilFiredAsync(context.CancellationToken);
            reasons.Add(context.CancellationReason);
            return ScriptedEngine.GoOn(state + 1);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task<WorkSummary> loop = roost.RunUntilDoneAsync("it");
        await gate.Reached;
        await roost.CancelAsync("it");

        (await loop.Soon()).State.Should().Be(WorkState.Cancelled);

        reasons.Should().Equal(CancellationReason.None, CancellationReason.Cancelled);
    }

    [TestCase(CancellationReason.Cancelled)]
    [TestCase(CancellationReason.LeaseLost)]
    public void A_token_that_fired_for_the_item_stays_fired_for_the_next_step_of_the_lease(CancellationReason reason)
    {
        using var step = new Execution.ActiveStep(null!);
        step.Cancel(CancellationReason.TimedOut);
        step.Cancel(reason);

        step.GoOn();

        step.Reason.Should().Be(reason);
        step.Token.IsCancellationRequested.Should().BeTrue();
    }

    private async Task<(RoostRuntime Roost, Task<WorkSummary> Loop, Func<CancellationReason> Reason)> RunningAsync(
        Func<int, StepContext, Outcome> after, Microsoft.Extensions.Time.Testing.FakeTimeProvider? clock = null)
    {
        var gate = new Gate();
        CancellationReason reason = default;
        RoostRuntime roost = await OpenAsync(
            new RoostOptions { Triggers = [new Trigger("scripted", "followup")] },
            clock,
            new ScriptedEngine(
                async (state, context) =>
                {
                    await gate.UntilFiredAsync(context.CancellationToken);
                    reason = context.CancellationReason;
                    return after(state, context);
                }
            )
        );
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task<WorkSummary> loop = roost.RunUntilDoneAsync("it");
        await gate.Reached;
        return (roost, loop, () => reason);
    }
}
