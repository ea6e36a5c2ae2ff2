using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>An item waits for a signal or a time, and goes on with what has woken it.</summary>
internal sealed class WaitTests(StoreHost host) : WaitFixture(host)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static IEnumerable<TestCaseData> BadWaits() =>
    [
        new(new Wait(), "wait"),
        new(new Wait { Signals = null! }, "Signals"),
        new(new Wait { Signals = [""] }, "Signals[0]"),
        new(new Wait { Signals = [" go"] }, "Signals[0]"),
        new(new Wait { Signals = [.. Enumerable.Range(0, 101).Select(n => $"{n}")] }, "Signals"),
        new(new Wait { Signals = ["go"], Timeout = TimeSpan.Zero }, "Timeout"),
        new(new Wait { Signals = ["go"], Timeout = TimeSpan.FromDays(4000) }, "Timeout"),
        new(new Wait { Signals = ["go"], Timeout = Hour, Until = TestRuntime.Start }, "Timeout"),
    ];

    [Test]
    public async Task An_item_that_waits_is_woken_by_its_signal_and_told_what_it_carries()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Waiter(new() { Signals = ["payment_settled"] }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        (await roost.RunUntilIdleAsync()).Should().Be(new IdleState(null, 1));
        roost.Detail(id).Should().BeEquivalentTo(new
        {
            Summary = new { State = WorkState.Waiting },
            Situation = "waiting for the signal payment_settled, since 2026-01-01 00:00:00Z",
            Wait = new WaitInfo { Signals = ["payment_settled"], Since = TestRuntime.Start },
        });
        roost.Totals().Should().BeEquivalentTo(new { Waiting = 1, Queued = 0, Total = 1 });

        (await roost.SignalAsync(id, "payment_settled", new { amount = 12.5m })).Should().Be(new SignalResult(id, true));

        roost.StateOf(id).Should().Be(WorkState.Queued);
        await roost.RunUntilDoneAsync(id).Soon();
        WokenBy(roost, id).Should().Be("""{"kind":"Signal","name":"payment_settled","payload":{"amount":12.5}}""");
        roost.EventsOf(id).Should().Equal(
            "enqueued", "claimed", "stepped", "stepped", "waiting", "signalled", "woken", "claimed", "engine.woken_by", "done");
        roost.Detail(id).Signals.Should().Be(0);
        MustAgree(roost);
    }

    [Test]
    public async Task A_signal_that_came_before_the_wait_ends_it_at_once()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Signals = ["go"], Timeout = Hour }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.SignalAsync(id, "other", 1);
        await roost.SignalAsync(id, "go", 2);
        await roost.SignalAsync(id, "go", 3);

        await roost.RunUntilDoneAsync(id).Soon();

        WokenBy(roost, id).Should().Be("""{"kind":"Signal","name":"go","payload":2}""");
        (await roost.ListSignalsAsync(id)).Items.Select(signal => $"{signal.Name} {signal.Payload}").Should().Equal("other 1", "go 3");
        MustAgree(roost);
    }

    [Test]
    public async Task Among_several_names_the_earliest_arrival_wins()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Signals = ["b", "a"] }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.SignalAsync(id, "a", "first");
        await roost.SignalAsync(id, "b", "second");

        await roost.RunUntilDoneAsync(id).Soon();

        WokenBy(roost, id).Should().Contain("first");
    }

    [Test]
    public async Task A_signal_that_comes_while_the_step_runs_is_found_by_its_wait()
    {
        RoostRuntime? runtime = null;
        string id = "it";
        await using RoostRuntime roost = runtime = await OpenAsync(TestRuntime.Clock(), new ScriptedEngine(async (state, context) =>
        {
            if (state > 0) return ScriptedEngine.Finish(state + (context.Wake!.Signal!.PayloadAs<int>() * 10));
            await runtime!.SignalAsync(id, "go", 7);
            context.TakeSignals().Should().BeEmpty("it had not come when the step began");
            return Outcome.WaitFor(1, new Wait { Signals = ["go"] });
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = id });

        await roost.RunUntilDoneAsync(id).Soon();

        roost.StatesOf(id)[^1].Should().Be("71");
        MustAgree(roost);
    }

    [Test]
    public async Task A_wait_ends_by_its_time()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Waiter(new() { Signals = ["go"], Timeout = Hour }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start + Hour);
        roost.Detail(id).Situation.Should().Be("waiting for the signal go until 2026-01-01 01:00:00Z, since 2026-01-01 00:00:00Z");
        clock.Advance(Hour);
        await roost.RunUntilDoneAsync(id).Soon();

        WokenBy(roost, id).Should().Be("""{"kind":"Timeout","name":null,"payload":null}""");
        MustAgree(roost);
    }

    [Test]
    public async Task A_wait_until_a_moment_that_has_passed_is_over_at_once()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Until = TestRuntime.Start - Hour }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilDoneAsync(id).Soon();
        WokenBy(roost, id).Should().Contain("Timeout");
    }

    [Test]
    public async Task A_signal_after_its_time_stays_in_the_mailbox_whoever_notices_first()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Waiter(new() { Signals = ["go"], Timeout = Hour }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        clock.Advance(Hour);

        await roost.SignalAsync(id, "go");
        await roost.RunUntilDoneAsync(id).Soon();

        WokenBy(roost, id).Should().Contain("Timeout");
        roost.Detail(id).Signals.Should().Be(1);
        MustAgree(roost);
    }

    [Test]
    public async Task Every_try_of_a_version_is_told_the_same_and_only_a_commit_takes_it()
    {
        var clock = TestRuntime.Clock();
        RoostRuntime? runtime = null;
        var told = new List<string>();
        await using RoostRuntime roost = runtime = await OpenAsync(clock, new ScriptedEngine(async (state, context) =>
        {
            if (state == 0) return Outcome.WaitFor(1, new Wait { Signals = ["go"] });
            if (state == 2) return ScriptedEngine.Finish(context.TakeSignals().Count);
            told.Add($"{context.Attempt}: {context.Wake!.Signal!.Payload} {string.Join(' ', context.TakeSignals("more").Select(signal => signal.Payload))}");
            await runtime!.SignalAsync(context.Item.Id, "more", 10 * context.Attempt);
            return context.Attempt < 3 ? throw new InvalidOperationException("not yet") : ScriptedEngine.GoOn(2);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        await roost.SignalAsync(id, "more", 1);
        await roost.SignalAsync(id, "go", 7);
        await roost.SignalAsync(id, "more", 2);

        await roost.RunThroughAsync(clock);

        told.Should().Equal("1: 7 1 2", "2: 7 1 2", "3: 7 1 2");
        roost.StatesOf(id)[^1].Should().Be("3", "what came during the tries is for the next version");
        MustAgree(roost);
    }

    [Test]
    public async Task A_kept_lease_yields_for_a_signal()
    {
        RoostRuntime? runtime = null;
        var seen = new List<int>();
        await using RoostRuntime roost = runtime = await OpenAsync(TestRuntime.Clock(), new ScriptedEngine(async (state, context) =>
        {
            seen.Add(context.TakeSignals().Count);
            if (state == 1) await runtime!.SignalAsync(context.Item.Id, "news");
            return state == 3 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilDoneAsync(id).Soon();

        seen.Should().Equal(0, 0, 1, 0);
        roost.ClaimsOf().Should().HaveCount(3);
        MustAgree(roost);
    }

    [Test]
    public async Task A_wait_frees_what_is_held_for_a_step_and_keeps_what_is_held_for_life()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Signals = ["go"] }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Resources = ["desk"] });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "life", Resources = ["chair"], ResourceHold = ResourceHold.Life });

        await roost.RunUntilIdleAsync();

        roost.Totals().Waiting.Should().Be(2);
        roost.Holders().Should().Equal("chair=life");
        roost.Detail("life").ResourcesHeld.Should().Equal("chair");
        MustAgree(roost);
    }

    [Test]
    public async Task A_waiting_item_is_cancelled_at_once_and_fails_by_its_deadline()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Waiter(new() { Signals = ["go"] }));
        string cancelled = await roost.EnqueueAsync(new WorkItem("scripted"));
        string late = await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = TestRuntime.Start + Hour });
        await roost.RunUntilIdleAsync();

        (await roost.CancelAsync(cancelled, "not needed")).Should().BeTrue();
        clock.Advance(Hour);
        await roost.RunUntilIdleAsync();

        roost.StateOf(cancelled).Should().Be(WorkState.Cancelled);
        roost.Detail(late).Summary.Should().BeEquivalentTo(new { State = WorkState.Failed, FailReason = FailReasons.DeadlineExceeded });
        MustAgree(roost);
    }

    [Test]
    public async Task A_retry_restores_the_wait_in_which_an_item_failed()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Waiter(new() { Signals = ["go"], Timeout = 2 * Hour }));
        string[] ids = [.. await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
            (await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = TestRuntime.Start + Hour })).Id))];
        await roost.RunUntilIdleAsync();
        clock.Advance(Hour);
        await roost.RunUntilIdleAsync();
        await roost.SignalAsync(ids[1], "go", "while it was dead");

        foreach (string id in ids) await roost.RetryAsync(id);

        roost.StateOf(ids[0]).Should().Be(WorkState.Waiting);
        roost.StateOf(ids[1]).Should().Be(WorkState.Queued, "its signal was there");
        (await roost.RunUntilIdleAsync()).Due.Should().Be(clock.GetUtcNow() + (2 * Hour), "its time begins anew");
        await roost.RunThroughAsync(clock);
        WokenBy(roost, ids[0]).Should().Contain("Timeout");
        WokenBy(roost, ids[1]).Should().Contain("while it was dead");
        MustAgree(roost);
    }

    [Test]
    public async Task A_retry_of_a_step_after_a_wait_is_told_the_same_wake()
    {
        var clock = TestRuntime.Clock();
        bool isBroken = true;
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((state, context) =>
        {
            if (state == 0) return Outcome.WaitFor(1, new Wait { Signals = ["go"] });
            return isBroken ? ScriptedEngine.GiveUp("no") : ScriptedEngine.Finish(context.Wake!.Signal!.PayloadAs<int>());
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.SignalAsync(id, "go", 42);
        await roost.RunUntilIdleAsync();
        roost.StateOf(id).Should().Be(WorkState.Failed);

        isBroken = false;
        await roost.RetryAsync(id);
        await roost.RunUntilIdleAsync();

        roost.StatesOf(id)[^1].Should().Be("42");
        MustAgree(roost);
    }

    [Test]
    public async Task A_step_that_is_asked_to_cancel_and_waits_ends_cancelled()
    {
        RoostRuntime? runtime = null;
        await using RoostRuntime roost = runtime = await OpenAsync(TestRuntime.Clock(), new ScriptedEngine(async (_, context) =>
        {
            await runtime!.CancelAsync(context.Item.Id);
            return Outcome.WaitFor(1, new Wait { Signals = ["go"] });
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        roost.StateOf(id).Should().Be(WorkState.Cancelled);
        roost.Detail(id).Wait.Should().BeNull();
        MustAgree(roost);
    }

    [Test]
    public async Task A_waiting_item_is_not_requeued_by_hand_but_may_change_its_priority()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Signals = ["go"] }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        await FluentActions.Awaiting(() => roost.RequeueNowAsync(id)).Should().ThrowAsync<ConflictException>().WithMessage("*waiting*signal*");
        (await roost.SetPriorityAsync(id, 5)).Should().BeTrue();
        roost.Detail(id).Summary.Should().BeEquivalentTo(new { State = WorkState.Waiting, Priority = 5 });
        MustAgree(roost);
    }

    [Test]
    public async Task What_waits_is_found_by_its_state_and_not_among_the_delayed()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Signals = ["go"], Timeout = Hour }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "delayed", Delay = 2 * Hour });
        await roost.RunUntilIdleAsync();
        (await roost.ListAsync(new() { State = WorkState.Waiting })).Items.Select(item => item.Id).Should().Equal(id);
        (await roost.ListAsync(new() { Condition = WorkCondition.Waiting })).Items.Select(item => item.Id).Should().Equal(id);
        (await roost.ListAsync(new() { Condition = WorkCondition.Delayed })).Items.Select(item => item.Id).Should().Equal("delayed");
        (await roost.ListAsync()).Items.Should().HaveCount(2);
    }

    [TestCaseSource(nameof(BadWaits))]
    public async Task A_wait_that_says_nothing_sound_is_final_and_told_by_its_field(Wait wait, string field)
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(wait));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        roost.Detail(id).Summary.Should().BeEquivalentTo(new { State = WorkState.Failed, FailReason = FailReasons.InvalidStep });
        roost.Detail(id).Summary.Error.Should().StartWith(field);
    }
}
