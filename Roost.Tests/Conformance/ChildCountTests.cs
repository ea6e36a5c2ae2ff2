using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>How many children an item has in each state is kept, exact whatever becomes of them.</summary>
internal sealed class ChildCountTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task More_children_than_ten_thousand_are_told_exactly()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync(new WorkItem("other") { Id = "parent" });
        await roost.EnqueueAsync(Enumerable.Range(0, 10_050).Select(_ => new WorkItem("other") { ParentId = "parent" }));

        (await roost.GetAsync("parent")).Children.Should().BeEquivalentTo(new Dictionary<WorkState, int> { [WorkState.Queued] = 10_050 });
    }

    [Test]
    public async Task They_follow_failure_retry_discard_cancel_and_purge()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 },
            clock,
            ScriptedEngine.From(
                (state, context) => context.Item.Id.StartsWith("bad", StringComparison.Ordinal) ? ScriptedEngine.GiveUp("no") : ScriptedEngine.Finish(state)
            )
        );
        await roost.EnqueueAsync([
            new WorkItem("other") { Id = "parent" },
            .. ((string[])["good", "bad", "bad too", "later"]).Select(id => new WorkItem(id == "later" ? "other" : "scripted")
            {
                Id = id,
                ParentId = "parent",
            }),
        ]);

        await roost.RunUntilIdleAsync();
        await MustBeAsync(roost, queued: 1, done: 1, failed: 2);
        await roost.RetryAsync("bad");
        await MustBeAsync(roost, queued: 2, done: 1, failed: 1);
        await roost.RunUntilIdleAsync();
        await roost.DiscardAsync("bad too");
        await MustBeAsync(roost, queued: 1, done: 1, failed: 1, cancelled: 1);
        await roost.CancelAsync("later");
        await MustBeAsync(roost, done: 1, failed: 1, cancelled: 2);
        await roost.PurgeAsync(new(TimeSpan.Zero)); // Their parent has not ended.
        await MustBeAsync(roost, done: 1, failed: 1, cancelled: 2);

        await roost.CancelAsync("parent");
        await roost.PurgeAsync(new(TimeSpan.Zero));
        MustAgree(roost);
        await roost.DiscardAsync("bad");
        MustAgree(roost);
    }

    [Test]
    public async Task They_follow_children_and_follow_ups_of_a_step_and_nothing_that_was_taken_back()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1, Triggers = [new("scripted", "next")] },
            TestRuntime.Clock(),
            ScriptedEngine.From(
                (state, context) =>
                {
                    if (context.Item.Id == "parent")
                        context.AddChild(new WorkItem("other"));
                    return ScriptedEngine.Finish(state);
                }
            )
        );
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "parent" });
        await roost
            .Awaiting(it => it.EnqueueAsync([new WorkItem("other") { ParentId = "parent" }, new WorkItem("other") { ParentId = "nobody" }]))
            .Should()
            .ThrowAsync<InvalidInputException>();
        roost.Detail("parent").Children.Should().BeEmpty();
        MustAgree(roost);

        await roost.RunUntilIdleAsync();

        await MustBeAsync(roost, queued: 2);
        MustAgree(roost);
    }

    private async Task MustBeAsync(RoostRuntime roost, int queued = 0, int done = 0, int failed = 0, int cancelled = 0)
    {
        (await roost.GetAsync("parent")).Children.Should().BeEquivalentTo(new Dictionary<WorkState, int>
        {
            [WorkState.Queued] = queued,
            [WorkState.Done] = done,
            [WorkState.Failed] = failed,
            [WorkState.Cancelled] = cancelled,
        }.Where(pair => pair.Value > 0).ToDictionary());
        MustAgree(roost);
    }
}
