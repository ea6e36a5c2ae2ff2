using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Children and joins: the last end and the parent's wake-up are one, no end is shown twice, and none is missed.</summary>
internal sealed class JoinTests(StoreHost host) : ConformanceTests(host)
{
    private sealed record Parent(int Turn, IReadOnlyList<string> Seen);

    private sealed record Part(string Name, bool IsRead);

    private sealed record Bad(int Value);

    private sealed class Fan(Func<StepContext, IEnumerable<WorkItem>> children, Wait wait, int turns = 1) : Engine<Parent>
    {
        public override string EngineId => "fan";

        protected override Parent Init(WorkItem item) => new(0, []);

        protected override async Task<Outcome> StepAsync(Parent state, StepContext context)
        {
            if (state.Turn == 0)
            {
                context.AddChildren(children(context));
                return WaitFor(wait, state with { Turn = 1 });
            }
            var seen = new List<string>(state.Seen);
            await foreach (Child<Part> child in context.ChildrenAsync<Part>(ChildScope.NewlyEnded))
                seen.Add($"{child.Id} {child.State.Name()} {child.Data?.Name ?? "nothing"}{(child.Error is { } error ? $" {error.Message}" : "")}");
            context.AddEvent("woken", new { by = context.Wake!.Kind, ended = context.Wake.Children?.NewlyEnded, open = context.Wake.Children?.Open });
            Parent next = new(state.Turn + 1, seen);
            return state.Turn < turns ? WaitFor(wait, next) : Done(next);
        }
    }

    /// <summary>Does what its id says.</summary>
    private sealed class Worker : Engine<Part>
    {
        public override string EngineId => "part";

        protected override Part Init(WorkItem item) => new(item.Id, false);

        protected override Task<Outcome> StepAsync(Part state, StepContext context) => Task.FromResult(
            state.Name.StartsWith("bad", StringComparison.Ordinal) && context.Item.MaxAttempts == 1 ? throw new InvalidOperationException("no such file")
            : state.Name.StartsWith("waits", StringComparison.Ordinal) && context.Wake is null ? WaitFor("go", state)
            : Done(state with { IsRead = true }));
    }

    private static WorkItem Item(string id) => new("part") { Id = id, MaxAttempts = id == "bad" ? 1 : null };

    private static IEnumerable<WorkItem> Items(params string[] ids) => ids.Select(Item);

    private static IEnumerable<string?> Woken(RoostRuntime roost, string id) => [.. roost.AllEventData(id, "engine.woken")];

    private static IReadOnlyList<string> Seen(RoostRuntime roost, string id) => roost.Detail(id).Snapshot!.DataAs<Parent>().Seen;

    [Test]
    public async Task A_parent_goes_on_when_all_its_children_have_ended_and_reads_what_became_of_them()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(), new Fan(_ => Items("one", "bad", "waits"), new() { Children = ChildJoin.All }), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));
        await roost.RunUntilIdleAsync();

        roost.Detail(id).Situation.Should().Be("waiting for the end of all children, of which 1 is open, since 2026-01-01 00:00:00Z");
        roost.Detail(id).Wait!.Children.Should().Be(ChildJoin.All);
        await roost.SignalAsync("waits", "go");
        await roost.RunUntilDoneAsync(id).Soon();

        Woken(roost, id).Should().Equal("""{"by":"children","ended":3,"open":0}""");
        Seen(roost, id).Should().BeEquivalentTo("one done one", "bad failed bad no such file", "waits done waits");
        Seen(roost, id)[^1].Should().StartWith("waits");
        MustAgree(roost);
    }

    [Test]
    public async Task Any_child_wakes_and_each_end_is_shown_once()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(), new Fan(_ => Items("waits 1", "waits 2", "waits 3"), new() { Children = ChildJoin.Any }, turns: 2), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));
        await roost.RunUntilIdleAsync();

        await roost.SignalAsync("waits 2", "go");
        await roost.RunUntilIdleAsync();
        roost.StateOf(id).Should().Be(WorkState.Waiting);
        Seen(roost, id).Should().Equal("waits 2 done waits 2");
        await roost.SignalAsync("waits 3", "go");
        await roost.RunUntilDoneAsync(id).Soon();

        Seen(roost, id).Should().Equal("waits 2 done waits 2", "waits 3 done waits 3");
        Woken(roost, id).Should().Equal("""{"by":"children","ended":1,"open":2}""", """{"by":"children","ended":1,"open":1}""");
        roost.StateOf("waits 1").Should().Be(WorkState.Waiting);
        MustAgree(roost);
    }

    [Test]
    public async Task At_least_so_many_wake_together()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(), new Fan(_ => Items("waits 1", "waits 2", "waits 3"), new() { Children = ChildJoin.AtLeast(2) }), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));
        await roost.RunUntilIdleAsync();
        await roost.SignalAsync("waits 3", "go");
        await roost.RunUntilIdleAsync();
        roost.StateOf(id).Should().Be(WorkState.Waiting);

        await roost.CancelAsync("waits 1");
        await roost.RunUntilDoneAsync(id).Soon();

        Seen(roost, id).Should().Equal("waits 3 done waits 3", "waits 1 cancelled waits 1");
        MustAgree(roost);
    }

    [Test]
    public async Task The_time_of_a_wait_for_children_is_told_apart_from_how_many_are_open()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(), new Fan(_ => Items("waits"), new() { Children = ChildJoin.Any, Timeout = TimeSpan.FromHours(1) }), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));
        await roost.RunUntilIdleAsync();

        roost.Detail(id).Situation.Should()
            .Be("waiting for the end of any child, of which 1 is open, until 2026-01-01 01:00:00Z, since 2026-01-01 00:00:00Z");
    }

    [Test]
    public async Task The_failure_of_one_wakes_where_it_is_waited_for()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(), new Fan(_ => Items("waits 1", "bad", "waits 2"), new() { Children = ChildJoin.All with { OrFailure = true } }, turns: 2),
            new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));
        await roost.RunUntilIdleAsync();

        Seen(roost, id).Should().Equal("bad failed bad no such file");
        roost.Detail(id).Situation.Should().Contain("all children or the failure of one, of which 2 are open");

        await roost.CancelAsync("waits 1");
        roost.StateOf(id).Should().Be(WorkState.Waiting, "a cancelled child is no failure, and the failure was shown");
        await roost.CancelAsync("waits 2");
        await roost.RunUntilDoneAsync(id).Soon();
        Seen(roost, id).Should().HaveCount(3);
        MustAgree(roost);
    }

    [Test]
    public async Task Without_children_a_parent_goes_on_at_once([Values] bool any)
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), new Fan(_ => [], new() { Children = any ? ChildJoin.Any : ChildJoin.All }));
        string id = await roost.EnqueueAsync(new WorkItem("fan"));

        await roost.RunUntilDoneAsync(id).Soon();

        Woken(roost, id).Should().Equal("""{"by":"children","ended":0,"open":0}""");
        MustAgree(roost);
    }

    [Test]
    public async Task The_time_of_a_wait_for_children_may_be_over_first()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            clock, new Fan(_ => Items("waits", "one"), new() { Children = ChildJoin.All, Timeout = TimeSpan.FromHours(1) }), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));
        await roost.RunUntilIdleAsync();
        clock.Advance(TimeSpan.FromHours(1));
        await roost.CancelAsync("waits");

        await roost.RunUntilDoneAsync(id).Soon();

        Woken(roost, id).Should().Equal("""{"by":"timeout","ended":2,"open":0}""");
        MustAgree(roost);
    }

    [Test]
    public async Task Each_try_of_the_woken_step_is_shown_the_same_children()
    {
        var clock = TestRuntime.Clock();
        var shown = new List<string>();
        await using RoostRuntime roost = await OpenAsync(
            clock,
            new Failing(shown), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));
        await roost.RunUntilIdleAsync();
        await roost.SignalAsync("waits 1", "go");
        await roost.RunUntilIdleAsync();
        await roost.SignalAsync("waits 2", "go"); // Ends between the first try and the second.
        await roost.RunUntilIdleAsync();
        clock.Advance(TimeSpan.FromMinutes(1));

        await roost.RunUntilDoneAsync(id).Soon();

        shown.Should().Equal("1: waits 1", "2: waits 1", "1: waits 2");
        MustAgree(roost);
    }

    /// <summary>The first try after its first wait fails.</summary>
    private sealed class Failing(List<string> shown) : Engine<Parent>
    {
        public override string EngineId => "fan";

        protected override Parent Init(WorkItem item) => new(0, []);

        protected override async Task<Outcome> StepAsync(Parent state, StepContext context)
        {
            if (state.Turn == 0)
            {
                context.AddChildren(Items("waits 1", "waits 2"));
                return WaitForChildren(state with { Turn = 1 }, ChildJoin.Any);
            }
            var ids = new List<string>();
            await foreach (Child<Part> child in context.ChildrenAsync<Part>(ChildScope.NewlyEnded)) ids.Add(child.Id);
            shown.Add($"{context.Attempt}: {string.Join(", ", ids)}");
            if (state.Turn == 1 && context.Attempt == 1) throw new InvalidOperationException("once");
            return state.Turn == 1 ? WaitForChildren(state with { Turn = 2 }, ChildJoin.Any) : Done(state);
        }
    }

    [Test]
    public async Task A_retried_child_opens_again_and_its_next_end_counts_again()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(), new Fan(_ => Items("bad", "waits"), new() { Children = ChildJoin.Any }, turns: 2), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));
        await roost.RunUntilIdleAsync();
        Seen(roost, id).Should().Equal("bad failed bad no such file");

        await roost.RetryAsync("bad");
        roost.Detail(id).Situation.Should().Contain("2 are open");
        await roost.RunUntilDoneAsync(id).Soon();

        Seen(roost, id).Should().Equal("bad failed bad no such file", "bad failed bad no such file");
        MustAgree(roost);
    }

    [Test]
    public async Task A_detached_child_is_not_waited_for()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(), new Fan(_ => [Item("one"), Item("waits") with { Detached = true }], new() { Children = ChildJoin.All }), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));

        await roost.RunUntilDoneAsync(id).Soon();

        Seen(roost, id).Should().Equal("one done one");
        roost.Detail("waits").Detached.Should().BeTrue();
        MustAgree(roost);
    }

    [Test]
    public async Task A_child_that_was_enqueued_from_outside_is_waited_for_as_well()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(), new Fan(_ => Items("waits"), new() { Children = ChildJoin.All }), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(Item("waits too") with { ParentId = id });
        await roost.SignalAsync("waits", "go");
        await roost.RunUntilIdleAsync();
        roost.StateOf(id).Should().Be(WorkState.Waiting);

        await roost.SignalAsync("waits too", "go");
        await roost.RunUntilDoneAsync(id).Soon();

        Seen(roost, id).Should().HaveCount(2);
        MustAgree(roost);
    }

    [Test]
    public async Task A_keyed_child_counts_once_and_is_refused_where_it_is_anothers()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(),
            new Fan(
                context => Enumerable.Repeat(new WorkItem("part", new { a = 1 }) { IdempotencyKey = "k", Detached = context.Item.Id == "third" }, 2),
                new() { Children = ChildJoin.All }),
            new Worker());
        await roost.EnqueueAsync(new WorkItem("fan") { Id = "first" });
        await roost.RunUntilDoneAsync("first").Soon();
        await roost.EnqueueAsync(new WorkItem("fan") { Id = "second" });
        await roost.EnqueueAsync(new WorkItem("fan") { Id = "third" });
        await roost.RunUntilIdleAsync();

        Seen(roost, "first").Should().ContainSingle();
        roost.Detail("second").LastFailure!.Message.Should().Contain("is no child of second").And.Contain("Detached");
        roost.Detail("second").LastFailure!.Attempt.Should().Be(1);
        roost.StateOf("third").Should().Be(WorkState.Done);
        Seen(roost, "third").Should().BeEmpty();
        MustAgree(roost);
    }

    [TestCase(0, "*Children*AtLeast(0)*at least 1*")]
    [TestCase(-1, "*Children*AtLeast(-1)*")]
    [TestCase(3, "*Children*AtLeast(3) where 2 can end*would have 2 open children, detached ones left out, and 0 ends that no step was shown*")]
    public async Task Waiting_for_no_end_or_for_more_than_there_can_be_is_refused_for_good(int n, string message)
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(), new Fan(_ => Items("one", "two"), new() { Children = ChildJoin.AtLeast(n) }), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));

        await roost.RunUntilDoneAsync(id).Soon();

        roost.Detail(id).LastFailure!.Message.Should().Match(message);
        roost.Detail(id).Should().BeEquivalentTo(new { Summary = new { Version = 1 }, LastFailure = new { Attempt = 1 } });
        (await roost.ListAsync(new() { ParentId = id })).Items.Should().BeEmpty("nothing was written");
        MustAgree(roost);
    }

    [Test]
    public async Task Detached_without_a_parent_is_refused()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        await FluentActions.Awaiting(() => roost.EnqueueAsync(new WorkItem("part") { Detached = true })).Should().ThrowAsync<InvalidInputException>()
            .WithMessage("*Detached*ParentId*");
    }

    [Test]
    public async Task A_parent_that_failed_in_its_wait_waits_again_after_a_retry()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, new Fan(_ => Items("waits"), new() { Children = ChildJoin.All }), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan") { Deadline = TestRuntime.Start.AddHours(1) });
        await roost.RunUntilIdleAsync();
        clock.Advance(TimeSpan.FromHours(1));
        await roost.RunUntilIdleAsync();
        roost.StateOf(id).Should().Be(WorkState.Failed);

        await roost.RetryAsync(id);
        roost.StateOf(id).Should().Be(WorkState.Waiting);
        await roost.SignalAsync("waits", "go");
        await roost.RunUntilDoneAsync(id).Soon();

        Seen(roost, id).Should().Equal("waits done waits");
        MustAgree(roost);
    }

    [Test]
    public async Task A_wait_that_could_not_begin_for_the_limit_of_steps_begins_with_the_retry()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), new Fan(_ => Items("waits"), new() { Children = ChildJoin.All }), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan") { MaxSteps = 1 });
        await roost.RunUntilIdleAsync();
        roost.Detail(id).LastFailure!.Message.Should().Contain("step");
        MustAgree(roost);

        await roost.RetryAsync(id);
        roost.StateOf(id).Should().Be(WorkState.Waiting);
        await roost.SignalAsync("waits", "go");
        await roost.RunUntilDoneAsync(id).Soon();

        Woken(roost, id).Should().Equal("""{"by":"children","ended":1,"open":0}""");
        MustAgree(roost);
    }

    [Test]
    public async Task Follow_ups_of_triggers_are_not_waited_for()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { Triggers = [new("part", "later")] }, TestRuntime.Clock(),
            new Fan(_ => Items("one"), new() { Children = ChildJoin.All }), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));

        await roost.RunUntilDoneAsync(id).Soon();

        (await roost.ListAsync(new() { ParentId = "one" })).Items.Should().ContainSingle().Which.State.Should().Be(WorkState.Queued);
        MustAgree(roost);
    }

    [Test]
    public async Task Children_of_several_engines_are_read_by_pages_with_their_damage_and_in_their_order()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), new Reading(), new Worker());
        string id = await roost.EnqueueAsync(new WorkItem("fan"));

        await roost.RunUntilDoneAsync(id).Soon();

        roost.EventData(id, "engine.read").Should().Be("""{"parts":250,"first":"part 0","last":"part 249","others":1}""");
    }

    private sealed class Reading : Engine<Parent>
    {
        public override string EngineId => "fan";

        protected override Parent Init(WorkItem item) => new(0, []);

        protected override async Task<Outcome> StepAsync(Parent state, StepContext context)
        {
            if (state.Turn == 0)
            {
                context.AddChildren([.. Enumerable.Range(0, 250).Select(n => Item($"part {n}")), new WorkItem("unserved") { Detached = true }]);
                return WaitForChildren(state with { Turn = 1 });
            }
            var parts = new List<string>();
            await foreach (Child<Part> child in context.ChildrenAsync<Part>(engine: "part")) parts.Add(child.Data!.Name);
            int others = 0;
            await foreach (Child<Bad> child in context.ChildrenAsync<Bad>(engine: "unserved")) others += child.Version == 0 && child.Data is null ? 1 : 0;
            context.AddEvent("read", new { parts = parts.Count, first = parts[0], last = parts[^1], others });
            return Done(state);
        }
    }
}
