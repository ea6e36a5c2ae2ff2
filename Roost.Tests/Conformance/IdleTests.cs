using Roost.Native;
using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class IdleTests
{
    [Test]
    [Platform("Linux", Reason = "Elsewhere an idle loop goes on polling.")]
    public async Task A_loop_that_sleeps_is_woken_by_another_runtime_by_its_own_and_by_the_time()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));
        await using RoostRuntime other = TestRuntime.Beside(roost);
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);

        await Waiting.Until(() => roost.Writer.IsAsleep);
        string foreign = await other.EnqueueAsync(new WorkItem("scripted"));
        await roost.WaitAsync(foreign).Soon();

        await Waiting.Until(() => roost.Writer.IsAsleep);
        string own = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.WaitAsync(own).Soon();

        string delayed = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromMilliseconds(400) });
        await roost.WaitAsync(delayed).Soon();

        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task The_lease_of_a_worker_that_is_not_known_to_live_is_the_next_due_time()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        (await roost.RunUntilIdleAsync().Soon()).Should().BeNull("whoever has it lives");
        ghost.Vanish();

        DateTimeOffset? due = await roost.RunUntilIdleAsync().Soon();

        due.Should().Be(TestRuntime.Start + roost.Options.LeaseTime);
        await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromSeconds(5) });
        (await roost.RunUntilIdleAsync().Soon()).Should().Be(TestRuntime.Start.AddSeconds(5), "that comes first");
        await roost.RunThroughAsync(clock).Soon();
        roost.StateOf("it").Should().Be("done");
    }

    [Test]
    public async Task What_others_hold_of_engines_that_are_not_served_here_is_not_waited_for()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("other"));
        using Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1, id: "other"));
        await ghost.ClaimAsync();
        ghost.Vanish();

        (await roost.RunUntilIdleAsync().Soon()).Should().BeNull();
    }

    [Test]
    public async Task What_a_worker_held_that_dies_while_the_loop_runs_is_run_before_the_loop_is_idle()
    {
        var gate = new Gate();
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == "own") await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "held" });
        using Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "own" });
        Task<DateTimeOffset?> loop = roost.RunUntilIdleAsync();
        await gate.Reached;

        ghost.Die();
        gate.Open();

        (await loop.Soon()).Should().BeNull();
        roost.StateOf("held").Should().Be("done");
    }

    [Test]
    [Platform("Linux", Reason = "There is no such watch elsewhere.")]
    public async Task A_watch_on_the_log_tells_one_write_each_time_it_is_armed()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        await roost.EnqueueAsync(new WorkItem("scripted"));
        int told = 0;
        LogWatch watch = LogWatch.TryCreate(roost.Path, () => Interlocked.Increment(ref told))!;

        for (int times = 1; times <= 3; times++)
        {
            watch.Arm().Should().BeTrue();
            await roost.EnqueueAsync(new WorkItem("scripted"));
            await Waiting.Until(() => Volatile.Read(ref told) == times);
            await roost.EnqueueAsync(new WorkItem("scripted"));
        }

        await Task.Run(watch.Dispose).Soon();
        told.Should().Be(3);
    }

    [Test]
    [Platform("Linux", Reason = "There is no such watch elsewhere.")]
    public async Task A_watch_that_was_never_armed_or_still_is_ends_at_once()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        LogWatch fresh = LogWatch.TryCreate(roost.Path, () => { })!, armed = LogWatch.TryCreate(roost.Path, () => { })!;
        armed.Arm();

        await Task.Run(fresh.Dispose).Soon();
        await Task.Run(armed.Dispose).Soon();
    }

    [Test]
    public async Task A_log_that_is_not_there_cannot_be_watched()
    {
        if (LogWatch.TryCreate(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")), () => { }) is not { } watch) return;

        watch.Arm().Should().BeFalse();

        await Task.Run(watch.Dispose).Soon();
    }
}
