using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Ready, delayed and blocked items are listed apart, each in the order in which they go on.</summary>
internal sealed class ConditionListTests(StoreHost host) : ConformanceTests(host)
{
    private FakeTimeProvider clock = null!;
    private RoostRuntime roost = null!;

    [SetUp]
    public async Task FillAsync()
    {
        clock = TestRuntime.Clock();
        roost = await OpenAsync(clock, ScriptedEngine.From((state, _) => ScriptedEngine.GoOn(state, TimeSpan.FromHours(9)), "holds"));
        await roost.EnqueueAsync(new WorkItem("holds") { Id = "holder", Resources = ["r1", "r2"], ResourceHold = ResourceHold.Life });
        await roost.RunUntilIdleAsync();
        foreach ((string id, string name, int priority) in new[] { ("b-low", "r1", 0), ("b-high", "r1", 5), ("b-other", "r2", 0) })
            await roost.EnqueueAsync(new WorkItem("holds") { Id = id, Resources = [name], Priority = priority });
        await roost.RunUntilIdleAsync();
        foreach ((string id, string engine, int priority) in new[] { ("r-1", "a", 0), ("r-2", "b", 0), ("r-3", "a", 7), ("r-4", "b", 0), ("r-5", "c", -3) })
            await roost.EnqueueAsync(new WorkItem(engine) { Id = id, Priority = priority, ParentId = id is "r-4" ? "holder" : null });
        foreach ((string id, string engine, int hours) in new[] { ("d-3", "a", 3), ("d-1", "b", 1), ("d-2", "a", 2) })
            await roost.EnqueueAsync(new WorkItem(engine) { Id = id, Delay = TimeSpan.FromHours(hours) });
        await roost.EnqueueAsync(new WorkItem("a") { Id = "gone" });
        await roost.CancelAsync("gone");
    }

    [TearDown]
    public async Task CloseAsync() => await roost.DisposeAsync();

    [TestCase(WorkCondition.Ready, "r-3 r-1 r-2 r-4 r-5")]
    [TestCase(WorkCondition.Delayed, "d-1 d-2 d-3 holder")]
    [TestCase(WorkCondition.Blocked, "b-high b-low b-other")]
    [TestCase(WorkCondition.Cancelled, "gone")]
    [TestCase(WorkCondition.Running, "")]
    public async Task Each_condition_is_a_list_of_its_own_and_as_long_as_its_count(WorkCondition condition, string expected)
    {
        (await IdsAsync(new() { Condition = condition }, 50)).Should().Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        StateCounts counts = (await roost.GetCountsAsync()).Total;
        long counted = condition switch
        {
            WorkCondition.Ready => counts.Ready,
            WorkCondition.Delayed => counts.Delayed,
            WorkCondition.Blocked => counts.Blocked,
            WorkCondition.Running => counts.Running,
            _ => counts.Cancelled,
        };
        counted.Should().Be(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [TestCase(WorkCondition.Ready, "r-3 r-1 r-2 r-4 r-5")]
    [TestCase(WorkCondition.Delayed, "d-1 d-2 d-3 holder")]
    [TestCase(WorkCondition.Blocked, "b-high b-low b-other")]
    public async Task Pages_of_one_item_make_the_same_list(WorkCondition condition, string expected) =>
        (await IdsAsync(new() { Condition = condition }, 1)).Should().Equal(expected.Split(' '));

    [Test]
    public async Task A_thousand_of_one_priority_come_by_pages_in_their_order()
    {
        await roost.EnqueueAsync(Enumerable.Range(0, 1000).Select(i => new WorkItem(i % 2 == 0 ? "a" : "b") { Id = $"many-{i:000}", Priority = 3 }));

        string[] found = [.. (await IdsAsync(new() { Condition = WorkCondition.Ready }, 70)).Where(id => id.StartsWith("many", StringComparison.Ordinal))];

        found.Should().Equal(Enumerable.Range(0, 1000).Select(i => $"many-{i:000}"));
    }

    [Test]
    public async Task Other_fields_narrow_it_further()
    {
        (await IdsAsync(new() { Condition = WorkCondition.Ready, Engine = "b" }, 50)).Should().Equal("r-2", "r-4");
        (await IdsAsync(new() { Condition = WorkCondition.Ready, Queue = "other" }, 50)).Should().BeEmpty();
        (await IdsAsync(new() { Condition = WorkCondition.Blocked, Engine = "holds", Queue = "default" }, 1)).Should().Equal("b-high", "b-low", "b-other");
        (await IdsAsync(new() { Condition = WorkCondition.Blocked, Engine = "a" }, 50)).Should().BeEmpty();
        (await IdsAsync(new() { Condition = WorkCondition.Ready, ParentId = "holder" }, 50)).Should().Equal("r-4");
        (await IdsAsync(new() { Condition = WorkCondition.Delayed, ParentId = "holder" }, 50)).Should().BeEmpty();
        (await IdsAsync(new() { Condition = WorkCondition.Blocked, Resource = "r1" }, 50)).Should().BeEquivalentTo("b-high", "b-low");
        (await IdsAsync(new() { Condition = WorkCondition.Ready, Error = "x" }, 50)).Should().BeEmpty();
        (await IdsAsync(new() { Condition = WorkCondition.Ready, State = WorkState.Queued, Engine = "c" }, 50)).Should().Equal("r-5");
    }

    [Test]
    public async Task What_contradicts_itself_or_belongs_to_another_list_is_refused()
    {
        await FluentActions
            .Awaiting(() => roost.ListAsync(new() { Condition = WorkCondition.Ready, State = WorkState.Done }))
            .Should()
            .ThrowAsync<InvalidInputException>()
            .WithMessage("condition: is Ready*");
        await FluentActions.Awaiting(() => roost.ListAsync(new() { Condition = (WorkCondition)99 })).Should().ThrowAsync<InvalidInputException>();
        string other = (await roost.ListAsync(limit: 1)).Next!;
        await FluentActions
            .Awaiting(() => roost.ListAsync(new() { Condition = WorkCondition.Ready }, cursor: other))
            .Should()
            .ThrowAsync<InvalidInputException>()
            .WithMessage("cursor*");
    }

    private async Task<List<string>> IdsAsync(WorkFilter filter, int limit)
    {
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            Page<WorkSummary> page = await roost.ListAsync(filter, limit, cursor);
            page.Items.Should().HaveCountLessThanOrEqualTo(limit);
            ids.AddRange(page.Items.Select(item => item.Id));
            cursor = page.Next;
        }
        while (cursor is not null);
        return ids;
    }
}
