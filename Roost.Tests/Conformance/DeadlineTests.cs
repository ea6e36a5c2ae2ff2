using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class DeadlineTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly DateTimeOffset InAnHour = TestRuntime.Start + Hour;

    [Test]
    public async Task A_delayed_item_whose_deadline_passes_is_a_dead_letter()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = Hour / 2, Deadline = InAnHour });
        clock.Advance(Hour);

        (await roost.RunUntilIdleAsync()).Due.Should().BeNull();

        (await roost.WaitAsync(id)).FailReason.Should().Be(FailReasons.DeadlineExceeded);
        roost.EventsOf(id).Should().Equal("enqueued", "failed");
    }

    [Test]
    public async Task Before_its_deadline_an_item_runs()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = InAnHour });
        clock.Advance(Hour - TimeSpan.FromMilliseconds(1));

        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task A_loop_enforces_the_deadlines_of_engines_and_queues_that_it_does_not_serve()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        string engine = await roost.EnqueueAsync(new WorkItem("elsewhere") { Deadline = InAnHour });
        string queue = await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "night", Deadline = InAnHour });
        clock.Advance(Hour);

        await roost.RunUntilIdleAsync();

        roost.StateOf(engine).Should().Be(WorkState.Failed);
        roost.StateOf(queue).Should().Be(WorkState.Failed);
    }

    [Test]
    public async Task More_items_than_one_transaction_takes_fail_all_the_same()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(Enumerable.Range(0, 1200).Select(_ => new WorkItem("elsewhere") { Deadline = InAnHour }));
        clock.Advance(Hour);

        await roost.RunUntilIdleAsync();

        roost.Totals().Failed.Should().Be(1200);
        MustAgree(roost);
    }

    [Test]
    public async Task A_running_steps_token_fires_and_a_done_that_still_arrives_is_accepted()
    {
        CancellationReason reason = default;

        WorkDetail ended = await OverdueAsync((state, context) =>
        {
            reason = context.CancellationReason;
            return ScriptedEngine.Finish(state);
        });

        ended.Summary.State.Should().Be(WorkState.Done);
        reason.Should().Be(CancellationReason.DeadlineExceeded);
    }

    [Test]
    public async Task A_step_that_would_go_on_after_the_deadline_fails_with_its_snapshot_saved()
    {
        WorkDetail ended = await OverdueAsync((state, _) => ScriptedEngine.GoOn(state + 1));

        ended.Summary.Should().BeEquivalentTo(new { State = WorkState.Failed, FailReason = FailReasons.DeadlineExceeded, Version = 2 });
    }

    [Test]
    public async Task A_step_that_throws_after_the_deadline_is_not_tried_again()
    {
        WorkDetail ended = await OverdueAsync((_, _) => throw new OperationCanceledException());

        ended.Summary.FailReason.Should().Be(FailReasons.DeadlineExceeded);
    }

    [Test]
    public async Task What_the_last_try_said_stays_beside_a_deadline_that_passes_while_its_item_waits_for_the_next()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { RetryBaseDelay = 4 * Hour, RetryMaxDelay = 4 * Hour }, clock,
            ScriptedEngine.From((_, _) => throw new InvalidOperationException("outer", new FormatException("the seventh line is no number"))));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = InAnHour });
        await roost.StepOnceAsync(); // The first state.
        await roost.StepOnceAsync();
        (await roost.GetAsync(id)).Failures.Should().Be(1);
        clock.Advance(2 * Hour);

        await roost.RunUntilIdleAsync();

        WorkFailure failure = (await roost.GetAsync(id)).LastFailure!;
        failure.Reason.Should().Be(FailReasons.DeadlineExceeded);
        failure.Message.Should().StartWith("The deadline").And.EndWith("Its last try had failed: outer");
        failure
            .Should()
            .BeEquivalentTo(
                new
                {
                    ErrorType = "System.InvalidOperationException",
                    CauseType = "System.FormatException",
                    CauseMessage = "the seventh line is no number",
                }
            );
        failure.Stack.Should().NotBeNull();
        failure.Causes.Should().ContainSingle().Which.Message.Should().Be("the seventh line is no number");
        (await roost.ListDeadLetterGroupsAsync())
            .Items.Should()
            .ContainSingle()
            .Which.ErrorType.Should()
            .BeNull("items whose deadlines have passed are one group, whatever else was wrong with them");
    }

    [Test]
    public async Task What_a_step_threw_after_the_deadline_stays_beside_it()
    {
        WorkFailure failure = (await OverdueAsync((_, _) => throw new FormatException("no number"))).LastFailure!;

        failure.Reason.Should().Be(FailReasons.DeadlineExceeded);
        failure.Message.Should().EndWith("Its last try had failed: no number");
        failure.ErrorType.Should().Be("System.FormatException");
    }

    [Test]
    public async Task A_retry_of_an_overdue_dead_letter_runs()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = Hour / 2, Deadline = InAnHour });
        clock.Advance(Hour);
        await roost.RunUntilIdleAsync();

        await roost.RetryAsync(id);

        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task A_retry_before_the_deadline_keeps_it()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            clock,
            ScriptedEngine.From((state, _) => state == 0 ? ScriptedEngine.GiveUp("no") : ScriptedEngine.Finish(state))
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = InAnHour });
        await roost.RunUntilDoneAsync(id).Soon();

        await roost.RetryAsync(id);
        clock.Advance(Hour);

        (await roost.RunUntilDoneAsync(id).Soon()).FailReason.Should().Be(FailReasons.DeadlineExceeded);
    }

    [Test]
    public async Task A_blocked_item_that_is_overdue_gives_back_what_it_took()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(clock, new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id != "holder") return ScriptedEngine.Finish(state);
            await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "holder", Resources = ["b"], Priority = 1 });
        string blocked = await roost.EnqueueAsync(new WorkItem("scripted") { Resources = ["a", "b"], Deadline = InAnHour });
        Task loop = roost.RunUntilIdleAsync();
        await gate.Reached;
        clock.Advance(Hour);

        (await roost.WaitAsync(blocked).Soon()).FailReason.Should().Be(FailReasons.DeadlineExceeded);
        roost.Holders().Should().Equal("b=holder");
        gate.Open();
        await loop.Soon();
    }

    /// <summary>How an item ends whose step is running when its deadline passes, and answers this once its token has fired.</summary>
    private async Task<WorkDetail> OverdueAsync(Func<int, StepContext, Outcome> answer)
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(clock, new ScriptedEngine(async (state, context) =>
        {
            await gate.UntilFiredAsync(context.CancellationToken);
            return answer(state, context);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = InAnHour });
        Task<WorkSummary> running = roost.RunUntilDoneAsync(id);
        await gate.Reached;

        clock.Advance(Hour);

        await running.Soon();
        return await roost.GetAsync(id);
    }
}
