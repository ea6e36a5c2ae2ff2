using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class PurgeTests(StoreHost host) : ConformanceTests(host)
{
    private FakeTimeProvider clock = null!;

    [SetUp]
    public void SetUp() => clock = TestRuntime.Clock();

    [Test]
    public async Task Everything_of_a_finished_item_goes_and_its_key_is_free_again()
    {
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.EndingAsAsked());
        var item = new WorkItem("scripted", new { end = "done" }) { IdempotencyKey = "k", Resources = ["r"] };
        string id = await roost.EnqueueAsync(item);
        await roost.RunThroughAsync(clock);

        PurgeResult purged = await roost.PurgeAsync(new(TimeSpan.Zero));

        purged.Items.Should().Be(1);
        roost.Totals().Total.Should().Be(0);
        roost.Events().Should().OnlyContain(one => one.WorkId == null);
        Host.ContentOf(roost).Should().Be(default(StoredContent));
        MustAgree(roost);
        await FluentActions.Awaiting(() => roost.WaitAsync(id)).Should().ThrowAsync<NotFoundException>();
        EnqueueResult again = await roost.EnqueueAsync(item with { Priority = 1 });
        again.Created.Should().BeTrue();
        again.Id.Should().NotBe(id);
    }

    [Test]
    public async Task A_key_of_another_engine_stays()
    {
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.EndingAsAsked());
        await roost.EnqueueAsync(new WorkItem("scripted", new { end = "done" }) { IdempotencyKey = "k" });
        await roost.EnqueueAsync(new WorkItem("other") { IdempotencyKey = "k" });
        await roost.RunThroughAsync(clock);
        await roost.PurgeAsync(new(TimeSpan.Zero));

        (await roost.EnqueueAsync(new WorkItem("other") { IdempotencyKey = "k" })).Created.Should().BeFalse();
    }

    [Test]
    public async Task Dead_letters_go_only_when_asked_for_and_unfinished_work_never()
    {
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.EndingAsAsked());
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
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.EndingAsAsked());
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
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.EndingAsAsked(), ScriptedEngine.CountingTo(1, id: "other"));
        string one = await EndedAsync(roost, "done");
        string other = await roost.EnqueueAsync(new WorkItem("other"));
        await roost.RunThroughAsync(clock);

        (await roost.PurgeAsync(new(TimeSpan.Zero) { Engine = "other" })).Items.Should().Be(1);
        (await StatesAsync(roost, one, other)).Should().Equal("done", null);
    }

    [Test]
    public async Task A_dry_run_counts_the_same_and_writes_nothing()
    {
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.EndingAsAsked());
        await EndedAsync(roost, "done");
        await EndedAsync(roost, "fail");
        string before = Host.Everything(roost);

        (await roost.PurgeAsync(new(TimeSpan.Zero), dryRun: true)).Should().Be(new PurgeResult { Items = 1 });
        (await roost.PurgeAsync(new(TimeSpan.Zero) { States = [WorkState.Failed, WorkState.Done, WorkState.Done] }, dryRun: true)).Items.Should().Be(2);
        Host.Everything(roost).Should().Be(before);
        roost.Totals().Total.Should().Be(2);
    }

    [Test]
    public async Task Many_items_go_in_batches_each_with_its_event_and_the_counts_follow()
    {
        await using RoostRuntime roost = await OpenAsync(clock);
        IReadOnlyList<EnqueueResult> items = await roost.EnqueueAsync(Enumerable.Range(0, 1201).Select(_ => new WorkItem("scripted")));
        foreach (EnqueueResult item in items) await roost.CancelAsync(item.Id);

        (await roost.PurgeAsync(new(TimeSpan.Zero), reason: "tidy")).Items.Should().Be(1201);

        (await roost.GetCountsAsync()).Queues.Should().BeEmpty("the queue is empty and goes");
        List<JsonElement> purges = roost.Events(EventKinds.Purged).ConvertAll(one => one.Data!.Value);
        purges.Should().HaveCount(3).And.OnlyContain(data => data.GetProperty("reason").GetString() == "tidy");
        purges.Select(data => data.GetProperty("items").GetInt32()).Should().Equal(500, 500, 201);
    }

    [Test]
    public async Task Content_that_another_item_uses_stays_until_that_goes_too()
    {
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.EndingAsAsked());
        await EndedAsync(roost, "done");
        clock.Advance(TimeSpan.FromDays(2));
        string young = await EndedAsync(roost, "done");

        await roost.PurgeAsync(new(TimeSpan.FromDays(1)));
        (await roost.ReadArtifactAsync(young, "out.bin")).Should().HaveCount(1_000_000);
        await roost.PurgeAsync(new(TimeSpan.Zero));
        Host.ContentOf(roost).Should().Be(default(StoredContent));
    }

    [Test]
    public async Task A_child_goes_on_after_its_parent_is_purged()
    {
        string? parentSeen = "not run";
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.EndingAsAsked(), ScriptedEngine.From((state, context) =>
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
        await using RoostRuntime roost = await OpenAsync(clock);
        await RefusedAsync(roost, new(TimeSpan.FromSeconds(-1)), "OlderThan");
        await RefusedAsync(roost, new(TimeSpan.Zero) { States = [] }, "States");
        await RefusedAsync(roost, new(TimeSpan.Zero) { States = [WorkState.Done, WorkState.Running] }, "States");
        await RefusedAsync(roost, new(TimeSpan.Zero) { Engine = "" }, "Engine");
    }

    private async Task<string> EndedAsync(RoostRuntime roost, string end)
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted", new { end }));
        await roost.RunThroughAsync(clock);
        return id;
    }

    private static Task<string?[]> StatesAsync(RoostRuntime roost, params string[] ids) =>
        Task.FromResult(Array.ConvertAll(ids, id => roost.Items().SingleOrDefault(item => item.Id == id)?.State.Name()));

    private static async Task RefusedAsync(RoostRuntime roost, PurgeFilter filter, string field) =>
        (await FluentActions.Awaiting(() => roost.PurgeAsync(filter)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be(field);
}
