using Microsoft.Extensions.Time.Testing;
using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>RunUntilDoneAsync(id, tree: true) runs until an item and everything below it has ended.</summary>
internal sealed class RunTreeTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task It_runs_until_what_steps_and_triggers_have_added_below_has_ended_too()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { Triggers = [new("scripted", "next")] },
            TestRuntime.Clock(),
            ScriptedEngine.From((state, context) =>
            {
                if (context.Item.Id.Length < 4)
                    for (int i = 0; i < 3; i++) context.AddChild(new WorkItem("scripted") { Id = $"{context.Item.Id}{i}" });
                return ScriptedEngine.Finish(state);
            }),
            ScriptedEngine.CountingTo(3, id: "next"));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "t" });

        WorkSummary ended = await roost.RunUntilDoneAsync("t", tree: true).Soon();

        (ended.Id, ended.State).Should().Be(("t", WorkState.Done));
        roost.Items().Should().HaveCount(40 + 40).And.OnlyContain(item => item.State == WorkState.Done);
    }

    [Test]
    public async Task It_returns_at_once_where_all_has_ended_though_nobody_serves_it_here()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync([Item("top"), Item("a", "top"), Item("a1", "a")]);
        foreach (string id in (string[])["top", "a", "a1"]) await roost.CancelAsync(id);

        (await roost.RunUntilDoneAsync("top", tree: true).Soon()).State.Should().Be(WorkState.Cancelled);
    }

    [Test]
    public async Task An_open_grandchild_of_items_that_have_ended_is_run()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(2));
        WorkItem[] items =
            [Item("top"), Item("a", "top"), Item("b", "top"), Item("a1", "a"), Item("a11", "a1", "scripted"), Item("b1", "b", "scripted")];
        await roost.EnqueueAsync(items.Select(item => item with { Detached = item.ParentId is not null })); // So that none takes along what is below it.
        foreach (string id in (string[])["top", "a", "b", "a1"]) await roost.CancelAsync(id);

        await roost.RunUntilDoneAsync("top", tree: true).Soon();

        (roost.StateOf("a11"), roost.StateOf("b1")).Should().Be((WorkState.Done, WorkState.Done));
    }

    [Test]
    public async Task Without_the_tree_it_ends_with_the_item_itself()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync([Item("top", engine: "scripted"), Item("a", "top")]);

        (await roost.RunUntilDoneAsync("top", tree: false).Soon()).State.Should().Be(WorkState.Done);
        roost.StateOf("a").Should().Be(WorkState.Queued);
    }

    [Test]
    public async Task A_dead_letter_below_has_ended_and_the_end_of_the_item_itself_is_returned()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 },
            TestRuntime.Clock(),
            ScriptedEngine.CountingTo(1),
            ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("no"), "bad"));
        await roost.EnqueueAsync([Item("top", engine: "scripted"), Item("a", "top", "bad"), Item("a1", "a", "scripted")]);

        (await roost.RunUntilDoneAsync("top", tree: true).Soon()).State.Should().Be(WorkState.Done);

        (roost.StateOf("a"), roost.StateOf("a1")).Should().Be((WorkState.Failed, WorkState.Done));
    }

    [Test]
    public async Task An_item_below_that_waits_is_waited_for_until_the_token_ends_it()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1), ScriptedEngine.From(
            (state, context) => context.Wake is null ? Outcome.WaitFor(1, new Wait { Signals = ["go"] }) : ScriptedEngine.Finish(state), "waiter"));
        await roost.EnqueueAsync([Item("top", engine: "scripted"), Item("a", "top", "waiter")]);
        using var stop = new CancellationTokenSource();

        Task<WorkSummary> first = roost.RunUntilDoneAsync("top", tree: true, stop.Token);
        await Waiting.Until(() => roost.StateOf("top") == WorkState.Done && roost.StateOf("a") == WorkState.Waiting);
        first.IsCompleted.Should().BeFalse();
        await stop.CancelAsync();
        await first.Awaiting(it => it.Soon()).Should().ThrowAsync<OperationCanceledException>();

        Task<WorkSummary> second = roost.RunUntilDoneAsync("top", tree: true);
        await roost.SignalAsync("a", "go");
        (await second.Soon()).State.Should().Be(WorkState.Done);
        roost.StateOf("a").Should().Be(WorkState.Done);
    }

    [Test]
    public async Task What_another_runtime_runs_is_waited_for()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(1));
        await using RoostRuntime other = await BesideAsync(roost, ScriptedEngine.CountingTo(2, id: "other"));
        await roost.EnqueueAsync([Item("top", engine: "scripted"), .. Enumerable.Range(0, 20).Select(i => Item($"c{i}", "top")), Item("c00", "c0")]);

        Task<WorkSummary> tree = roost.RunUntilDoneAsync("top", tree: true);
        await Waiting.Until(() => roost.StateOf("top") == WorkState.Done);
        tree.IsCompleted.Should().BeFalse();
        await other.RunUntilIdleAsync().Soon();

        (await tree.Soon()).State.Should().Be(WorkState.Done);
        roost.Items().Should().OnlyContain(item => item.State == WorkState.Done);
    }

    [Test]
    public async Task An_item_that_is_retried_before_the_others_have_ended_is_waited_for_again()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        bool isMended = false;
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 },
            clock,
            ScriptedEngine.From((state, _) => isMended ? ScriptedEngine.Finish(state) : ScriptedEngine.GiveUp("no"), "bad"),
            ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync([Item("top", engine: "scripted"), Item("a", "top", "bad"), Item("b", "top", "scripted"), Item("b1", "b")]);
        var walk = new TreeWalk("top");
        await roost.RunUntilIdleAsync();
        (await roost.Store.Reads.WalkAsync(walk, default)).Should().Be(WalkState.Rests, "it has passed a, and rests at what is below b");

        Task<WorkSummary> tree = roost.RunUntilDoneAsync("top", tree: true);
        isMended = true;
        await roost.RetryAsync("a");
        await roost.CancelAsync("b1");

        await tree.Soon();
        roost.StateOf("a").Should().Be(WorkState.Done);
    }

    [Test]
    public async Task A_wide_and_a_deep_tree_cost_one_look_at_each_item()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync([
            Item("top", engine: "scripted"), .. Enumerable.Range(0, 3000).Select(i => Item($"w{i}", "top", "scripted")),
            .. Enumerable.Range(0, 1000).Select(i => Item($"d{i}", i == 0 ? "top" : $"d{i - 1}", "scripted")),
        ]);

        await roost.RunUntilDoneAsync("top", tree: true).Soon();

        roost.Totals().Done.Should().Be(4001);
    }

    [Test]
    public async Task An_item_that_is_not_there_or_not_served_is_refused_as_without_the_tree()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(Item("top"));

        await roost.Awaiting(it => it.RunUntilDoneAsync("nobody", tree: true)).Should().ThrowAsync<NotFoundException>();
        (await roost.Awaiting(it => it.RunUntilDoneAsync("top", tree: true)).Should().ThrowAsync<ConflictException>()).Which.Message.Should().Contain("other");
    }

    [Test]
    public async Task What_is_below_an_item_that_was_purged_meanwhile_is_not_waited_for()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync([Item("top", engine: "scripted"), Item("a", "top")]);
        await roost.RunUntilIdleAsync();
        var walk = new TreeWalk("top");
        (await roost.Store.Reads.WalkAsync(walk, default)).Should().Be(WalkState.Rests);

        await roost.PurgeAsync(new(TimeSpan.Zero));

        (await roost.Store.Reads.WalkAsync(walk, default)).Should().Be(WalkState.AtEnd);
        walk.Top!.State.Should().Be(WorkState.Done);
        (await roost.Store.Reads.WalkAsync(new("top"), default)).Should().BeNull();
    }

    private static WorkItem Item(string id, string? parent = null, string engine = "other") => new(engine) { Id = id, ParentId = parent };
}
