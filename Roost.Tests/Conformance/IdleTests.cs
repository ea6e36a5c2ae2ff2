using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class IdleTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task A_loop_that_has_nothing_to_do_is_woken_by_another_runtime_by_its_own_and_by_the_time()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(1));
        await using RoostRuntime other = await BesideAsync(roost);
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await roost.WaitAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon();

        (await roost.WaitAsync(await other.EnqueueAsync(new WorkItem("scripted"))).Soon()).State.Should().Be(WorkState.Done);
        (await other.WaitAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon()).State.Should().Be(WorkState.Done);
        string delayed = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromMilliseconds(200) });
        (await roost.WaitAsync(delayed).Soon()).State.Should().Be(WorkState.Done);

        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task The_lease_of_a_worker_that_is_not_known_to_live_is_the_next_due_time()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        (await roost.RunUntilIdleAsync().Soon()).Due.Should().BeNull("whoever has it lives");
        ghost.Vanish();

        DateTimeOffset? due = (await roost.RunUntilIdleAsync().Soon()).Due;

        due.Should().Be(TestRuntime.Start + roost.Options.LeaseTime);
        await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromSeconds(5) });
        (await roost.RunUntilIdleAsync().Soon()).Due.Should().Be(TestRuntime.Start.AddSeconds(5), "that comes first");
        await roost.RunThroughAsync(clock).Soon();
        roost.StateOf("it").Should().Be(WorkState.Done);
    }

    [Test]
    public async Task A_deadline_is_the_next_due_time_whichever_engine_its_item_is_of()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync([
            new WorkItem("nobody") { Id = "late", Deadline = TestRuntime.Start.AddSeconds(5) },
            new WorkItem("nobody") { Id = "soon", Deadline = TestRuntime.Start.AddSeconds(3) },
            new WorkItem("scripted") { Delay = TimeSpan.FromSeconds(4) },
        ]);

        (await roost.RunUntilIdleAsync().Soon()).Due.Should().Be(TestRuntime.Start.AddSeconds(3));
        clock.Advance(TimeSpan.FromSeconds(3));
        (await roost.RunUntilIdleAsync().Soon()).Due.Should().Be(TestRuntime.Start.AddSeconds(4), "the delayed one comes first");
        roost.StateOf("soon").Should().Be(WorkState.Failed);
        clock.Advance(TimeSpan.FromSeconds(1));
        (await roost.RunUntilIdleAsync().Soon()).Due.Should().Be(TestRuntime.Start.AddSeconds(5));
        clock.Advance(TimeSpan.FromSeconds(1));
        (await roost.RunUntilIdleAsync().Soon()).Due.Should().BeNull();
        roost.StateOf("late").Should().Be(WorkState.Failed);
    }

    [Test]
    public async Task What_others_hold_of_engines_that_are_not_served_here_is_not_waited_for()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("other"));
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1, id: "other"));
        await ghost.ClaimAsync();
        ghost.Vanish();

        (await roost.RunUntilIdleAsync().Soon()).Due.Should().BeNull();
    }

    [Test]
    public async Task What_a_worker_held_that_dies_while_the_loop_runs_is_run_before_the_loop_is_idle()
    {
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == "own") await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "held" });
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "own" });
        Task<IdleState> loop = roost.RunUntilIdleAsync();
        await gate.Reached;

        ghost.Die();
        gate.Open();

        (await loop.Soon()).Due.Should().BeNull();
        roost.StateOf("held").Should().Be(WorkState.Done);
    }
}
