using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Each invariant is seen by the doctor to be broken by a file in which one thing is wrong.</summary>
[TestFixture, Category("Reliability")]
internal sealed class InvariantTests : FolderFixture
{
    private const string Streams =
        "a stream counts the bytes that are kept of it, its pieces follow one another, and what is said is said by a step that its item has begun";

    private const string Effects = "an effect is of a step that its item has begun, what is recorded of it is JSON";

    private const string Pauses = "an item is marked that has a pause, no other is, and who is marked stands in no order that leads to a claim";

    private TemporaryFolder sound = null!;

    /// <summary>A file in which nothing is wrong, as it is while its workers live.</summary>
    [OneTimeSetUp]
    public async Task MakeSoundFileAsync()
    {
        sound = new();
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        using SqliteGhost ghost = await FillAsync(roost);
        using (SqliteConnection file = FileAudit.Open(roost.Path))
        using (SqliteConnection copy = new($"Data Source={sound["roost.db"]};Pooling=False"))
            file.BackupDatabase(copy);
        FileAudit.MustAgree(sound["roost.db"]);
    }

    [OneTimeTearDown]
    public void RemoveSoundFile() => sound.Dispose();

    [TestCase("an item that runs holds all its names", "DELETE FROM roost_resource WHERE name = 'x'")]
    [TestCase(
        "a name is held by an item that asks for it and has not ended",
        "INSERT INTO roost_resource (name, work, since) VALUES ('new', (SELECT key FROM roost_work WHERE id = 'runs'), 0)"
    )]
    [TestCase("an item waits for a name that it asks for and does not hold", "UPDATE roost_work SET blocked_on = 'new' WHERE id = 'waits'")]
    [TestCase("a name that an item waits for is held by somebody, where a worker serves the item", "DELETE FROM roost_resource")]
    [TestCase("what is stored as a time is one", "UPDATE roost_work SET updated_at = -80000000000000 WHERE id = 'ready'")]
    [TestCase("what is stored as a time is one", "UPDATE roost_event SET at = 300000000000000 WHERE kind = 'done'")]
    [TestCase("what an event says is JSON", "UPDATE roost_event SET data = 'no' WHERE kind = 'done'")]
    [TestCase(
        "without a worker, what does not run holds only what it holds for life",
        "DELETE FROM roost_worker; UPDATE roost_resource SET work = (SELECT key FROM roost_work WHERE id = 'waits') WHERE name = 'x'; UPDATE roost_work " +
        "SET blocked_on = NULL, place = NULL, ready_seq = 77 WHERE id = 'waits'; DELETE FROM roost_work_resource WHERE work = (SELECT key FROM roost_work " +
        "WHERE id = 'runs')"
    )]
    [TestCase("the number of names that an item asks for is the number of its names", "UPDATE roost_work SET resource_count = 5 WHERE id = 'waits'")]
    [TestCase("a queued item stands in one place of one order, and no other stands there", "UPDATE roost_work SET due_at = 1 WHERE id = 'ready'")]
    [TestCase("what waits says for what, what was woken says by what, and nothing else does", "DELETE FROM roost_wait")]
    [TestCase(
        "what waits says for what, what was woken says by what, and nothing else does",
        "UPDATE roost_wait SET work = (SELECT key FROM roost_work WHERE id = 'ready')"
    )]
    [TestCase("what waits says for what, what was woken says by what, and nothing else does", "UPDATE roost_wait SET version = 9")]
    [TestCase("what waits says for what, what was woken says by what, and nothing else does", "UPDATE roost_wait SET signals = 'no'")]
    [TestCase("a question is open while its item waits for the answer, and closed with its wait", "UPDATE roost_ask SET state = 'closed', closed_at = 1")]
    [TestCase("a question is open while its item waits for the answer, and closed with its wait", "UPDATE roost_wait SET ask = NULL")]
    [TestCase("a question is open while its item waits for the answer, and closed with its wait", "UPDATE roost_ask SET schema = 'no'")]
    [TestCase(Effects, "UPDATE roost_effect SET version = 9")]
    [TestCase(Effects, "UPDATE roost_effect SET result = 'no'")]
    [TestCase(Effects, "UPDATE roost_ask SET effect = 'pay'")]
    [TestCase(Streams, "UPDATE roost_stream SET bytes = bytes - 1")]
    [TestCase(Streams, "UPDATE roost_stream_piece SET starts = starts + 1")]
    [TestCase(Streams, "UPDATE roost_stream_piece SET version = 9")]
    [TestCase(Streams, "UPDATE roost_stream_piece SET stream = 99")]
    [TestCase(Streams, "UPDATE roost_progress SET version = 9")]
    [TestCase(Streams, "UPDATE roost_progress SET fraction = NULL, text = NULL")]
    [TestCase(Streams, "INSERT INTO roost_stream_piece (stream, starts, work, version, try, at, text) SELECT stream, 4, work, version, 2, at, 'more' " +
        "FROM roost_stream_piece; UPDATE roost_stream SET ends = 8, bytes = 8")]
    [TestCase("nothing is kept of an item that is gone", "UPDATE roost_stream SET work = 999")]
    [TestCase("nothing is kept of an item that is gone", "UPDATE roost_stream_piece SET work = 999")]
    [TestCase("nothing is kept of an item that is gone", "UPDATE roost_progress SET work = 999")]
    [TestCase("what is stored as a time is one", "UPDATE roost_stream_piece SET at = 300000000000000")]
    [TestCase("what is stored as a time is one", "UPDATE roost_progress SET at = 300000000000000")]
    [TestCase("nothing is kept of an item that is gone", "UPDATE roost_effect SET work = 999")]
    [TestCase("what is stored as a time is one", "UPDATE roost_effect SET begun_at = 300000000000000")]
    [TestCase("a mailbox counts the signals in it, and its item knows that it has one", "UPDATE roost_mailbox SET n = 2")]
    [TestCase("a mailbox counts the signals in it, and its item knows that it has one", "DELETE FROM roost_mailbox")]
    [TestCase("a mailbox counts the signals in it, and its item knows that it has one", "UPDATE roost_work SET mail = 0 WHERE id = 'rests'")]
    [TestCase("what a signal carries is JSON, and its id is known", "UPDATE roost_signal SET payload = 'no'")]
    [TestCase("what a signal carries is JSON, and its id is known", "DELETE FROM roost_signal_id")]
    [TestCase("no signal lies in the mailbox of an item that waits for it", "UPDATE roost_signal SET name = 'go'")]
    [TestCase("a delay was written before it ends, and is over where nothing waits", "UPDATE roost_work SET delayed_at = 1 WHERE id = 'ready'")]
    [TestCase(
        "a queued item stands in one place of one order, and no other stands there",
        "UPDATE roost_work SET ready_seq = (SELECT ready_seq FROM roost_work WHERE id = 'ready') WHERE id = 'ready too'"
    )]
    [TestCase(
        "what has ended has its time, nothing else has; and who is asked to stop runs, or has ended",
        "UPDATE roost_work SET cancel_requested = 1 WHERE id = 'ready'"
    )]
    [TestCase(
        "what has ended has its time, nothing else has; and who is asked to stop runs, or has ended",
        "UPDATE roost_work SET ended_at = NULL WHERE id = 'done'"
    )]
    [TestCase("a dead letter has its reason, and nothing is held against what is done", "DELETE FROM roost_failure")]
    [TestCase("a dead letter has its reason, and nothing is held against what is done", "UPDATE roost_work SET failures = 1 WHERE id = 'done'")]
    [TestCase(
        "how often a step has asked to be tried again is counted, why is told while that is waited for, and neither where it is done",
        "UPDATE roost_work SET retry_afters = 1 WHERE id = 'done'"
    )]
    [TestCase(
        "how often a step has asked to be tried again is counted, why is told while that is waited for, and neither where it is done",
        "UPDATE roost_work SET retry_afters = 1, retry_why = 'not yet' WHERE id = 'ready'"
    )]
    [TestCase(
        "no item goes on beyond the steps that it may commit",
        "UPDATE roost_work_input SET max_steps = 1, steps_from = -1 WHERE work = (SELECT key FROM roost_work WHERE id = 'ready')"
    )]
    [TestCase(
        "an engine is told of the end of an item that has ended without being done",
        "INSERT INTO roost_end (work, engine, queue, state_version, nonce, due_at) SELECT key, 'scripted', 'default', 1, 1, 1 FROM roost_work " +
        "WHERE id = 'ready'"
    )]
    [TestCase("the key of an item and the item of a key are the same", "UPDATE roost_idempotency SET key = 'other'")]
    [TestCase("the key of an item and the item of a key are the same", "DELETE FROM roost_idempotency")]
    [TestCase("the version that an item is at is kept, and none beyond it", "UPDATE roost_work SET version = 1 WHERE id = 'done'")]
    [TestCase("each item has its payload and its lane", "DELETE FROM roost_work_input WHERE work = (SELECT key FROM roost_work WHERE id = 'ready')")]
    [TestCase("nothing is kept of an item that is gone", "DELETE FROM roost_work WHERE id = 'done'")]
    [TestCase("each artifact's content is here and whole, and no content is kept for nobody", "DELETE FROM roost_artifact")]
    [TestCase("each artifact's content is here and whole, and no content is kept for nobody", "DELETE FROM roost_blob_chunk")]
    [TestCase("no event and no ready place is beyond the writers' counters", "UPDATE roost_writer SET event_seq = 1")]
    [TestCase("the counts of each lane are those of its items", "UPDATE roost_lane_count SET n = n + 1 WHERE condition = 'done'")]
    [TestCase("counts are kept of lanes that are there", "INSERT INTO roost_lane_count (lane, condition, n) VALUES (99, 'done', 0)")]
    [TestCase(
        "what is kept of an item's children is what they are",
        "INSERT INTO roost_child_count (parent, open, done, failed, cancelled) SELECT key, 1, 0, 0, 0 FROM roost_work WHERE id = 'done'"
    )]
    [TestCase(
        "what is kept of an item's children is what they are",
        "INSERT INTO roost_child_count (parent, open, done, failed, cancelled) VALUES (999, 0, 0, 0, 0)"
    )]
    [TestCase(
        "the ends that an item is to be shown are numbered, and of those that are open it counts each that is not detached",
        "UPDATE roost_work SET parent = (SELECT key FROM roost_work WHERE id = 'done') WHERE id = 'ready'"
    )]
    [TestCase(
        "the ends that an item is to be shown are numbered, and of those that are open it counts each that is not detached",
        "INSERT INTO roost_child_count (parent, open, done, failed, cancelled, ends) SELECT key, 0, 0, 0, 0, 1 FROM roost_work WHERE id = 'done'"
    )]
    [TestCase(
        "the ends that an item is to be shown are numbered, and of those that are open it counts each that is not detached",
        "INSERT INTO roost_child_end (parent, n, child) VALUES (999, 1, 1)"
    )]
    [TestCase(
        "the ends that an item is to be shown are numbered, and of those that are open it counts each that is not detached",
        "UPDATE roost_work SET detached = 1 WHERE id = 'ready'"
    )]
    [TestCase("nothing waits for children that have ended", "UPDATE roost_wait SET child_ends = 0")]
    [TestCase("children are cancelled of what has ended", "INSERT INTO roost_tree_cancel (work, after, n) SELECT key, 0, 0 FROM roost_work WHERE id = 'ready'")]
    [TestCase("an hour has at least the steps and failed tries of its minutes", "UPDATE roost_step_tally SET steps = steps + 1 WHERE span = 1")]
    [TestCase("an hour has at least the steps and failed tries of its minutes", "DELETE FROM roost_step_tally WHERE span = 60")]
    [TestCase(
        "a version is committed once",
        "INSERT INTO roost_event (seq, at, kind, work, data) SELECT seq + 1000, at, kind, work, data FROM roost_event WHERE kind = 'done'"
    )]
    [TestCase("each version has its event", "DELETE FROM roost_event WHERE kind = 'done'")]
    [TestCase("an item's state is what its last event says", "UPDATE roost_event SET kind = 'failed' WHERE kind = 'done'")]
    [TestCase("whoever holds a lease is a registered worker", "DELETE FROM roost_worker")]
    [TestCase(Pauses, "DELETE FROM roost_pause WHERE work IS NOT NULL")]
    [TestCase(Pauses, "UPDATE roost_work SET ready_seq = place, place = NULL, paused = 0 WHERE id = 'paused'")]
    [TestCase(Pauses, "PRAGMA ignore_check_constraints = ON; UPDATE roost_work SET paused = 1 WHERE id = 'ready'")]
    [TestCase(
        "what is paused and does not run holds only what it holds for life",
        "INSERT INTO roost_work_resource (work, name) SELECT key, 'y' FROM roost_work WHERE id = 'paused'; INSERT INTO roost_resource (name, work, since) " +
        "SELECT 'y', key, 0 FROM roost_work WHERE id = 'paused'"
    )]
    [TestCase("the counts of each lane are those of its items", "UPDATE roost_lane_count SET n = 0 WHERE condition = 'paused'")]
    [TestCase(
        "a queued item stands in one place of one order, and no other stands there",
        "UPDATE roost_work SET place = (SELECT ready_seq FROM roost_work WHERE id = 'ready') WHERE id = 'paused'"
    )]
    [TestCase("what is stored as a time is one", "UPDATE roost_pause SET until = 300000000000000")]
    [TestCase("nothing is kept of an item that is gone", "UPDATE roost_pause SET work = 999 WHERE work IS NOT NULL")]
    [TestCase("an item goes by purge alone", "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'roost_work'")]
    public async Task What_is_wrong_in_a_file_is_found(string rule, string damage)
    {
        string path = folder["roost.db"];
        File.Copy(sound["roost.db"], path);
        using (SqliteConnection file = FileAudit.Open(path)) file.Execute(damage);

        IReadOnlyList<FileCheck> checks = await RoostRuntime.CheckFileAsync(path);

        checks.Should().Contain(check => check.Status == CheckStatus.Error && check.Found.Contains(rule, StringComparison.Ordinal));
    }

    /// <summary>An item in every state.</summary>
    private static async Task<SqliteGhost> FillAsync(RoostRuntime roost)
    {
        await using (RoostRuntime other = TestRuntime.Beside(roost, new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == "done")
            {
                await context.OnceAsync("pay", _ => Task.FromResult(7));
                context.OpenStream("said").Write("text");
                context.Report(0.5, "half");
            }
            context.AddArtifactText("out.txt", "text");
            return context.Item.Id switch
            {
                "failed" => ScriptedEngine.GiveUp("as the test says"),
                "rests" => Outcome.WaitFor(state, new Wait { Signals = ["go"], Ask = new("Go?") }),
                _ => ScriptedEngine.Finish(state + 1),
            };
        })))
        {
            await other.EnqueueAsync([new WorkItem("scripted") { Id = "done", IdempotencyKey = "key" }, new WorkItem("scripted") { Id = "failed" }]);
            await other.EnqueueAsync(new WorkItem("scripted") { Id = "rests" });
            await other.RunUntilIdleAsync();
            await other.SignalAsync("rests", "other", 1, "first");
        }
        SqliteGhost ghost = await SqliteGhost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "runs", Resources = ["x"] }, new WorkItem("scripted") { Id = "waits", Resources = ["x"] }]);
        await ghost.ClaimAsync(2);
        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "ready" }, new WorkItem("scripted") { Id = "ready too" }]);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "paused" });
        await roost.PauseAsync(PauseTarget.Item("paused"), "as the test says", "the test");
        return ghost;
    }
}
