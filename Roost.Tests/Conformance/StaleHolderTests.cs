using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>One test for each write of a lease holder: once displaced, it changes nothing.</summary>
internal sealed class StaleHolderTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task A_stale_holder_cannot_commit_and_keep_its_lease() =>
        await StaleAsync(async (ghost, lease) => await ghost.CommitAsync(Ghost.LateStep(lease, OutcomeKind.Continue), keeps: true) == CommitResult.Lost);

    [Test]
    public async Task A_stale_holder_cannot_commit_a_delay() =>
        await StaleAsync(
            async (ghost, lease) => await ghost.CommitAsync(Ghost.LateStep(lease, OutcomeKind.Continue) with { DelayMs = 1000 }, keeps: true)
                == CommitResult.Lost
        );

    [Test]
    public async Task A_stale_holder_cannot_commit_done() =>
        await StaleAsync(async (ghost, lease) => await ghost.CommitAsync(Ghost.LateStep(lease, OutcomeKind.Done), keeps: true) == CommitResult.Lost);

    [Test]
    public async Task A_stale_holder_cannot_fail_for_good() =>
        await StaleAsync(async (ghost, lease) => await ghost.CommitAsync(Ghost.LateStep(lease, OutcomeKind.Fail), keeps: true) == CommitResult.Lost);

    [Test]
    public async Task A_stale_holder_cannot_charge_a_failed_try() =>
        await StaleAsync(async (ghost, lease) => !await ghost.FailAsync(lease, lastTry: false));

    [Test]
    public async Task A_stale_holder_cannot_make_a_dead_letter() =>
        await StaleAsync(async (ghost, lease) => !await ghost.FailAsync(lease, lastTry: true));

    [Test]
    public async Task A_stale_holder_cannot_ask_for_another_try() => await StaleAsync(async (ghost, lease) => !await ghost.RetryAfterAsync(lease));

    [Test]
    public async Task A_stale_holder_cannot_record_that_a_call_begins() =>
        await StaleAsync(async (roost, _, lease) => !await roost.Store.SaveEffectAsync(lease, new(Pay, null, 0, null)));

    [Test]
    public async Task A_stale_holder_cannot_record_a_result() =>
        await StaleAsync(async (roost, _, lease) => !await roost.Store.SaveEffectAsync(lease, new(Pay, null, 0, "1"u8.ToArray())));

    [Test]
    public async Task A_stale_holder_cannot_take_back_that_a_call_has_begun() =>
        await StaleAsync(async (roost, _, lease) => !await roost.Store.RemoveEffectAsync(lease, Pay.Path), begun: true);

    [Test]
    public async Task A_stale_holder_says_nothing_any_more() => await StaleAsync(async (roost, _, lease) =>
    {
        StepOutput output = roost.Store.OutputOf(lease);
        output.Append("tokens", "late");
        output.Report(new() { Fraction = 1, Version = 0, At = TestRuntime.Start });
        await roost.Store.FlushAsync(output);
        return true;
    });

    [Test]
    public async Task A_stale_holder_cannot_have_anybody_asked() => await StaleAsync(async (_, ghost, lease) =>
        !await ghost.AskAsync(lease, new(Pay.Path, new("ask", "Has it happened?", "true"u8.ToArray(), null, []))), begun: true);

    [Test]
    public async Task A_stale_holder_cannot_release() => await StaleAsync(async (ghost, lease) => !await ghost.ReleaseAsync(lease));

    [Test]
    public async Task A_stale_holder_cannot_attach_artifacts_events_or_children() =>
        await StaleAsync(async (ghost, lease) =>
        {
            var staged = new Staged();
            staged.Events.Add(("engine.late", null));
            staged.Artifacts.Add(new("late.txt", ArtifactKind.Log, "text/plain", null) { Content = "late"u8.ToArray(), Sha256 = new byte[32] });
            staged.Children.Add(new(new WorkItem("scripted"), "late-child", "{}"u8.ToArray(), [], null));
            return await ghost.CommitAsync(Ghost.LateStep(lease, OutcomeKind.Done) with { Staged = staged }, keeps: true) == CommitResult.Lost;
        });

    [Test]
    public async Task A_stale_holder_is_refused_for_its_version_too()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        LeasedWork lease = (await ghost.ClaimAsync())[0];
        StepCommit commit = Ghost.LateStep(lease, OutcomeKind.Continue);

        (await ghost.CommitAsync(commit, keeps: true)).IsKept.Should().BeTrue();
        (await ghost.CommitAsync(commit, keeps: true)).Should().Be(CommitResult.Lost, "the same commit twice wins once");
        (await roost.ListHistoryAsync("it")).Should().ContainSingle();
    }

    [Test]
    public async Task A_renewal_after_the_rescue_revives_nothing()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        LeasedWork lease = (await ghost.ClaimAsync())[0];
        await RescueAsync(roost, ghost);
        string before = Host.Everything(roost);

        (await ghost.RenewAsync()).Should().BeFalse();
        (await ghost.CommitAsync(Ghost.LateStep(lease, OutcomeKind.Done))).Should().Be(CommitResult.Lost);

        Host.Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task A_worker_that_was_declared_dead_claims_nothing_until_it_has_a_new_seat()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await RescueAsync(roost, ghost);
        await roost.EnqueueAsync(new WorkItem("scripted"));

        (await ghost.ClaimAsync()).Should().BeEmpty("nobody could ever take over what a worker without a row holds");
    }

    [Test]
    public async Task A_rescue_of_a_worker_that_has_shown_itself_meanwhile_does_nothing()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        using Ghost other = await GhostAsync(roost);
        WorkerRow judged = (await other.OthersAsync()).Single();
        await ghost.RenewAsync();

        (await other.RescueAsync(judged)).Should().BeNull();

        roost.StateOf("it").Should().Be(WorkState.Running);
    }

    /// <summary>A holder is displaced, another holds the item, and the first one's write comes late.</summary>
    private Task StaleAsync(Func<Ghost, LeasedWork, Task<bool>> late) => StaleAsync((_, ghost, lease) => late(ghost, lease));

    /// <param name="late">The write; true where it was refused.</param>
    /// <param name="begun">The call of an effect has begun while the lease was held.</param>
    private async Task StaleAsync(Func<RoostRuntime, Ghost, LeasedWork, Task<bool>> late, bool begun = false)
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", Resources = ["x"] });
        using Ghost stale = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        LeasedWork lease = (await stale.ClaimAsync())[0];
        if (begun) (await roost.Store.SaveEffectAsync(lease, new(Pay, null, 0, null))).Should().BeTrue();
        await roost.ReleaseLeaseAsync("it");
        (await late(roost, stale, lease)).Should().BeTrue("nobody holds the item");
        await RescueAsync(roost, stale);
        using Ghost holder = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        (await holder.ClaimAsync()).Should().HaveCount(1);
        string before = Host.Everything(roost);

        (await late(roost, stale, lease)).Should().BeTrue("another holds the item");

        Host.Everything(roost).Should().Be(before);
    }

    private async Task RescueAsync(RoostRuntime roost, Ghost dead)
    {
        using Ghost rescuer = await GhostAsync(roost);
        (await rescuer.RescueAsync((await rescuer.OthersAsync()).Single(worker => worker.Id == dead.Id))).Should().NotBeNull();
        await rescuer.LeaveAsync();
    }

    private static EffectPlace Pay { get; } = new("pay", "pay", 1, "0123");
}
