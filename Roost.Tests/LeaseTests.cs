using Roost.Storage;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>One test for each write of a lease holder: once displaced, it changes nothing.</summary>
[TestFixture]
internal sealed class LeaseTests
{
    [Test]
    public async Task A_stale_holder_cannot_commit_and_keep_its_lease() =>
        await StaleAsync((session, lease, ghost) => session.CommitStep.Execute(Commit(lease, OutcomeKind.Continue), ghost) == CommitResult.Lost);

    [Test]
    public async Task A_stale_holder_cannot_commit_a_delay() =>
        await StaleAsync((session, lease, ghost) => session.CommitStep.Execute(Commit(lease, OutcomeKind.Continue) with { DelayMs = 1000 }, ghost) == CommitResult.Lost);

    [Test]
    public async Task A_stale_holder_cannot_commit_done() =>
        await StaleAsync((session, lease, ghost) => session.CommitStep.Execute(Commit(lease, OutcomeKind.Done), ghost) == CommitResult.Lost);

    [Test]
    public async Task A_stale_holder_cannot_fail_for_good() =>
        await StaleAsync((session, lease, ghost) => session.CommitStep.Execute(Commit(lease, OutcomeKind.Fail), ghost) == CommitResult.Lost);

    [Test]
    public async Task A_stale_holder_cannot_charge_a_failed_try() =>
        await StaleAsync((session, lease, _) => !session.Endings.FailStep(lease, new("error", null, "late", null, 1), 0, lastTry: false));

    [Test]
    public async Task A_stale_holder_cannot_make_a_dead_letter() =>
        await StaleAsync((session, lease, _) => !session.Endings.FailStep(lease, new("error", null, "late", null, 5), 0, lastTry: true));

    [Test]
    public async Task A_stale_holder_cannot_release() => await StaleAsync((session, lease, _) => !session.Leases.Release(lease, "late"));

    [Test]
    public async Task A_stale_holder_cannot_attach_artifacts_events_or_children() =>
        await StaleAsync((session, lease, ghost) =>
        {
            var staged = new Staged();
            staged.Events.Add(("engine.late", null));
            staged.Artifacts.Add(new("late.txt", ArtifactKind.Log, "text/plain", null) { Content = "late"u8.ToArray(), Sha256 = new byte[32] });
            staged.Children.Add(new(new WorkItem("scripted"), "late-child", "{}"u8.ToArray(), [], null));
            return session.CommitStep.Execute(Commit(lease, OutcomeKind.Done) with { Staged = staged }, ghost) == CommitResult.Lost;
        });

    [Test]
    public async Task A_stale_holder_is_refused_for_its_version_too()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        LeasedWork lease = (await ghost.ClaimAsync())[0];
        Claimant claimant = Claimant(ghost);
        StepCommit commit = Commit(lease, OutcomeKind.Continue);

        (await ghost.Writer.RunAsync(session => session.CommitStep.Execute(commit, claimant))).Should().Be(CommitResult.Kept);
        (await ghost.Writer.RunAsync(session => session.CommitStep.Execute(commit, claimant))).Should().Be(CommitResult.Lost, "the same commit twice wins once");
        roost.Number("SELECT count(*) FROM snapshot").Should().Be(1);
    }

    [Test]
    public async Task A_renewal_after_the_rescue_revives_nothing()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        LeasedWork lease = (await ghost.ClaimAsync())[0];
        await RescueAsync(roost, ghost);
        string before = Everything(roost);

        (await ghost.Writer.RunAsync(session => session.Leases.Renew(Claimant(ghost)))).Should().BeFalse();
        (await ghost.Writer.RunAsync(session => session.CommitStep.Execute(Commit(lease, OutcomeKind.Done), null))).Should().Be(CommitResult.Lost);

        Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task A_worker_that_was_declared_dead_claims_nothing_until_it_has_a_new_seat()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        using Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        await RescueAsync(roost, ghost);
        await roost.EnqueueAsync(new WorkItem("scripted"));

        (await ghost.ClaimAsync()).Should().BeEmpty("nobody could ever take over what a worker without a row holds");
    }

    [Test]
    public async Task A_rescue_of_a_worker_that_has_shown_itself_meanwhile_does_nothing()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        WorkerRow judged = (await ghost.Writer.RunAsync(session => session.Workers.OthersThan(0)))[0];
        await ghost.Writer.RunAsync(session => session.Leases.Renew(Claimant(ghost)));

        (await ghost.Writer.RunAsync(session => session.Leases.Rescue(judged, _ => 0))).Should().BeNull();

        roost.StateOf("it").Should().Be("running");
    }

    [Test]
    public async Task A_lease_taken_by_force_fires_the_token_and_nothing_of_the_step_lands()
    {
        var gate = new Gate();
        var again = new Gate();
        CancellationReason reason = default, second = default;
        int calls = 0;
        await using RoostRuntime roost = TestRuntime.Create(null, new ScriptedEngine(async (state, context) =>
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
        roost.Rows("SELECT data FROM snapshot ORDER BY version").Should().Equal("0", "1");
        roost.EventsOf("it").Should().Equal("enqueued", "claimed", "stepped", "released", "claimed", "done");
        roost.Column("it", "failures + interruptions").Should().Be(0);
    }

    [Test]
    public async Task A_lease_taken_by_another_runtime_fires_the_token()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        var reason = new TaskCompletionSource<CancellationReason>();
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Concurrency = 1 }, clock, new ScriptedEngine(async (state, context) =>
        {
            if (reason.Task.IsCompleted) return ScriptedEngine.Finish(state);
            await gate.UntilFiredAsync(context.CancellationToken);
            reason.TrySetResult(context.CancellationReason);
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task loop = roost.RunUntilDoneAsync("it");
        await gate.Reached;
        await using RoostRuntime other = TestRuntime.Beside(roost);

        await other.ReleaseLeaseAsync("it");
        await reason.Task.WhileTimePasses(clock);

        (await reason.Task).Should().Be(CancellationReason.LeaseLost);
        await loop.WhileTimePasses(clock);
    }

    [Test]
    public async Task An_expired_lease_is_taken_over_where_the_holders_death_cannot_be_known()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        ghost.Vanish();
        Task<WorkSummary> loop = roost.RunUntilDoneAsync("it");

        await loop.WhileTimePasses(clock);

        (clock.GetUtcNow() - TestRuntime.Start).Should().BeGreaterThanOrEqualTo(roost.Options.LeaseTime).And.BeLessThan(roost.Options.LeaseTime + TimeSpan.FromSeconds(20));
    }

    [Test]
    public async Task A_lease_is_not_taken_from_a_living_holder_before_it_expires_and_is_after()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        clock.Advance(roost.Options.LeaseTime - TimeSpan.FromMilliseconds(1));
        await roost.RunUntilIdleAsync();
        roost.StateOf("it").Should().Be("running");

        clock.Advance(TimeSpan.FromMilliseconds(1));

        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done, "a stopped process holds its lock, but not its lease");
    }

    [Test]
    public async Task A_heartbeat_that_stands_still_for_a_lease_is_enough_though_the_wall_clock_was_set_back()
    {
        var clock = TestRuntime.Clock();
        var wall = new SetClock(clock);
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { TimeProvider = wall }, null, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
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
        await using RoostRuntime roost = TestRuntime.Create(clock, new ScriptedEngine(async (state, context) =>
        {
            await gate.PassAsync();
            reason = context.CancellationReason;
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task<WorkSummary> loop = roost.RunUntilDoneAsync("it");
        await gate.Reached;
        long heartbeat = roost.Number("SELECT heartbeat FROM worker");

        clock.Advance(TimeSpan.FromHours(8));
        await Waiting.Until(() => roost.Number("SELECT heartbeat FROM worker") > heartbeat);
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
        await using RoostRuntime roost = TestRuntime.Create(clock, new ScriptedEngine(async (state, context) =>
        {
            if (reasons.Count == 0)
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
        using Ghost other = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1, id: "none"));
        WorkerRow asleep = (await other.Writer.RunAsync(session => session.Workers.OthersThan(other.Key)))[0];
        await other.Writer.RunAsync(session => session.Leases.Rescue(asleep, _ => 0));

        await loop.WhileTimePasses(clock);

        reasons.Should().Equal(CancellationReason.LeaseLost);
        roost.Rows("SELECT data FROM snapshot ORDER BY version").Should().Equal("0", "0");
    }

    [Test]
    public async Task Nothing_is_claimed_for_one_lease_after_the_clocks_have_parted()
    {
        var clock = TestRuntime.Clock();
        var wall = new SetClock(clock);
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { TimeProvider = wall }, null, ScriptedEngine.CountingTo(1));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await roost.WaitAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon();
        wall.SetBy = TimeSpan.FromHours(1);
        await Waiting.Until(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(250));
            return Parted(roost);
        });
        long since = clock.GetTimestamp();
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.WaitAsync(id).WhileTimePasses(clock);

        clock.GetElapsedTime(since).Should().BeGreaterThanOrEqualTo(roost.Options.LeaseTime - TimeSpan.FromSeconds(5));
        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task Leases_are_renewed_every_third_of_their_time_and_no_heartbeat_is_written_while_nothing_is_leased()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        await using RoostRuntime roost = TestRuntime.Create(clock, new ScriptedEngine(async (state, _) =>
        {
            await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await Waiting.Until(() => roost.Number("SELECT count(*) FROM worker") == 1);
        for (int i = 0; i < 10; i++) clock.Advance(roost.Options.LeaseTime);
        roost.Number("SELECT heartbeat FROM worker").Should().Be(1);

        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await gate.Reached;
        for (int renewal = 0; renewal < 3; renewal++)
        {
            long before = roost.Number("SELECT heartbeat FROM worker");
            await Waiting.Until(() =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(250));
                return roost.Number("SELECT heartbeat FROM worker") > before;
            });
        }
        gate.Open();
        await roost.WaitAsync("it").Soon();
        await stop.CancelAsync();
        await loop.Soon();
    }

    private static bool Parted(RoostRuntime roost) => roost.Writer.Claimant is { ClocksParted: true };

    /// <summary>A holder is displaced, another holds the item, and the first one's write comes late.</summary>
    private static async Task StaleAsync(Func<Session, LeasedWork, Claimant, bool> late)
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", Resources = ["x"] });
        using Ghost stale = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        LeasedWork lease = (await stale.ClaimAsync())[0];
        await roost.ReleaseLeaseAsync("it");
        (await stale.Writer.RunAsync(session => late(session, lease, Claimant(stale)))).Should().BeTrue("nobody holds the item");
        await RescueAsync(roost, stale);
        using Ghost holder = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        (await holder.ClaimAsync()).Should().HaveCount(1);
        string before = Everything(roost);

        (await stale.Writer.RunAsync(session => late(session, lease, Claimant(stale)))).Should().BeTrue("another holds the item");

        Everything(roost).Should().Be(before);
    }

    private static async Task RescueAsync(RoostRuntime roost, Ghost dead)
    {
        WorkerRow row = (await dead.Writer.RunAsync(session => session.Workers.OthersThan(0))).Single(worker => worker.Id == dead.Id);
        await using RoostRuntime rescuer = TestRuntime.Beside(roost);
        (await rescuer.Writer.RunAsync(session => session.Leases.Rescue(row, _ => 0))).Should().NotBeNull();
    }

    private static Claimant Claimant(Ghost ghost) =>
        new(ghost.Key, new Dictionary<string, IEngine> { ["scripted"] = ScriptedEngine.CountingTo(1) }, ["default"], 4, long.MaxValue) { Start = _ => { }, Idle = _ => { } };

    private static StepCommit Commit(LeasedWork lease, OutcomeKind kind) =>
        new(lease, kind, "late", 0, Snapshot.First(lease.Item, 99), new byte[32], 1, null);

    private static string Everything(RoostRuntime roost) => string.Join('\n', ((string[])["work", "snapshot", "failure", "event", "artifact", "blob", "resource", "worker", "lane_count"]).Select(table =>
        table + ": " + string.Join(" | ", roost.Rows($"SELECT json_array({string.Join(", ", roost.Rows($"SELECT CASE WHEN type = 'BLOB' THEN 'hex(\"' || name || '\")' ELSE '\"' || name || '\"' END FROM pragma_table_info('{table}')"))}) FROM {table}"))));

    /// <summary>A wall clock that somebody sets, while monotonic time and timers go on.</summary>
    private sealed class SetClock(TimeProvider inner) : TimeProvider
    {
        public TimeSpan SetBy { get; set; }

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + SetBy;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);
    }
}
