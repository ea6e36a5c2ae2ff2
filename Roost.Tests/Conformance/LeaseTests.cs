using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>How leases are taken, renewed, taken over and lost, by the clocks and by hand.</summary>
internal sealed class LeaseTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task A_lease_taken_by_force_fires_the_token_and_nothing_of_the_step_lands()
    {
        var gate = new Gate();
        var again = new Gate();
        CancellationReason reason = default, second = default;
        int calls = 0;
        await using RoostRuntime roost = await OpenAsync(null, new ScriptedEngine(async (state, context) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                await gate.UntilFiredAsync(context.CancellationToken);
                reason = context.CancellationReason;
                context.AddEvent("stale");
                return ScriptedEngine.Finish(99);
            }
            await again.PassAsync();
            second = context.CancellationReason;
            return ScriptedEngine.Finish(1);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task<WorkSummary> loop = roost.RunUntilDoneAsync("it");
        await gate.Reached;

        await roost.ReleaseLeaseAsync("it", "stuck");
        await again.Reached;
        again.Open();
        await loop.Soon();
        await roost.RunUntilIdleAsync().Soon();

        reason.Should().Be(CancellationReason.LeaseLost);
        second.Should().Be(CancellationReason.None, "the worker holds it anew");
        roost.StatesOf("it").Should().Equal("0", "1");
        roost.EventsOf("it").Should().Equal("enqueued", "claimed", "stepped", "released", "claimed", "done");
        roost.Detail("it").Should().BeEquivalentTo(new { Failures = 0, Interruptions = 0 });
    }

    [Test]
    public async Task A_lease_taken_by_another_runtime_fires_the_token()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        var reason = new TaskCompletionSource<CancellationReason>();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 1 }, clock, new ScriptedEngine(async (state, context) =>
        {
            if (reason.Task.IsCompleted) return ScriptedEngine.Finish(state);
            await gate.UntilFiredAsync(context.CancellationToken);
            reason.TrySetResult(context.CancellationReason);
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task loop = roost.RunUntilDoneAsync("it");
        await gate.Reached;
        await using RoostRuntime other = await BesideAsync(roost);

        await other.ReleaseLeaseAsync("it");
        await reason.Task.WhileTimePasses(clock);

        (await reason.Task).Should().Be(CancellationReason.LeaseLost);
        await loop.WhileTimePasses(clock);
    }

    [Test]
    public async Task An_expired_lease_is_taken_over_where_the_holders_death_cannot_be_known()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        ghost.Vanish();
        Task<WorkSummary> loop = roost.RunUntilDoneAsync("it");

        await loop.WhileTimePasses(clock);

        (clock.GetUtcNow() - TestRuntime.Start)
            .Should()
            .BeGreaterThanOrEqualTo(roost.Options.LeaseTime)
            .And.BeLessThan(roost.Options.LeaseTime + TimeSpan.FromSeconds(20));
    }

    [Test]
    public async Task A_lease_is_not_taken_from_a_living_holder_before_it_expires_and_is_after()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        clock.Advance(roost.Options.LeaseTime - TimeSpan.FromMilliseconds(1));
        await roost.RunUntilIdleAsync();
        roost.StateOf("it").Should().Be(WorkState.Running);

        clock.Advance(TimeSpan.FromMilliseconds(1));

        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done, "a stopped process holds its lock, but not its lease");
    }

    [Test]
    public async Task A_heartbeat_that_stands_still_for_a_lease_is_enough_though_the_wall_clock_was_set_back()
    {
        var clock = TestRuntime.Clock();
        var wall = new SetClock(clock);
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { TimeProvider = wall }, null, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        ghost.Vanish();
        wall.SetBy = TimeSpan.FromHours(-1);
        long since = clock.GetTimestamp();

        await roost.RunUntilDoneAsync("it").WhileTimePasses(clock);

        clock.GetElapsedTime(since).Should().BeGreaterThanOrEqualTo(roost.Options.LeaseTime).And.BeLessThan(roost.Options.LeaseTime + TimeSpan.FromSeconds(20));
    }

    [Test]
    public async Task A_late_waker_whom_nobody_displaced_keeps_its_work()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        CancellationReason reason = default;
        await using RoostRuntime roost = await OpenAsync(clock, new ScriptedEngine(async (state, context) =>
        {
            await gate.PassAsync();
            reason = context.CancellationReason;
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task<WorkSummary> loop = roost.RunUntilDoneAsync("it");
        await gate.Reached;
        DateTimeOffset heartbeat = roost.Workers().Single().HeartbeatAt;

        clock.Advance(TimeSpan.FromHours(8));
        await Waiting.Until(() => roost.Workers().Single().HeartbeatAt > heartbeat);
        gate.Open();

        (await loop.Soon()).State.Should().Be(WorkState.Done);
        reason.Should().Be(CancellationReason.None);
    }

    [Test]
    public async Task A_late_waker_who_was_displaced_has_its_token_fired_and_a_new_seat()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        var reasons = new List<CancellationReason>();
        int calls = 0;
        await using RoostRuntime roost = await OpenAsync(clock, new ScriptedEngine(async (state, context) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                await gate.UntilFiredAsync(context.CancellationToken);
                reasons.Add(context.CancellationReason);
                return ScriptedEngine.Finish(99);
            }
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task<WorkSummary> loop = roost.RunUntilDoneAsync("it");
        await gate.Reached;
        using Ghost other = await GhostAsync(roost, ScriptedEngine.CountingTo(1, id: "none"));
        await other.RescueAsync((await other.OthersAsync()).Single());

        await loop.WhileTimePasses(clock);

        reasons.Should().Equal(CancellationReason.LeaseLost);
        roost.StatesOf("it").Should().Equal("0", "0");
    }

    [Test]
    public async Task Leases_are_renewed_every_third_of_their_time_and_no_heartbeat_is_written_while_nothing_is_leased()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(clock, new ScriptedEngine(async (state, _) =>
        {
            await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await Waiting.Until(() => roost.Workers().Count == 1);
        for (int i = 0; i < 10; i++) clock.Advance(roost.Options.LeaseTime);
        roost.Workers().Single().HeartbeatAt.Should().Be(TestRuntime.Start);

        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await gate.Reached;
        for (int renewal = 0; renewal < 3; renewal++)
        {
            DateTimeOffset before = roost.Workers().Single().HeartbeatAt;
            await Waiting.Until(() =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(250));
                return roost.Workers().Single().HeartbeatAt > before;
            });
        }
        gate.Open();
        await roost.WaitAsync("it").Soon();
        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task A_claim_and_a_renewal_in_one_transaction_leave_the_new_lease_alone()
    {
        var clock = TestRuntime.Clock();
        var first = new Gate();
        var second = new Gate();
        CancellationReason reason = default;
        await using RoostRuntime roost = await OpenAsync(clock, new ScriptedEngine(async (state, context) =>
        {
            await (context.Item.Id == "first" ? first : second).PassAsync();
            if (context.Item.Id == "second") reason = context.CancellationReason;
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "first" });
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await first.Reached;
        IDisposable held = Host.HoldWrites(roost);
        Task enqueued = roost.EnqueueAsync(new WorkItem("scripted") { Id = "second" });
        clock.Advance(roost.Options.LeaseTime / 2);

        held.Dispose();
        await enqueued.Soon();
        await second.Reached;
        second.Open();
        await roost.WaitAsync("second").Soon();
        first.Open();
        await stop.CancelAsync();
        await loop.Soon();

        reason.Should().Be(CancellationReason.None);
    }
}
