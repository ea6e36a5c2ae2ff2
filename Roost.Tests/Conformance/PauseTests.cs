using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>A pause keeps what it covers from being claimed, and everything else goes on.</summary>
internal sealed class PauseTests(StoreHost host) : PauseFixture(host)
{
    private static WorkItem Named(string id, ResourceHold hold) => new("scripted") { Id = id, Resources = ["x"], ResourceHold = hold };

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
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { DrainTime = TimeSpan.Zero }, null, held.Engine);
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

    [Test]
    public async Task An_item_goes_on_where_it_stood_among_its_equals()
    {
        var order = new List<string>();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 1 }, TestRuntime.Clock(), ScriptedEngine.From((state, context) =>
        {
            order.Add(context.Item.Id);
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new[] { "a", "b", "c" }.Select(id => new WorkItem("scripted") { Id = id }));
        await roost.PauseAsync(PauseTarget.Item("a"), Why, Who);
        await roost.PauseAsync(PauseTarget.Item("c"), Why, Who);
        await roost.SetPriorityAsync("c", 5);

        await roost.ResumeAsync(PauseTarget.Item("a"), Who);
        await roost.ResumeAsync(PauseTarget.Item("c"), Who);
        await roost.RunUntilIdleAsync().Soon();

        order.Should().Equal("c", "a", "b");
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
}
