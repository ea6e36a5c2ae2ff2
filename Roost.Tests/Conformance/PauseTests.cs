using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>A pause keeps what it covers from being claimed, and everything else goes on.</summary>
internal sealed class PauseTests(StoreHost host) : ConformanceTests(host)
{
    private const string Why = "the vendor is down", Who = "operator";

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static readonly PauseTarget Engine = PauseTarget.Engine("scripted"), Queue = PauseTarget.Queue("default");

    public static IEnumerable<TestCaseData> Targets =>
    [
        new TestCaseData(PauseTarget.Item("it")).SetArgDisplayNames("item"), new TestCaseData(Engine).SetArgDisplayNames("engine"),
        new TestCaseData(Queue).SetArgDisplayNames("queue"), new TestCaseData(PauseTarget.File).SetArgDisplayNames("file"),
    ];

    private static ScriptedEngine Waiter(Wait wait) =>
        ScriptedEngine.From((state, _) => state == 0 ? Outcome.WaitFor(1, wait) : ScriptedEngine.Finish(2));

    [TestCaseSource(nameof(Targets))]
    public async Task What_is_paused_is_not_claimed_until_somebody_resumes_it(PauseTarget target)
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });

        (await roost.PauseAsync(target, Why, Who)).Should().BeTrue();

        (await roost.RunUntilIdleAsync().Soon()).Due.Should().BeNull("all that is left is paused");
        roost.Detail("it").Should().BeEquivalentTo(new
        {
            Summary = new { State = WorkState.Queued, Version = 0 },
            Pauses = new[] { new PauseInfo { Target = target, Reason = Why, By = Who, Since = TestRuntime.Start } },
        });
        (await roost.ListPausesAsync()).Items.Should().Equal(roost.Detail("it").Pauses);
        MustAgree(roost);
        (await roost.ResumeAsync(target, "another")).Should().BeTrue();
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);
        (await roost.ListPausesAsync()).Items.Should().BeEmpty();
        MustAgree(roost);
    }

    [Test]
    public async Task A_pause_of_one_thing_leaves_all_others_alone()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { Queues = ["default", "other"] }, TestRuntime.Clock(), ScriptedEngine.CountingTo(2), ScriptedEngine.CountingTo(2, id: "beside"));
        await roost.EnqueueAsync(
        [
            new WorkItem("scripted") { Id = "a" }, new WorkItem("beside") { Id = "b" }, new WorkItem("scripted") { Id = "c", Queue = "other" },
            new WorkItem("beside") { Id = "d", Queue = "other" }, new WorkItem("beside") { Id = "e", Queue = "other" },
        ]);

        await roost.PauseAsync(Engine, Why, Who);
        await roost.PauseAsync(Queue, Why, Who);
        await roost.PauseAsync(PauseTarget.Item("e"), Why, Who);

        await roost.RunUntilIdleAsync().Soon();
        roost.Items().Where(item => item.State == WorkState.Done).Select(item => item.Id).Should().Equal("d");
        await roost.ResumeAsync(Engine, Who);
        await roost.RunUntilIdleAsync().Soon();
        roost.Items().Where(item => item.State == WorkState.Done).Select(item => item.Id).Should().BeEquivalentTo("c", "d");
        await roost.ResumeAsync(Queue, Who);
        await roost.RunUntilIdleAsync().Soon();
        roost.Items().Where(item => item.State == WorkState.Queued).Select(item => item.Id).Should().Equal("e");
        MustAgree(roost);
    }

    [TestCaseSource(nameof(Targets))]
    public async Task At_its_end_a_pause_is_over_whoever_notices_it(PauseTarget target)
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        DateTimeOffset end = TestRuntime.Start + Hour;
        await roost.PauseAsync(target, Why, Who, end);

        (await roost.RunUntilIdleAsync().Soon()).Due.Should().Be(end, "a loop has to run again then");
        roost.Detail("it").Situation.Should().Contain($"paused by {Who} until 2026-01-01 01:00:00Z: {Why}");
        clock.SetUtcNow(end.AddMilliseconds(-1));
        await roost.RunUntilIdleAsync().Soon();
        roost.StateOf("it").Should().Be(WorkState.Queued);

        clock.SetUtcNow(end);

        roost.Detail("it").Pauses.Should().BeEmpty("nobody need have noticed");
        roost.Detail("it").Summary.Pause.Should().BeNull();
        (await roost.ListPausesAsync()).Items.Should().BeEmpty();
        roost.Totals().Paused.Should().Be(0);
        (await roost.ResumeAsync(target, Who)).Should().BeFalse("it is over");
        (await roost.RunUntilIdleAsync().Soon()).Due.Should().BeNull();
        roost.StateOf("it").Should().Be(WorkState.Done);
        roost.Events(EventKinds.PauseOver).Should().ContainSingle();
        roost.Events(EventKinds.Resumed).Should().BeEmpty();
        MustAgree(roost);
    }

    [TestCaseSource(nameof(Targets))]
    public async Task A_running_loop_goes_on_by_itself_when_a_pause_ends(PauseTarget target)
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.PauseAsync(target, Why, Who, TestRuntime.Start + Hour);

        Task<WorkSummary> done = roost.RunUntilDoneAsync("it");
        await done.WhileTimePasses(clock, TimeSpan.FromMinutes(10));

        (await done).EndedAt.Should().BeOnOrAfter(TestRuntime.Start + Hour);
        roost.Events(EventKinds.PauseOver).Should().ContainSingle();
        MustAgree(roost);
    }

    [TestCaseSource(nameof(Targets))]
    public async Task A_loop_on_another_runtime_learns_of_a_pause_and_of_its_end(PauseTarget target)
    {
        using var held = new HeldStep("scripted");
        await using RoostRuntime roost = await OpenAsync(new RoostOptions(), null, held.Engine);
        await using RoostRuntime beside = await BesideAsync(roost);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "first" });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", Delay = TimeSpan.FromMilliseconds(1) });
        await beside.PauseAsync(target, Why, Who);
        Task<WorkSummary>? done = null;

        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await Waiting.Until(() => roost.Detail("it").DueAt is null);
        roost.Events(EventKinds.Claimed).Should().NotContain(claim => claim.WorkId == "it");
        done = roost.WaitAsync("it");
        await beside.ResumeAsync(target, Who);
        await Waiting.Until(() => roost.StateOf("it") == WorkState.Running);
        await stop.CancelAsync();
        await loop.Soon();

        MustAgree(roost);
    }

    [TestCaseSource(nameof(Targets))]
    public async Task A_running_step_finishes_and_the_next_does_not_begin(PauseTarget target)
    {
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), new ScriptedEngine(async (state, _) =>
        {
            if (state == 0) await gate.PassAsync();
            return state == 1 ? ScriptedEngine.Finish(2) : ScriptedEngine.GoOn(state + 1);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task loop = roost.RunUntilIdleAsync();
        await gate.Reached;

        await roost.PauseAsync(target, Why, Who);
        roost.Detail("it").Situation.Should().MatchRegex($"^running on worker .*; after this step .*paused by {Who}: {Why}$");
        MustAgree(roost);
        gate.Open();
        await loop.Soon();

        roost.Detail("it").Should().BeEquivalentTo(new { Summary = new { State = WorkState.Queued, Version = 2 }, Lease = (Lease?)null });
        MustAgree(roost);
        await roost.ResumeAsync(target, Who);
        (await roost.RunUntilDoneAsync("it").Soon()).Version.Should().Be(3);
    }

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
    public async Task An_item_goes_on_where_it_stood_among_its_equals()
    {
        var order = new List<string>();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 1 }, TestRuntime.Clock(), ScriptedEngine.From((state, context) =>
        {
            order.Add(context.Item.Id);
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(["a", "b", "c"], id => new WorkItem("scripted") { Id = id });
        await roost.PauseAsync(PauseTarget.Item("a"), Why, Who);
        await roost.PauseAsync(PauseTarget.Item("c"), Why, Who);
        await roost.SetPriorityAsync("c", 5);

        await roost.ResumeAsync(PauseTarget.Item("a"), Who);
        await roost.ResumeAsync(PauseTarget.Item("c"), Who);
        await roost.RunUntilIdleAsync().Soon();

        order.Should().Equal("c", "a", "b");
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

    [TestCase(ResourceHold.Step, 0)]
    [TestCase(ResourceHold.Life, 1)]
    public async Task What_is_held_for_a_step_goes_to_others_and_what_is_held_for_life_stays(ResourceHold hold, int held)
    {
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == "it" && state == 0) await gate.PassAsync();
            return context.Item.Id == "it" && state < 3 ? ScriptedEngine.GoOn(state + 1) : ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync([Named("it", hold), Named("next", ResourceHold.Step)]);
        Task loop = roost.RunUntilIdleAsync();
        await gate.Reached;
        await roost.PauseAsync(PauseTarget.Item("it"), Why, Who);
        gate.Open();
        await loop.Soon();

        roost.Detail("it").ResourcesHeld.Should().HaveCount(held);
        roost.StateOf("next").Should().Be(held == 0 ? WorkState.Done : WorkState.Queued);
        MustAgree(roost);
        await roost.ResumeAsync(PauseTarget.Item("it"), Who);
        await roost.RunUntilIdleAsync().Soon();
        roost.Totals().Done.Should().Be(2);
        MustAgree(roost);
    }

    [TestCaseSource(nameof(Targets))]
    public async Task A_name_is_not_handed_to_an_item_that_is_paused(PauseTarget target)
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(), held.Engine, ScriptedEngine.CountingTo(1), ScriptedEngine.CountingTo(1, id: "beside"));
        await roost.EnqueueAsync(new WorkItem("held") { Id = "holder", Resources = ["x"] });
        bool isWide = target.Scope is PauseScope.Queue or PauseScope.File;
        await held.WhileRunningAsync(roost, async () =>
        {
            await roost.EnqueueAsync([Named("it", ResourceHold.Step), new WorkItem("beside") { Id = "last", Resources = ["x"] }]);
            await Waiting.Until(() => roost.Detail("last").BlockedOn is not null);
            await roost.PauseAsync(target, Why, Who);
            MustAgree(roost);
        });

        roost.StateOf("it").Should().Be(WorkState.Queued);
        roost.StateOf("last").Should().Be(isWide ? WorkState.Queued : WorkState.Done, "the name goes past what is paused");
        roost.Holders().Should().BeEmpty();
        MustAgree(roost);
        await roost.ResumeAsync(target, Who);
        MustAgree(roost);
        await roost.RunUntilIdleAsync().Soon();
        roost.Totals().Done.Should().Be(3);
        MustAgree(roost);
    }

    [Test]
    public async Task An_item_that_had_a_name_handed_to_it_gives_it_back_when_it_is_paused()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 2 }, TestRuntime.Clock(), held.Engine, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync([new WorkItem("held") { Id = "b holder", Resources = ["b"] }]);
        await held.WhileRunningAsync(roost, async () =>
        {
            await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", Resources = ["a", "b"] });
            await Waiting.Until(() => roost.Detail("it").ResourcesHeld.Count == 1);
            await roost.PauseAsync(PauseTarget.Item("it"), Why, Who);
            roost.Detail("it").Should().BeEquivalentTo(new { ResourcesHeld = Array.Empty<string>(), BlockedOn = (string?)null });
            roost.Totals().Should().BeEquivalentTo(new { Ready = 1, Blocked = 0, Paused = 1 });
            MustAgree(roost);
        });
        await roost.ResumeAsync(PauseTarget.Item("it"), Who);
        await roost.RunUntilIdleAsync().Soon();
        roost.Totals().Done.Should().Be(2);
        MustAgree(roost);
    }

    [Test]
    public async Task A_dead_workers_paused_item_is_taken_over_and_stays_paused()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using (Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1)))
        {
            await ghost.ClaimAsync();
            await roost.PauseAsync(PauseTarget.Item("it"), Why, Who);
            ghost.Die();
        }

        await RescueAsync(roost);
        await roost.RunUntilIdleAsync().Soon();

        roost.Detail("it").Should().BeEquivalentTo(new { Summary = new { State = WorkState.Queued, Pause = new { By = Who } }, Interruptions = 1 });
        MustAgree(roost);
    }

    [Test]
    public async Task Pausing_again_changes_who_why_and_until_when()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        foreach (PauseTarget target in (PauseTarget[])[PauseTarget.Item("it"), Engine])
        {
            await roost.PauseAsync(target, Why, Who, TestRuntime.Start + Hour);
            (await roost.PauseAsync(target, "for good", "another")).Should().BeFalse();
        }

        clock.Advance(Hour);
        await roost.RunUntilIdleAsync().Soon();

        roost.Detail("it").Pauses.Should().BeEquivalentTo([new { Reason = "for good", By = "another", Until = (DateTimeOffset?)null },
            new { Reason = "for good", By = "another", Until = (DateTimeOffset?)null }]);
        roost.Totals().Paused.Should().Be(1);
        MustAgree(roost);
    }

    [Test]
    public async Task What_has_happened_is_told_by_events()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });

        await roost.PauseAsync(PauseTarget.Item("it"), Why, Who, TestRuntime.Start + Hour);
        await roost.ResumeAsync(PauseTarget.Item("it"), Who, "it is up again");
        await roost.PauseAsync(Queue, Why, Who);
        await roost.ResumeAsync(Queue, Who);

        roost.EventsOf("it").Should().Equal("enqueued", "paused", "resumed");
        roost.Events(EventKinds.Paused, EventKinds.Resumed).Select(one => $"{one.Kind} {one.Text()}").Should().Equal(
            """paused {"scope":"item","by":"operator","reason":"the vendor is down","until":"2026-01-01T01:00:00+00:00"}""",
            """resumed {"scope":"item","by":"operator","reason":"it is up again"}""",
            """paused {"scope":"queue","name":"default","by":"operator","reason":"the vendor is down"}""",
            """resumed {"scope":"queue","name":"default","by":"operator"}""");
    }

    [Test]
    public async Task Counts_lists_and_engines_tell_what_is_paused()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(["a", "b", "c"], id => new WorkItem("scripted") { Id = id });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "later", Delay = Hour });
        foreach (string id in (string[])["b", "later"]) await roost.PauseAsync(PauseTarget.Item(id), Why, Who);

        roost.Totals().Should().BeEquivalentTo(new { Ready = 3, Delayed = 1, Paused = 2, Queued = 4, Total = 4 });
        roost.Items(new() { IsPaused = true }).Select(item => item.Id).Should().BeEquivalentTo("b", "later");
        roost.Items(new() { IsPaused = false }).Select(item => item.Id).Should().BeEquivalentTo("a", "c");
        roost.Items(new() { IsPaused = true, Condition = WorkCondition.Ready }).Select(item => item.Id).Should().Equal("b");
        (await roost.ListAsync(new() { Condition = WorkCondition.Ready })).Items.Select(item => (item.Id, item.Pause?.By)).Should().Equal(
            ("a", null), ("b", Who), ("c", null));
        var byPages = new List<string>();
        for (Page<WorkSummary>? page = null; page is null || page.Next is not null;)
        {
            page = await roost.ListAsync(new() { Condition = WorkCondition.Ready }, limit: 1, page?.Next);
            byPages.AddRange(page.Items.Select(item => item.Id));
        }
        byPages.Should().Equal("a", "b", "c");

        await roost.PauseAsync(Engine, Why, Who);
        await roost.PauseAsync(PauseTarget.File, Why, Who);

        (await roost.GetCountsAsync()).Pauses.Select(pause => pause.Target).Should().Equal(PauseTarget.File, Engine);
        (await roost.ListEnginesAsync()).Single().Should().BeEquivalentTo(new
        {
            Pause = new { Target = Engine, By = Who },
            Unserved = new[] { new { Ready = 3, Why = $"this file is paused by {Who}: {Why}" } },
        });
        roost.Detail("b").Situation.Should().Be(
            $"paused by {Who}: {Why}; this file is paused by {Who}: {Why}; engine scripted is paused by {Who}: {Why}; ready since 2026-01-01 00:00:00Z, " +
            $"but no worker runs; it needs one that serves engine scripted in queue default");
    }

    [Test]
    public async Task Pauses_are_listed_by_pages_the_longest_paused_first()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(["a", "b", "c", "d"], id => new WorkItem("scripted") { Id = id });
        foreach (string id in (string[])["c", "a", "d"]) await roost.PauseAsync(PauseTarget.Item(id), Why, Who);
        await roost.PauseAsync(Queue, Why, Who);

        var all = new List<string?>();
        for (Page<PauseInfo>? page = null; page is null || page.Next is not null;)
        {
            page = await roost.ListPausesAsync(limit: 2, cursor: page?.Next);
            all.AddRange(page.Items.Select(pause => pause.Target.Name));
        }

        all.Should().Equal("c", "a", "d", "default");
        (await roost.ListPausesAsync(PauseScope.Queue)).Items.Select(pause => pause.Target).Should().Equal(Queue);
        (await roost.ListPausesAsync(PauseScope.File)).Items.Should().BeEmpty();
        (await roost.ListPausesAsync(PauseScope.Item)).Items.Select(pause => pause.Target.Name).Should().Equal("c", "a", "d");
    }

    [Test]
    public async Task A_pause_that_would_keep_nothing_back_is_refused_and_nothing_is_written()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "over" });
        await roost.CancelAsync("over");
        string before = Host.Everything(roost);

        async Task Refused<T>(PauseTarget target, string says) where T : RoostException =>
            (await FluentActions.Awaiting(() => roost.PauseAsync(target, Why, Who)).Should().ThrowAsync<T>()).Which.Message.Should().Contain(says);

        await Refused<NotFoundException>(PauseTarget.Item("nobody"), "There is no work item nobody");
        await Refused<ConflictException>(PauseTarget.Item("over"), "Work item over is cancelled; there is nothing to pause.");
        await Refused<NotFoundException>(PauseTarget.Engine("scripte"), "There is no item of engine scripte");
        await Refused<NotFoundException>(PauseTarget.Queue("defualt"), "There is no item of queue defualt");
        await Refused<InvalidInputException>(PauseTarget.Engine(" "), "engine: is empty");
        await Refused<InvalidInputException>(PauseTarget.Queue(null!), "queue: is empty");
        Host.Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task What_breaks_a_rule_is_named_and_nothing_is_written()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        string before = Host.Everything(roost);

        async Task Refused(string field, string reason, string by, DateTimeOffset? until = null) =>
            (await FluentActions.Awaiting(() => roost.PauseAsync(PauseTarget.Item("it"), reason, by, until)).Should().ThrowAsync<InvalidInputException>())
                .Which.Field.Should().Be(field);

        await Refused("reason", "", Who);
        await Refused("reason", new string('x', 1001), Who);
        await Refused("reason", "a\0b", Who);
        await Refused("by", Why, " ");
        await Refused("until", Why, Who, TestRuntime.Start);
        await Refused("until", Why, Who, TestRuntime.Start - Hour);
        Host.Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task A_queue_that_only_a_worker_serves_may_be_paused_before_anything_is_in_it()
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Queues = ["new"] }, TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));

        (await roost.PauseAsync(PauseTarget.Queue("new"), Why, Who)).Should().BeTrue();
        (await roost.PauseAsync(Engine, Why, Who)).Should().BeTrue();

        await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "new" });
        (await ghost.ClaimAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Resuming_what_is_not_paused_says_so()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.PauseAsync(Engine, Why, Who);

        (await roost.ResumeAsync(PauseTarget.Item("it"), Who)).Should().BeFalse();
        (await roost.ResumeAsync(Queue, Who)).Should().BeFalse();
        (await roost.ResumeAsync(PauseTarget.File, Who)).Should().BeFalse();
        await FluentActions.Awaiting(() => roost.ResumeAsync(PauseTarget.Item("nobody"), Who)).Should().ThrowAsync<NotFoundException>();
        roost.Events(EventKinds.Resumed).Should().BeEmpty();
    }

    private static WorkItem Named(string id, ResourceHold hold) => new("scripted") { Id = id, Resources = ["x"], ResourceHold = hold };
}

file static class Enqueueing
{
    public static Task<IReadOnlyList<EnqueueResult>> EnqueueAsync(this RoostRuntime roost, IEnumerable<string> ids, Func<string, WorkItem> item) =>
        roost.EnqueueAsync(ids.Select(item));
}
