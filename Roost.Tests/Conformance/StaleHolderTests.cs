using Roost.Sqlite.Writing;
using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>One test for each write of a lease holder: once displaced, it changes nothing.</summary>
[TestFixture]
internal sealed class StaleHolderTests
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
        SlotLedger ledger = SlotLedger(ghost);
        StepCommit commit = Commit(lease, OutcomeKind.Continue);

        (await ghost.Writer.RunAsync(session => session.CommitStep.Execute(commit, ledger))).IsKept.Should().BeTrue();
        (await ghost.Writer.RunAsync(session => session.CommitStep.Execute(commit, ledger))).Should().Be(CommitResult.Lost, "the same commit twice wins once");
        roost.Number("SELECT count(*) FROM roost_snapshot").Should().Be(1);
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

        (await ghost.Writer.RunAsync(session => session.Leases.Renew(SlotLedger(ghost)))).Should().BeFalse();
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
        await ghost.Writer.RunAsync(session => session.Leases.Renew(SlotLedger(ghost)));

        (await ghost.Writer.RunAsync(session => session.Leases.Rescue(judged, _ => 0))).Should().BeNull();

        roost.StateOf("it").Should().Be("running");
    }

    /// <summary>A holder is displaced, another holds the item, and the first one's write comes late.</summary>
    private static async Task StaleAsync(Func<Session, LeasedWork, SlotLedger, bool> late)
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", Resources = ["x"] });
        using Ghost stale = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        LeasedWork lease = (await stale.ClaimAsync())[0];
        await roost.ReleaseLeaseAsync("it");
        (await stale.Writer.RunAsync(session => late(session, lease, SlotLedger(stale)))).Should().BeTrue("nobody holds the item");
        await RescueAsync(roost, stale);
        using Ghost holder = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        (await holder.ClaimAsync()).Should().HaveCount(1);
        string before = Everything(roost);

        (await stale.Writer.RunAsync(session => late(session, lease, SlotLedger(stale)))).Should().BeTrue("another holds the item");

        Everything(roost).Should().Be(before);
    }

    private static async Task RescueAsync(RoostRuntime roost, Ghost dead)
    {
        WorkerRow row = (await dead.Writer.RunAsync(session => session.Workers.OthersThan(0))).Single(worker => worker.Id == dead.Id);
        await using RoostRuntime rescuer = TestRuntime.Beside(roost);
        (await rescuer.Writer.RunAsync(session => session.Leases.Rescue(row, _ => 0))).Should().NotBeNull();
    }

    private static SlotLedger SlotLedger(Ghost ghost) =>
        new(ghost.Key, ghost.Id, new Dictionary<string, EngineFacts> { ["scripted"] = EngineFacts.Of(ScriptedEngine.CountingTo(1)) }, ["default"], 4, long.MaxValue, taker: null!);

    private static StepCommit Commit(LeasedWork lease, OutcomeKind kind) =>
        new(lease, kind, "late", 0, Snapshot.First(lease.Item, 99), new byte[32], 1, null);

    private static string Everything(RoostRuntime roost) => string.Join('\n', ((string[])["roost_work", "roost_snapshot", "roost_failure", "roost_event", "roost_artifact", "roost_blob", "roost_resource", "roost_worker", "roost_lane_count"]).Select(table =>
        table + ": " + string.Join(" | ", roost.Rows($"SELECT json_array({string.Join(", ", roost.Rows($"SELECT CASE WHEN type = 'BLOB' THEN 'hex(\"' || name || '\")' ELSE '\"' || name || '\"' END FROM pragma_table_info('{table}')"))}) FROM {table}"))));
}
