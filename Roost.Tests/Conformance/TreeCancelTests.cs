using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What cancels an item cancels its tree: in bounded transactions, by any loop, and nothing that is detached.</summary>
internal sealed class TreeCancelTests(StoreHost host) : ConformanceTests(host)
{
    private static async Task PlantAsync(RoostRuntime roost, int children, string engine = "other")
    {
        await roost.EnqueueAsync([
            new WorkItem(engine) { Id = "root" },
            .. Enumerable.Range(0, children).Select(n => new WorkItem("other") { Id = $"child {n}", ParentId = "root" }),
            new WorkItem("other") { Id = "grandchild", ParentId = "child 0" },
            new WorkItem("other") { Id = "detached", ParentId = "root", Detached = true },
            new WorkItem("other") { Id = "below the detached", ParentId = "detached" },
        ]);
    }

    [Test]
    public async Task Cancelling_an_item_cancels_all_below_it_that_is_not_detached()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await PlantAsync(roost, 1200);

        await roost.CancelAsync("root", "no longer needed");

        roost.Totals().Should().BeEquivalentTo(new { Cancelled = 1202, Queued = 2 });
        roost.StateOf("below the detached").Should().Be(WorkState.Queued);
        roost.Detail("child 7").CancelReason.Should().Be("its parent root was cancelled");
        roost.EventData("root", "tree_cancelled").Should().Be("""{"children":1200}""");
        roost.EventData("child 0", "tree_cancelled").Should().Be("""{"children":1}""");
        MustAgree(roost);
    }

    /// <summary>Does something once it runs, and then waits for its token.</summary>
    private sealed class Running(Func<StepContext, Task> begun) : Engine<int>
    {
        public override string EngineId => "running";

        protected override int Init(WorkItem item) => 0;

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            await begun(context);
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return Done(state);
        }
    }

    [Test]
    public async Task What_runs_is_asked_to_stop_and_its_children_follow_once_it_has()
    {
        var begun = new TaskCompletionSource();
        var options = new RoostOptions { LeaseTime = TimeSpan.FromHours(1) }; // It is told long before its lease is renewed.
        await using RoostRuntime roost = await OpenAsync(options, null, new Running(_ =>
        {
            begun.SetResult();
            return Task.CompletedTask;
        }));
        await roost.EnqueueAsync([
            new WorkItem("other") { Id = "root" },
            new WorkItem("running") { Id = "child", ParentId = "root" },
            new WorkItem("other") { Id = "grandchild", ParentId = "child" },
        ]);
        Task<IdleState> loop = roost.RunUntilIdleAsync();
        await begun.Task.Soon();

        await roost.CancelAsync("root");
        roost.Detail("child").CancelRequested.Should().BeTrue();
        await loop.Soon();

        ((string[])["child", "grandchild"]).Select(roost.StateOf).Should().AllBeEquivalentTo(WorkState.Cancelled);
        MustAgree(roost);
    }

    [Test]
    public async Task A_discarded_dead_letter_takes_its_children_along_and_what_had_ended_stays()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 }, TestRuntime.Clock(),
            ScriptedEngine.From((state, context) => context.Item.Id == "done" ? ScriptedEngine.Finish(state) : ScriptedEngine.GiveUp("no")));
        await roost.EnqueueAsync([
            new WorkItem("scripted") { Id = "root" },
            new WorkItem("scripted") { Id = "done", ParentId = "root" },
            new WorkItem("scripted") { Id = "failed", ParentId = "root" },
            new WorkItem("other") { Id = "below the done", ParentId = "done" },
            new WorkItem("other") { Id = "below the failed", ParentId = "failed" },
        ]);
        await roost.RunUntilIdleAsync();

        await roost.DiscardAsync("root");

        ((string[])["done", "failed", "below the done", "below the failed"]).Select(roost.StateOf)
            .Should().Equal(WorkState.Done, WorkState.Failed, WorkState.Cancelled, WorkState.Cancelled);
        MustAgree(roost);
    }

    [Test]
    public async Task A_running_item_takes_its_children_along_with_the_end_of_its_step()
    {
        RoostRuntime? cancelling = null;
        await using RoostRuntime roost = await OpenAsync(null, new Running(context => cancelling!.CancelAsync(context.Item.Id)));
        cancelling = roost;
        await PlantAsync(roost, 3, "running");

        await roost.RunUntilIdleAsync().Soon();

        roost.Totals().Should().BeEquivalentTo(new { Cancelled = 5, Queued = 2 });
        MustAgree(roost);
    }

    [Test]
    public async Task Ended_children_of_a_parent_that_has_not_are_kept_by_a_purge_and_counted()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.From((state, _) => ScriptedEngine.Finish(state)));
        await roost.EnqueueAsync([
            new WorkItem("other") { Id = "open" },
            new WorkItem("scripted") { Id = "ended" },
            .. Enumerable.Range(0, 1100).Select(n => new WorkItem("scripted") { ParentId = "open" }),
            .. Enumerable.Range(0, 5).Select(n => new WorkItem("scripted") { ParentId = "ended" }),
            new WorkItem("scripted") { ParentId = "open", Detached = true },
        ]);
        await roost.RunUntilIdleAsync();

        PurgeResult counted = await roost.PurgeAsync(new(TimeSpan.Zero), dryRun: true);
        PurgeResult purged = await roost.PurgeAsync(new(TimeSpan.Zero));

        (counted.Items, counted.KeptForParents).Should().Be((7, 1100));
        (purged.Items, purged.KeptForParents).Should().Be((7, 1100));
        await roost.CancelAsync("open");
        (await roost.PurgeAsync(new(TimeSpan.Zero))).Items.Should().Be(1101);
        roost.Totals().Total.Should().Be(0);
        MustAgree(roost);
    }
}
