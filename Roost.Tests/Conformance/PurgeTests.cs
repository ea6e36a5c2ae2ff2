using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class PurgeTests
{
    private static readonly string[] TablesOfAnItem = ["roost_work", "roost_work_input", "roost_work_resource", "roost_snapshot", "roost_failure", "roost_artifact", "roost_blob", "roost_blob_chunk", "roost_idempotency"];

    private FakeTimeProvider clock = null!;

    [SetUp]
    public void SetUp() => clock = TestRuntime.Clock();

    [Test]
    public async Task Everything_of_a_finished_item_goes_and_its_key_is_free_again()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, Ending());
        var item = new WorkItem("scripted", new { end = "done" }) { IdempotencyKey = "k", Resources = ["r"] };
        string id = await roost.EnqueueAsync(item);
        await roost.RunThroughAsync(clock);

        PurgeResult purged = await roost.PurgeAsync(new(TimeSpan.Zero));

        purged.Items.Should().Be(1);
        foreach (string table in TablesOfAnItem) roost.Number($"SELECT count(*) FROM {table}").Should().Be(0, table);
        roost.Number("SELECT count(*) FROM roost_event WHERE work IS NOT NULL").Should().Be(0);
        await FluentActions.Awaiting(() => roost.WaitAsync(id)).Should().ThrowAsync<NotFoundException>();
        EnqueueResult again = await roost.EnqueueAsync(item with { Priority = 1 });
        again.Created.Should().BeTrue();
        again.Id.Should().NotBe(id);
    }

    [Test]
    public async Task Long_histories_go_a_few_items_at_a_time()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, Ending());
        for (int i = 0; i < 5; i++) await EndedAsync(roost, "done");
        roost.Execute("INSERT INTO roost_event (seq, work, kind, at) SELECT -w.key * 10000 - n.i, w.key, 'note', 1 FROM roost_work w, (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) SELECT i FROM n) n");

        PurgeResult purged = await roost.PurgeAsync(new(TimeSpan.Zero));

        purged.Items.Should().Be(5);
        roost.Rows("SELECT data ->> 'items' FROM roost_event WHERE kind = 'purged' ORDER BY seq").Should().Equal("3", "2");
    }

    [Test]
    public async Task A_key_of_another_engine_stays()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, Ending());
        await roost.EnqueueAsync(new WorkItem("scripted", new { end = "done" }) { IdempotencyKey = "k" });
        await roost.EnqueueAsync(new WorkItem("other") { IdempotencyKey = "k" });
        await roost.RunThroughAsync(clock);
        await roost.PurgeAsync(new(TimeSpan.Zero));

        (await roost.EnqueueAsync(new WorkItem("other") { IdempotencyKey = "k" })).Created.Should().BeFalse();
    }

    [Test]
    public async Task Dead_letters_go_only_when_asked_for_and_unfinished_work_never()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, Ending());
        string done = await EndedAsync(roost, "done"), failed = await EndedAsync(roost, "fail");
        string queued = await roost.EnqueueAsync(new WorkItem("other")), cancelled = await roost.EnqueueAsync(new WorkItem("other"));
        await roost.CancelAsync(cancelled);

        (await roost.PurgeAsync(new(TimeSpan.Zero))).Items.Should().Be(2);
        (await StatesAsync(roost, done, failed, queued, cancelled)).Should().Equal(null, "failed", "queued", null);

        (await roost.PurgeAsync(new(TimeSpan.Zero) { States = [WorkState.Failed] })).Items.Should().Be(1);
        (await StatesAsync(roost, failed, queued)).Should().Equal(null, "queued");
    }

    [Test]
    public async Task Age_counts_from_the_end_of_the_work_to_the_millisecond()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, Ending());
        string id = await EndedAsync(roost, "done");
        clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMilliseconds(1));

        (await roost.PurgeAsync(new(TimeSpan.FromDays(1)))).Items.Should().Be(0);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        (await roost.PurgeAsync(new(TimeSpan.FromDays(1)))).Items.Should().Be(1);
        (await StatesAsync(roost, id)).Should().Equal((string?)null);
    }

    [Test]
    public async Task Only_the_engine_that_is_named_is_purged()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, Ending(), ScriptedEngine.CountingTo(1, id: "other"));
        string one = await EndedAsync(roost, "done");
        string other = await roost.EnqueueAsync(new WorkItem("other"));
        await roost.RunThroughAsync(clock);

        (await roost.PurgeAsync(new(TimeSpan.Zero) { Engine = "other" })).Items.Should().Be(1);
        (await StatesAsync(roost, one, other)).Should().Equal("done", null);
    }

    [Test]
    public async Task A_dry_run_counts_the_same_and_writes_nothing()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, Ending());
        await EndedAsync(roost, "done");
        await EndedAsync(roost, "fail");
        long events = roost.Number("SELECT max(seq) FROM roost_event");

        (await roost.PurgeAsync(new(TimeSpan.Zero), dryRun: true)).Should().Be(new PurgeResult { Items = 1 });
        (await roost.PurgeAsync(new(TimeSpan.Zero) { States = [WorkState.Failed, WorkState.Done, WorkState.Done] }, dryRun: true)).Items.Should().Be(2);
        roost.Number("SELECT max(seq) FROM roost_event").Should().Be(events);
        roost.Number("SELECT count(*) FROM roost_work").Should().Be(2);
    }

    [Test]
    public async Task Many_items_go_in_batches_each_with_its_event_and_the_counts_follow()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock);
        IReadOnlyList<EnqueueResult> items = await roost.EnqueueAsync(Enumerable.Range(0, 1201).Select(_ => new WorkItem("scripted")));
        foreach (EnqueueResult item in items) await roost.CancelAsync(item.Id);

        (await roost.PurgeAsync(new(TimeSpan.Zero), reason: "tidy")).Items.Should().Be(1201);

        roost.Number("SELECT count(*) FROM roost_lane_count").Should().Be(0, "the lane is empty and goes");
        roost.Number("SELECT count(*) FROM roost_event WHERE kind = 'purged' AND data ->> 'reason' = 'tidy'").Should().Be(3);
        roost.Number("SELECT max(data ->> 'items') FROM roost_event WHERE kind = 'purged'").Should().Be(500);
        roost.Number("SELECT sum(data ->> 'items') FROM roost_event WHERE kind = 'purged'").Should().Be(1201);
    }

    [Test]
    public async Task Content_that_another_item_uses_stays_until_that_goes_too()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, Ending());
        await EndedAsync(roost, "done");
        clock.Advance(TimeSpan.FromDays(2));
        string young = await EndedAsync(roost, "done");

        await roost.PurgeAsync(new(TimeSpan.FromDays(1)));
        (await roost.ReadArtifactAsync(young, "out.bin")).Should().HaveCount(1_000_000);
        await roost.PurgeAsync(new(TimeSpan.Zero));
        roost.ContentRows().Should().Be(0);
    }

    [Test]
    public async Task The_file_becomes_smaller_by_what_is_said()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, ScriptedEngine.From((state, context) =>
        {
            byte[] content = new byte[8_000_000];
            new Random(1).NextBytes(content);
            context.AddArtifactBytes("large.bin", content);
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunThroughAsync(clock);
        await roost.PurgeAsync(new(TimeSpan.FromDays(1)));
        long pages = roost.Number("PRAGMA page_count");

        PurgeResult purged = await roost.PurgeAsync(new(TimeSpan.Zero));

        purged.FreedBytes.Should().BeGreaterThan(8_000_000);
        long after = roost.Number("PRAGMA page_count");
        ((pages - after) * roost.Number("PRAGMA page_size")).Should().Be(purged.FreedBytes);
        roost.Number("PRAGMA freelist_count").Should().Be(0);
        new FileInfo(roost.Path).Length.Should().Be(after * roost.Number("PRAGMA page_size"));
        roost.Text("PRAGMA integrity_check").Should().Be("ok");
    }

    [Test]
    public async Task A_child_goes_on_after_its_parent_is_purged()
    {
        string? parentSeen = "not run";
        await using RoostRuntime roost = TestRuntime.Create(clock, Ending(), ScriptedEngine.From((state, context) =>
        {
            parentSeen = context.Item.ParentId;
            return ScriptedEngine.Finish(state);
        }, "child"));
        string parent = await EndedAsync(roost, "done");
        string child = await roost.EnqueueAsync(new WorkItem("child") { ParentId = parent });
        await roost.PurgeAsync(new(TimeSpan.Zero));
        await roost.RunThroughAsync(clock);

        (await StatesAsync(roost, parent, child)).Should().Equal(null, "done");
        parentSeen.Should().BeNull();
    }

    [Test]
    public async Task A_filter_that_makes_no_sense_is_refused()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock);
        await RefusedAsync(roost, new(TimeSpan.FromSeconds(-1)), "OlderThan");
        await RefusedAsync(roost, new(TimeSpan.Zero) { States = [] }, "States");
        await RefusedAsync(roost, new(TimeSpan.Zero) { States = [WorkState.Done, WorkState.Running] }, "States");
        await RefusedAsync(roost, new(TimeSpan.Zero) { Engine = "" }, "Engine");
    }

    private static ScriptedEngine Ending() => ScriptedEngine.From((state, context) =>
    {
        context.AddArtifactBytes("out.bin", new byte[1_000_000]);
        return context.Item.Payload.GetProperty("end").GetString() == "done" ? ScriptedEngine.Finish(state) : ScriptedEngine.GiveUp("no");
    });

    private async Task<string> EndedAsync(RoostRuntime roost, string end)
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted", new { end }));
        await roost.RunThroughAsync(clock);
        return id;
    }

    private static Task<string?[]> StatesAsync(RoostRuntime roost, params string[] ids) =>
        Task.FromResult(Array.ConvertAll(ids, id => roost.Rows("SELECT state FROM roost_work WHERE id = $0", id).SingleOrDefault()));

    private static async Task RefusedAsync(RoostRuntime roost, PurgeFilter filter, string field) =>
        (await FluentActions.Awaiting(() => roost.PurgeAsync(filter)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be(field);
}
