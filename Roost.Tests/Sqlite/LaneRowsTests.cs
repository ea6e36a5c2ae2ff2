using Roost.Stores;
using Roost.Tests.Conformance;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What a claim leaves in the rows of the file.</summary>
[TestFixture]
internal sealed class LaneRowsTests
{
    private static ScriptedEngine OneStep() => ScriptedEngine.CountingTo(1);

    [Test]
    public async Task A_newer_state_version_is_not_spun_on()
    {
        await using RoostRuntime roost = TestRuntime.Create(
            null,
            new ScriptedEngine((state, _) => Task.FromResult(ScriptedEngine.GoOn(state + 1, TimeSpan.FromHours(1)))) { Version = 2 }
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        await roost.RequeueNowAsync(id);
        long batches = roost.Number("SELECT sum(batch) FROM roost_writer");

        await using RoostRuntime older = TestRuntime.Beside(roost, OneStep());
        (await older.RunUntilIdleAsync()).Due.Should().BeNull();

        (roost.Number("SELECT sum(batch) FROM roost_writer") - batches).Should().BeLessThan(5, "only a worker that comes and goes was written");
    }

    [Test]
    public async Task A_state_that_was_brought_to_a_newer_version_is_counted_in_the_lane_of_that()
    {
        await using RoostRuntime roost = TestRuntime.Create(
            null,
            new RawEngine((snapshot, _, _) => Outcome.Continue(snapshot.Next(41), TimeSpan.FromHours(1)))
        );
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        await roost.RunUntilIdleAsync();
        await roost.RequeueNowAsync(id);

        await using RoostRuntime newer = TestRuntime.Beside(roost, new Newer());
        await newer.RunUntilDoneAsync(id).Soon();

        roost.Number("SELECT sum(n) FROM roost_lane_count").Should().Be(1);
        roost.Number("SELECT n FROM roost_lane_count JOIN roost_lane ON roost_lane.key = lane WHERE condition = 'done' AND state_version = 2").Should().Be(1);
    }

    [Test]
    public async Task A_commit_that_has_lost_its_lease_makes_no_lane_of_its_newer_state_version()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await SqliteGhost.StartAsync(roost, OneStep());
        LeasedWork lease = (await ghost.ClaimAsync())[0];
        await roost.ReleaseLeaseAsync("it");

        (await ghost.CommitAsync(Ghost.LateStep(lease, OutcomeKind.Continue) with { StateVersion = 2 }, keeps: true)).Should().Be(CommitResult.Lost);

        roost.Number("SELECT count(*) FROM roost_lane WHERE state_version = 2").Should().Be(0);
    }

    private sealed class Newer : IEngine
    {
        public string EngineId => "raw";

        public int StateVersion => 2;

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => Task.FromResult(Snapshot.First(item, 0));

        public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context) => Task.FromResult(Outcome.Done(snapshot.Next(snapshot.Data)));

        public Snapshot Migrate(Snapshot older) => older.Migrated(older.DataAs<int>() + 1);
    }
}
