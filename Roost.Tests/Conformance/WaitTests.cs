using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Waits and signals: each signal is applied once, and no wake-up is lost, whatever comes first.</summary>
internal sealed class WaitTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Waits once for what is given, and is done with what woke it as an event.</summary>
    private static ScriptedEngine Waiter(Wait wait) => ScriptedEngine.From((state, context) =>
    {
        if (state == 0) return Outcome.WaitFor(1, wait);
        context.AddEvent("woken_by", Told(context.Wake));
        return ScriptedEngine.Finish(2);
    });

    private static object Told(Wake? wake) => new { kind = wake?.Kind.ToString(), name = wake?.Signal?.Name, payload = wake?.Signal?.Payload };

    private static string? WokenBy(RoostRuntime roost, string id) => roost.EventData(id, "engine.woken_by");

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
    public async Task A_signal_between_two_tries_is_not_seen_by_the_second()
    {
        var clock = TestRuntime.Clock();
        var seen = new List<int>();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((state, context) =>
        {
            seen.Add(context.TakeSignals().Count);
            if (state == 0 && context.Attempt == 1) throw new InvalidOperationException("not yet");
            return state == 1 ? ScriptedEngine.Finish(2) : ScriptedEngine.GoOn(1);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        await roost.SignalAsync(id, "late");

        await roost.RunThroughAsync(clock);

        seen.Should().Equal(0, 0, 1);
        MustAgree(roost);
    }

    [Test]
    public async Task A_signal_after_a_step_was_given_back_is_not_seen_by_its_next_try()
    {
        var seen = new List<int>();
        var engine = ScriptedEngine.From((state, context) =>
        {
            seen.Add(context.TakeSignals().Count);
            return state == 1 ? ScriptedEngine.Finish(2) : ScriptedEngine.GoOn(1);
        });
        await using RoostRuntime roost = await OpenAsync(clock: null, engine);
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        using (Ghost ghost = await GhostAsync(roost, engine))
        {
            var lease = (await ghost.ClaimAsync())[0];
            await ghost.CommitAsync(lease, OutcomeKind.Continue, 0);
            lease = (await ghost.ClaimAsync())[0];
            await roost.ReleaseLeaseAsync(id);
            await roost.SignalAsync(id, "late");
        }

        await roost.RunUntilDoneAsync(id).Soon();

        seen.Should().Equal(0, 1);
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
    public async Task A_signal_with_an_id_is_one_however_often_it_is_delivered()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Signals = ["go"] }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        (await roost.SignalAsync(id, "go", new { a = 1 }, "evt_81")).Created.Should().BeTrue();
        (await roost.SignalAsync(id, "go", new { a = 1 }, "evt_81")).Created.Should().BeFalse();
        roost.Detail(id).Signals.Should().Be(1);

        string before = Host.Everything(roost);
        await FluentActions.Awaiting(() => roost.SignalAsync(id, "go", new { a = 2 }, "evt_81")).Should().ThrowAsync<ConflictException>()
            .WithMessage("*evt_81*");
        Host.Everything(roost).Should().Be(before);

        await roost.RunUntilDoneAsync(id).Soon();
        await FluentActions.Awaiting(() => roost.SignalAsync(id, "go", new { a = 1 }, "evt_82")).Should().ThrowAsync<ConflictException>().WithMessage("*done*");
    }

    [Test]
    public async Task A_signal_that_was_taken_and_is_delivered_again_is_still_one()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((state, _) => Outcome.WaitFor(state + 1, new Wait { Signals = ["go"] })));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        await roost.SignalAsync(id, "go", null, "once");
        await roost.RunUntilIdleAsync();
        roost.StatesOf(id)[^1].Should().Be("2");

        (await roost.SignalAsync(id, "go", null, "once")).Created.Should().BeFalse();
        await roost.RunUntilIdleAsync();

        roost.StatesOf(id)[^1].Should().Be("2");
        MustAgree(roost);
    }

    [Test]
    public async Task An_item_is_signalled_by_its_key_and_enqueued_with_its_signal_in_one()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Signals = ["message"] }));
        var chat = new WorkItem("scripted") { IdempotencyKey = "chat-7" };
        await FluentActions.Awaiting(() => roost.SignalByKeyAsync("scripted", "chat-7", "message")).Should().ThrowAsync<NotFoundException>()
            .WithMessage("*chat-7*");

        EnqueueResult first = await roost.EnqueueAndSignalAsync(chat, "message", "hello", "m1");
        EnqueueResult again = await roost.EnqueueAndSignalAsync(chat, "message", "hello", "m1");
        (await roost.SignalByKeyAsync("scripted", "chat-7", "message", "there")).Should().Be(new SignalResult(first.Id, true));

        (first.Created, again.Created, again.Id).Should().Be((true, false, first.Id));
        (await roost.ListSignalsAsync(first.Id)).Items.Select(signal => signal.PayloadAs<string>()).Should().Equal("hello", "there");
        await FluentActions.Awaiting(() => roost.EnqueueAndSignalAsync(new WorkItem("scripted"), "message")).Should().ThrowAsync<InvalidInputException>()
            .Where(e => e.Field == "IdempotencyKey");
    }

    [Test]
    public async Task A_step_signals_another_item_and_its_own_with_its_commit()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Waiter(new() { Signals = ["done"] }), ScriptedEngine.From((state, context) =>
        {
            if (state == 1) return ScriptedEngine.Finish(context.Wake!.Signal!.PayloadAs<int>());
            context.Signal("waiter", "done", new { from = "sender" });
            context.Signal(context.Item.Id, "self", 5);
            context.Signal("nobody", "done");
            return context.Attempt == 1 ? throw new InvalidOperationException("not yet") : Outcome.WaitFor(1, new Wait { Signals = ["self"] });
        }, "sender"));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "waiter" });
        await roost.EnqueueAsync(new WorkItem("sender") { Id = "sender" });

        await roost.RunThroughAsync(clock);

        WokenBy(roost, "waiter").Should().Contain("""{"from":"sender"}""");
        roost.StatesOf("sender")[^1].Should().Be("5");
        roost.EventData("sender", EventKinds.SignalDropped).Should().Contain("nobody").And.Contain("There is no work item nobody.");
        roost.Events(EventKinds.Signalled).Should().HaveCount(2, "the try that failed has sent nothing");
        MustAgree(roost);
    }

    [Test]
    public async Task A_full_mailbox_refuses_and_lets_in_what_has_room_again()
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxSignals = 2 }, TestRuntime.Clock(), ScriptedEngine.From((state, context) =>
            context.TakeSignals(limit: 1).Count > 0 ? ScriptedEngine.GoOn(state + 1) : Outcome.WaitFor(state, new Wait { Signals = ["go"] })));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.SignalAsync(id, "a");
        await roost.SignalAsync(id, "b");
        await FluentActions.Awaiting(() => roost.SignalAsync(id, "c")).Should().ThrowAsync<ConflictException>().WithMessage("*full*2 signals*MaxSignals*");

        await roost.RunUntilIdleAsync();

        roost.StatesOf(id)[^1].Should().Be("2");
        (await roost.SignalAsync(id, "c")).Created.Should().BeTrue();
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

    [Test]
    public async Task A_purge_removes_mailbox_and_ids()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Waiter(new() { Signals = ["go"] }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.SignalAsync(id, "go", null, "1");
        await roost.SignalAsync(id, "left", null, "2");
        await roost.RunUntilDoneAsync(id).Soon();
        (await roost.PurgeAsync(new(TimeSpan.Zero))).Items.Should().Be(1);
        MustAgree(roost);
    }

    [Test]
    public async Task Workers_beside_each_other_apply_each_of_many_signals_once()
    {
        const int Signals = 200;
        ScriptedEngine Adder() => ScriptedEngine.From((state, context) =>
        {
            int sum = state + (context.Wake?.Signal?.PayloadAs<int>() ?? 0) + context.TakeSignals("add").Sum(signal => signal.PayloadAs<int>());
            return sum == Signals * (Signals + 1) / 2 ? ScriptedEngine.Finish(sum) : Outcome.WaitFor(sum, new Wait { Signals = ["add"] });
        });
        await using RoostRuntime roost = await OpenAsync(clock: null, Adder());
        await using RoostRuntime beside = await BesideAsync(roost, Adder());
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        using var stop = new CancellationTokenSource();
        Task[] loops = [roost.RunAsync(stop.Token), beside.RunAsync(stop.Token)];

        await Parallel.ForEachAsync(Enumerable.Range(1, Signals), async (n, cancelled) =>
            await (n % 2 == 0 ? roost : beside).SignalAsync(id, "add", n, $"{n}", cancelled));

        (await roost.WaitAsync(id).Soon()).State.Should().Be(WorkState.Done);
        await stop.CancelAsync();
        await Task.WhenAll(loops);
        MustAgree(roost);
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
    public async Task A_bad_signal_is_told_by_its_field_and_nothing_is_written()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        string before = Host.Everything(roost);
        foreach ((Func<Task> send, string field) in (IEnumerable<(Func<Task>, string)>)[
            (() => roost.SignalAsync("", "go"), "workId"),
            (() => roost.SignalAsync(id, ""), "name"),
            (() => roost.SignalAsync(id, new string('n', 257)), "name"),
            (() => roost.SignalAsync(id, "go", double.NaN), "payload"),
            (() => roost.SignalAsync(id, "go", new string('x', roost.Options.MaxJsonBytes)), "payload"),
            (() => roost.SignalAsync(id, "go", null, "a\0b"), "signalId"),
            (() => roost.SignalByKeyAsync("", "key", "go"), "engine")])
            (await send.Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be(field);
        await FluentActions.Awaiting(() => roost.SignalAsync("none", "go")).Should().ThrowAsync<NotFoundException>().WithMessage("*none*");
        Host.Everything(roost).Should().Be(before);
    }
}
