using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>An item and what is below it, read within bounds, with what is left out told.</summary>
internal sealed class TreeTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task Each_item_stands_before_its_children_with_what_is_below_it_rolled_up()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 },
            TestRuntime.Clock(),
            ScriptedEngine.From((state, context) => context.Item.Id == "a2" ? ScriptedEngine.GiveUp("no") : ScriptedEngine.Finish(state)));
        await roost.EnqueueAsync([
            Item("top"), Item("a", "top"), Item("b", "top"), Item("a1", "a"), Item("a2", "a", "scripted"), Item("a3", "a", "scripted"), Item("a11", "a1"),
        ]);
        await roost.RunUntilIdleAsync();

        WorkTree tree = await roost.GetTreeAsync("top");

        tree.Items.Select(node => $"{node.Depth} {node.Summary.Id} of {node.ParentId}").Should().Equal(
            "0 top of ", "1 a of top", "2 a1 of a", "3 a11 of a1", "2 a2 of a", "2 a3 of a", "1 b of top");
        Told(tree, "top").Should().Be("Queued=2 / Queued=4 Done=1 Failed=1");
        Told(tree, "a").Should().Be("Queued=1 Done=1 Failed=1 / Queued=2 Done=1 Failed=1");
        Told(tree, "a1").Should().Be("Queued=1 / Queued=1");
        Told(tree, "b").Should().Be(" / ");
        tree.Items.Should().OnlyContain(node => !node.IsBelowAtLeast && node.Shown == node.Children.Values.Sum());
        (tree.Above, tree.IsMoreAbove, tree.IsParentGone, tree.Next).Should().BeEquivalentTo((Array.Empty<WorkSummary>(), false, false, (string?)null));
    }

    [Test]
    public async Task A_tree_of_an_item_in_the_middle_tells_what_is_above_it()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync([Item("top"), Item("a", "top"), Item("b", "top"), Item("a1", "a"), Item("a11", "a1")]);

        WorkTree tree = await roost.GetTreeAsync("a1");

        tree.Above.Select(item => item.Id).Should().Equal("top", "a");
        tree.Items.Select(node => node.Summary.Id).Should().Equal("a1", "a11");
        (await roost.Awaiting(it => it.GetTreeAsync("nobody")).Should().ThrowAsync<NotFoundException>()).Which.Message.Should().Contain("nobody");
    }

    [Test]
    public async Task What_is_not_shown_is_counted_and_paged_through_by_what_needs_a_look_first()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock);
        await roost.EnqueueAsync(Item("top"));
        for (int i = 0; i < 10; i++)
        {
            await roost.EnqueueAsync(Item($"c{i}", "top"));
            clock.Advance(TimeSpan.FromSeconds(i % 2)); // Some at one time.
        }
        await roost.EnqueueAsync([Item("c00", "c0"), Item("c01", "c0")]);
        await roost.CancelAsync("c4");
        await roost.CancelAsync("c8");

        WorkTree first = await roost.GetTreeAsync("top", new() { Children = 3 });
        var seen = Ids(first, 1);
        for (string? cursor = first.Next; cursor is not null;)
        {
            WorkTree next = await roost.GetTreeAsync("top", new() { Children = 3 }, cursor);
            next.Items[0].Summary.Id.Should().Be("top");
            seen.AddRange(Ids(next, 1));
            cursor = next.Next;
        }

        Ids(first, 1).Should().Equal("c9", "c7", "c6");
        Told(first, "top").Should().Be("Queued=8 Cancelled=2 / Queued=10 Cancelled=2");
        first.Items[0].Shown.Should().Be(3);
        seen.Should().HaveCount(10).And.OnlyHaveUniqueItems();
        seen[^2..].Should().BeEquivalentTo("c4", "c8");
        Ids(await roost.GetTreeAsync("top", new() { Children = 10 }), 1).Should().Equal(Enumerable.Range(0, 10).Select(i => $"c{i}"), "all fit");
    }

    [Test]
    public async Task Depth_and_number_are_bounded_and_the_counts_are_exact_all_the_same()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync([Item("i0"), .. Enumerable.Range(1, 300).Select(i => Item($"i{i}", $"i{i - 1}"))]);

        WorkTree two = await roost.GetTreeAsync("i0", new() { Depth = 2 });
        WorkTree few = await roost.GetTreeAsync("i0", new() { Depth = 1000, Items = 5 });
        WorkTree deep = await roost.GetTreeAsync("i0", new() { Depth = 1000 });
        WorkTree low = await roost.GetTreeAsync("i300");

        two.Items.Select(node => $"{node.Summary.Id} {node.Shown}").Should().Equal("i0 1", "i1 1", "i2 0");
        Told(two, "i2").Should().Be("Queued=1 / Queued=298");
        few.Items.Should().HaveCount(5);
        deep.Items.Should().HaveCount(301);
        deep.Items[^1].Depth.Should().Be(300);
        low.Above.Should().HaveCount(100);
        (low.Above[^1].Id, low.IsMoreAbove).Should().Be(("i299", true));
        (await roost.GetTreeAsync("i0", new() { Items = 1 })).Items.Should().ContainSingle().Which.Shown.Should().Be(0);
    }

    [Test]
    public async Task Of_very_many_children_the_own_count_is_exact_and_what_is_below_them_is_told_as_at_least()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync([Item("top"), Item("inner", "top")]);
        for (int i = 0; i < 5; i++) await roost.EnqueueAsync(Enumerable.Range(0, 5000).Select(_ => new WorkItem("other") { ParentId = "top" }));
        await roost.EnqueueAsync([Item("lower", "inner"), Item("lowest", "lower")]);

        WorkTree tree = await roost.GetTreeAsync("top");

        tree.Items[0].Children.Should().BeEquivalentTo(new Dictionary<WorkState, int> { [WorkState.Queued] = 25_001 });
        tree.Items[0].Below[WorkState.Queued].Should().BeInRange(25_001, 25_003);
        tree.Items[0].IsBelowAtLeast.Should().BeTrue();
        tree.Items[0].Shown.Should().Be(20);
        Told(await roost.GetTreeAsync("inner"), "inner").Should().Be("Queued=1 / Queued=2");
    }

    [Test]
    public async Task Each_item_says_where_it_stands()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(
            clock, held.Engine, ScriptedEngine.From((_, _) => Outcome.WaitFor(1, new Wait { Signals = ["go"] }), "waiter"));
        await roost.EnqueueAsync([
            Item("top"), new WorkItem("held") { Id = "runs", ParentId = "top", Resources = ["r"] }, Item("waits", "top", "waiter"),
            new WorkItem("other") { Id = "later", ParentId = "top", Delay = TimeSpan.FromHours(1) },
        ]);

        await held.WhileRunningAsync(roost, async () =>
        {
            await roost.EnqueueAsync(new WorkItem("held") { Id = "blocked", ParentId = "top", Resources = ["r"] });
            await Waiting.Until(() => roost.Detail("blocked").BlockedOn is not null && roost.StateOf("waits") == WorkState.Waiting);
            WorkTree tree = await roost.GetTreeAsync("top");

            Dictionary<string, WorkNode> nodes = tree.Items.ToDictionary(node => node.Summary.Id);
            nodes.Values.Select(node => $"{node.Summary.Id} {node.Condition}").Should().Equal(
                "top Ready", "runs Running", "waits Waiting", "later Delayed", "blocked Blocked");
            (nodes["blocked"].BlockedOn, nodes["blocked"].HasResources, nodes["top"].HasResources).Should().Be(("r", true, false));
            nodes["later"].DueAt.Should().Be(TestRuntime.Start + TimeSpan.FromHours(1));
            nodes["top"].ReadySince.Should().Be(TestRuntime.Start);
            foreach (WorkNode node in nodes.Values) node.Why.Should().Be((await roost.GetAsync(node.Summary.Id)).Why);
            tree.Items[0].Children.Should().BeEquivalentTo(new Dictionary<WorkState, int>
            {
                [WorkState.Running] = 1,
                [WorkState.Waiting] = 1,
                [WorkState.Queued] = 2,
            });
            (await roost.GetTreeAsync("top", new() { Children = 2 })).Items.Select(node => node.Summary.Id).Should().StartWith(["top", "runs", "waits"]);
        });
    }

    [Test]
    public async Task A_parent_that_was_purged_is_told_as_gone()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock);
        await roost.EnqueueAsync([Item("top"), Item("a", "top") with { Detached = true }, Item("a1", "a")]);
        await roost.CancelAsync("top");
        await roost.PurgeAsync(new(TimeSpan.Zero));

        WorkTree tree = await roost.GetTreeAsync("a1");

        tree.Above.Select(item => item.Id).Should().Equal("a");
        (tree.IsParentGone, tree.IsMoreAbove).Should().Be((true, false));
        (await roost.GetTreeAsync("a")).IsParentGone.Should().BeTrue();
        (await roost.GetTreeAsync("a")).Items[0].ParentId.Should().BeNull();
    }

    [TestCase("Depth", -1, 1, 1)]
    [TestCase("Depth", 1001, 1, 1)]
    [TestCase("Children", 1, 0, 1)]
    [TestCase("Children", 1, 1001, 1)]
    [TestCase("Items", 1, 1, 0)]
    [TestCase("Items", 1, 1, 1001)]
    public async Task A_bound_out_of_range_is_refused_by_its_name(string field, int depth, int children, int items)
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync(Item("top"));
        var bounds = new TreeBounds { Depth = depth, Children = children, Items = items };

        (await roost.Awaiting(it => it.GetTreeAsync("top", bounds)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be(field);
    }

    [TestCase("nonsense!")]
    [TestCase("cjEuMg")]
    [TestCase("azkuMS4x")]
    public async Task A_cursor_of_no_tree_is_refused(string cursor)
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync(Item("top"));

        (await roost.Awaiting(it => it.GetTreeAsync("top", null, cursor)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("cursor");
    }

    private static WorkItem Item(string id, string? parent = null, string engine = "other") => new(engine) { Id = id, ParentId = parent };

    private static List<string> Ids(WorkTree tree, int depth) => [.. tree.Items.Where(node => node.Depth == depth).Select(node => node.Summary.Id)];

    /// <summary>An item's children, and what is below it, by state.</summary>
    private static string Told(WorkTree tree, string id)
    {
        WorkNode node = tree.Items.Single(each => each.Summary.Id == id);
        return $"{In(node.Children)} / {In(node.Below)}";

        static string In(IReadOnlyDictionary<WorkState, int> counts) =>
            string.Join(' ', counts.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}={pair.Value}"));
    }
}
