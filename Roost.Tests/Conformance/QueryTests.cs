using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Lists of work items.</summary>
internal sealed class QueryTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task The_most_recently_updated_comes_first_whatever_its_state_and_engine()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await EnqueueAsync(roost, clock, "a", "other");
        await EnqueueAsync(roost, clock, "b", "scripted");
        await EnqueueAsync(roost, clock, "c", "third");
        await roost.RunUntilIdleAsync();

        Page<WorkSummary> page = await roost.ListAsync();

        page.Items.Select(item => item.Id).Should().Equal("b", "c", "a");
        page.Items[0].Should().Be(await roost.WaitAsync("b"));
        page.Next.Should().BeNull();
    }

    [Test]
    public async Task A_running_item_stands_where_its_last_step_puts_it()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(clock, held.Engine);
        await EnqueueAsync(roost, clock, "held", "held");
        await EnqueueAsync(roost, clock, "later", "other");

        await held.WhileRunningAsync(roost, async () =>
        {
            await EnqueueAsync(roost, clock, "last", "other");
            (await IdsAsync(roost)).Should().Equal("last", "held", "later");
            (await IdsAsync(roost, new() { State = WorkState.Running })).Should().Equal("held");
        });
    }

    [Test]
    public async Task Each_filter_narrows_the_list()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 }, clock, ScriptedEngine.From((_, _) => throw new InvalidOperationException("Disk 100% full, path a_b\\c")));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "broken" });
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(new WorkItem("x") { Id = "in-queue", Queue = "slow" });
        await roost.EnqueueAsync(new WorkItem("y") { Id = "child", ParentId = "broken" });
        await roost.EnqueueAsync(new WorkItem("y") { Id = "named", Resources = ["domain:a", "domain:b"] });

        (await IdsAsync(roost, new() { State = WorkState.Failed })).Should().Equal("broken");
        (await IdsAsync(roost, new() { Engine = "y" })).Should().BeEquivalentTo("child", "named");
        (await IdsAsync(roost, new() { Queue = "slow" })).Should().Equal("in-queue");
        (await IdsAsync(roost, new() { ParentId = "broken" })).Should().Equal("child");
        (await IdsAsync(roost, new() { ParentId = "nobody" })).Should().BeEmpty();
        (await IdsAsync(roost, new() { Resource = "domain:b" })).Should().Equal("named");
        (await IdsAsync(roost, new() { Resource = "domain:b", State = WorkState.Done })).Should().BeEmpty();
        (await IdsAsync(roost, new() { Error = "disk 100% FULL" })).Should().Equal("broken");
        (await IdsAsync(roost, new() { Error = @"a_b\c" })).Should().Equal("broken");
    }

    [TestCase("%")]
    [TestCase("100_")]
    [TestCase(@"\")]
    public async Task Signs_of_LIKE_in_an_error_text_mean_themselves(string text)
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 }, TestRuntime.Clock(), ScriptedEngine.From((_, _) => throw new InvalidOperationException("1000 things")));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();

        (await IdsAsync(roost, new() { Error = text })).Should().BeEmpty();
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(1000)]
    public async Task Paging_shows_every_item_once_in_order(int limit)
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1, id: "e0"));
        for (int i = 0; i < 60; i++)
        {
            await roost.EnqueueAsync(new WorkItem($"e{i % 3}") { Id = $"w{i:00}", Queue = i % 5 == 0 ? "five" : "default" });
            if (i % 4 == 0) clock.Advance(TimeSpan.FromMilliseconds(1));
        }
        await roost.RunUntilIdleAsync();

        List<WorkSummary> all = await AllAsync(roost, new(), limit);

        all.Select(item => item.Id).Should().OnlyHaveUniqueItems().And.HaveCount(60);
        all.Select(item => item.UpdatedAt).Should().BeInDescendingOrder();
    }

    [Test]
    public async Task An_item_that_changes_between_two_pages_comes_at_most_once_and_moves_no_other()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock);
        for (int i = 0; i < 6; i++) await EnqueueAsync(roost, clock, $"w{i}", "e");

        Page<WorkSummary> first = await roost.ListAsync(limit: 2);
        await roost.CancelAsync("w5");
        await roost.CancelAsync("w0");
        await EnqueueAsync(roost, clock, "new", "e");
        Page<WorkSummary> second = await roost.ListAsync(limit: 10, cursor: first.Next);

        first.Items.Select(item => item.Id).Should().Equal("w5", "w4");
        second.Items.Select(item => item.Id).Should().Equal("w3", "w2", "w1");
        (await IdsAsync(roost, new() { State = WorkState.Cancelled })).Should().Equal("w5", "w0");
    }

    [Test]
    public async Task A_filter_that_needs_a_long_look_goes_on_page_by_page_and_misses_nothing()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 }, TestRuntime.Clock(), ScriptedEngine.From((_, _) => throw new InvalidOperationException("needle")));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "first" });
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(Enumerable.Range(0, 2500).Select(i => new WorkItem("other") { Resources = ["common"] }));

        Page<WorkSummary> page = await roost.ListAsync(new() { Error = "needle" });
        List<WorkSummary> all = await AllAsync(roost, new() { Error = "needle" }, 50);
        List<WorkSummary> common = await AllAsync(roost, new() { Resource = "common" }, 1000);

        page.Items.Should().BeEmpty("2,500 younger items come before it");
        page.Next.Should().NotBeNull();
        all.Select(item => item.Id).Should().Equal("first");
        common.Should().HaveCount(2500);
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(1001)]
    public async Task A_limit_out_of_range_is_refused(int limit)
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await roost.Invoking(it => it.ListAsync(limit: limit)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("limit");
    }

    [TestCase("")]
    [TestCase("nonsense!")]
    [TestCase("cjE")]
    [TestCase("cjEuMi4z")]
    [TestCase("YWJj")]
    public async Task A_cursor_of_no_page_is_refused(string cursor)
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await roost.Invoking(it => it.ListAsync(cursor: cursor)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("cursor");
    }

    [Test]
    public async Task A_filter_that_breaks_a_rule_is_refused_by_the_name_of_its_field()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await roost.Invoking(it => it.ListAsync(new() { Engine = "" })).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("Engine");
        (await roost.Invoking(it => it.ListAsync(new() { Error = "" })).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("Error");
        (await roost.Invoking(it => it.ListAsync(new() { Resource = new string('x', 257) })).Should().ThrowAsync<InvalidInputException>())
            .Which.Field.Should()
            .Be("Resource");
    }

    [Test]
    public async Task A_filter_is_never_read_as_SQL()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync(new WorkItem("e"));

        (await IdsAsync(roost, new() { Engine = "'; DROP TABLE roost_work; --" })).Should().BeEmpty();
        (await IdsAsync(roost)).Should().HaveCount(1);
    }

    private static async Task EnqueueAsync(RoostRuntime roost, FakeTimeProvider clock, string id, string engine)
    {
        await roost.EnqueueAsync(new WorkItem(engine) { Id = id });
        clock.Advance(TimeSpan.FromSeconds(1));
    }

    private static async Task<IEnumerable<string>> IdsAsync(RoostRuntime roost, WorkFilter? filter = null) =>
        (await roost.ListAsync(filter)).Items.Select(item => item.Id);

    private static async Task<List<WorkSummary>> AllAsync(RoostRuntime roost, WorkFilter filter, int limit)
    {
        var all = new List<WorkSummary>();
        string? cursor = null;
        do
        {
            Page<WorkSummary> page = await roost.ListAsync(filter, limit, cursor);
            page.Items.Count.Should().BeLessThanOrEqualTo(limit);
            all.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        return all;
    }
}
