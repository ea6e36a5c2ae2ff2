using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>A state, or the causes of a failure, that are not what was stored.</summary>
[TestFixture]
internal sealed class StoredDamageTests
{
    [Test]
    public async Task A_damaged_snapshot_is_never_shown_but_everything_beside_it_is()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted", new { a = 1 }));
        await roost.RunUntilIdleAsync();
        roost.Execute("UPDATE roost_snapshot SET data = '7' WHERE version = 2");

        WorkDetail detail = await roost.GetAsync(id);

        detail.Snapshot.Should().BeNull();
        detail.SnapshotError.Should().Contain($"Version 2 of work item {id} does not match its SHA-256");
        detail.Payload.GetProperty("a").GetInt32().Should().Be(1);
        await roost.Invoking(it => it.GetSnapshotAsync(id, 2)).Should().ThrowAsync<DataCorruptException>();
        (await roost.GetSnapshotAsync(id, 1)).DataAs<int>().Should().Be(0);
    }

    [Test]
    public async Task A_missing_snapshot_is_said_to_be_missing()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        roost.Execute("DELETE FROM roost_snapshot WHERE version = 2");

        (await roost.GetAsync(id))
            .SnapshotError.Should()
            .Be($"Version 2 of work item {id} is missing from the file. Restore a backup, or enqueue the work anew.");
    }

    [Test]
    public async Task What_is_damaged_of_the_causes_leaves_the_rest_readable_and_doctor_tells_it()
    {
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { MaxAttempts = 1 },
            null,
            new RawEngine((_, _, _) => throw new IOException("outer", new FormatException("inner")))
        );
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        await roost.RunUntilIdleAsync();
        roost.Execute("UPDATE roost_failure SET causes = '{\"left_out\":'");

        (await roost.GetAsync(id)).LastFailure.Should().BeEquivalentTo(new { Message = "outer", CauseMessage = "inner" });
        (await RoostRuntime.CheckFileAsync(roost.Path, full: true))
            .Should()
            .Contain(check => check.Status == CheckStatus.Error && check.Found.Contains("failure of", StringComparison.Ordinal));
    }
}
