using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>A signal is sent once, seen by the right try, and taken by a commit alone.</summary>
internal sealed class SignalTests(StoreHost host) : WaitFixture(host)
{
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

    [TestCase("goes on")]
    [TestCase("goes on later")]
    [TestCase("is done")]
    [TestCase("gives up")]
    public async Task A_signal_is_sent_whatever_its_step_ends_with(string end)
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Waiter(new() { Signals = ["go"] }), ScriptedEngine.From((state, context) =>
        {
            if (state == 1) return ScriptedEngine.Finish(2);
            context.Signal("waiter", "go", new { end });
            return end switch
            {
                "goes on" => ScriptedEngine.GoOn(1),
                "goes on later" => ScriptedEngine.GoOn(1, TimeSpan.FromMinutes(1)),
                "is done" => ScriptedEngine.Finish(2),
                _ => ScriptedEngine.GiveUp("no more"),
            };
        }, "sender"));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "waiter" });
        await roost.EnqueueAsync(new WorkItem("sender") { Id = "sender" });

        await roost.RunThroughAsync(clock);

        WokenBy(roost, "waiter").Should().Contain(end);
        roost.Events(EventKinds.Claimed).Count(claim => claim.WorkId == "sender")
            .Should().Be(end == "goes on later" ? 2 : 1, "what goes on keeps its lease");
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
