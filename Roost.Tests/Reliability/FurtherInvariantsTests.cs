using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Each invariant is seen to be violated by a file in which one thing is wrong, and by no other.</summary>
[TestFixture]
[Category("Reliability")]
internal sealed class FurtherInvariantsTests
{
    [TestCase("a running item holds all its names", "DELETE FROM resource WHERE name = 'x'")]
    [TestCase("a name is held by an item that asks for it", "INSERT INTO resource (name, work, since) VALUES ('new', (SELECT key FROM work WHERE id = 'runs'), 0)")]
    [TestCase("an item waits for a name that it asks for and does not hold", "UPDATE work SET blocked_on = 'new' WHERE id = 'waits'")]
    [TestCase("without a worker, only what is held for life is held by what does not run", "DELETE FROM worker; UPDATE resource SET work = (SELECT key FROM work WHERE id = 'waits') WHERE name = 'x'; UPDATE work SET blocked_on = NULL, place = NULL, ready_seq = 77 WHERE id = 'waits'; DELETE FROM work_resource WHERE work = (SELECT key FROM work WHERE id = 'runs')")]
    [TestCase("the number of names is the number of names", "UPDATE work SET resource_count = 5 WHERE id = 'waits'")]
    [TestCase("a queued item stands in one place of one order", "UPDATE work SET due_at = 1 WHERE id = 'ready'")]
    [TestCase("no two items stand in one place", "UPDATE work SET ready_seq = (SELECT ready_seq FROM work WHERE id = 'ready') WHERE id = 'ready too'")]
    [TestCase("who is asked to stop runs, or has ended", "UPDATE work SET cancel_requested = 1 WHERE id = 'ready'")]
    [TestCase("what has ended has its time, and nothing else has", "UPDATE work SET ended_at = NULL WHERE id = 'done'")]
    [TestCase("a dead letter has its reason, and what is done has none", "DELETE FROM failure")]
    [TestCase("nothing is held against what is done", "UPDATE work SET failures = 1 WHERE id = 'done'")]
    [TestCase("a key of an item and the item of a key are the same", "UPDATE idempotency SET key = 'other'")]
    [TestCase("a key of an item and the item of a key are the same", "DELETE FROM idempotency")]
    [TestCase("no version is beyond the item's", "UPDATE work SET version = 1 WHERE id = 'done'")]
    [TestCase("every item has its input and its lane", "DELETE FROM work_input WHERE work = (SELECT key FROM work WHERE id = 'ready')")]
    [TestCase("nothing is left of items that are gone", "DELETE FROM work WHERE id = 'done'")]
    [TestCase("content belongs to an artifact or is pinned", "DELETE FROM artifact")]
    [TestCase("content is complete", "DELETE FROM blob_chunk")]
    [TestCase("no number of an event is given out twice", "UPDATE writer SET event_seq = 1")]
    public async Task What_is_wrong_in_a_file_is_found(string because, string damage)
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        using Ghost ghost = await FillAsync(roost);
        FurtherInvariants.MustHold(roost.Path);
        FileAudit.MustAgree(roost.Path);
        using (SqliteConnection file = FileAudit.Open(roost.Path)) file.Execute(damage);

        Action check = () => FurtherInvariants.MustHold(roost.Path);

        check.Should().Throw<AssertionException>().WithMessage($"*{because}*");
    }

    /// <summary>An item in every state.</summary>
    private static async Task<Ghost> FillAsync(RoostRuntime roost)
    {
        await using (RoostRuntime other = TestRuntime.Beside(roost, ScriptedEngine.From((state, context) =>
        {
            context.AddArtifactText("out.txt", "text");
            return context.Item.Id == "failed" ? ScriptedEngine.GiveUp("as the test says") : ScriptedEngine.Finish(state + 1);
        })))
        {
            await other.EnqueueAsync([new WorkItem("scripted") { Id = "done", IdempotencyKey = "key" }, new WorkItem("scripted") { Id = "failed" }]);
            await other.RunUntilIdleAsync();
        }
        Ghost ghost = await Ghost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "runs", Resources = ["x"] }, new WorkItem("scripted") { Id = "waits", Resources = ["x"] }]);
        await ghost.ClaimAsync(2);
        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "ready" }, new WorkItem("scripted") { Id = "ready too" }]);
        return ghost;
    }
}
