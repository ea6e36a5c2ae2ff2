using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class LeaseKeepingTests(StoreHost host) : ConformanceTests(host)
{
    private static RoostOptions OneSlot => new() { Concurrency = 1 };

    [Test]
    public async Task An_item_that_continues_goes_on_with_the_same_lease()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(5));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilDoneAsync(id).Soon();

        roost.EventsOf(id).Should().Equal("enqueued", "claimed", "stepped", "stepped", "stepped", "stepped", "stepped", "done");
    }

    [Test]
    public async Task A_delayed_continuation_gives_the_lease_back()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(2, TimeSpan.FromTicks(1)));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        DateTimeOffset? due = (await roost.RunUntilIdleAsync()).Due;

        due.Should().Be(TestRuntime.Start.AddMilliseconds(1), "a delay is rounded up to a whole millisecond");
        roost.Detail(id).Should().Match<WorkDetail>(item => item.Lease == null && item.DueAt != null);
    }

    [Test]
    public async Task Something_ready_of_a_higher_priority_takes_the_slot_at_once()
    {
        string? urgent = null;
        var steps = new List<string>();
        RoostRuntime? it = null;
        var engine = new ScriptedEngine(async (state, context) =>
        {
            steps.Add($"{context.Item.Priority}:{state}");
            if (context.Item.Priority == 0 && state == 1) urgent = await it!.EnqueueAsync(new WorkItem("scripted") { Priority = 1 });
            return state == 3 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = it = await OpenAsync(OneSlot with { SlotTime = TimeSpan.FromHours(1) }, TestRuntime.Clock(), engine);
        await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilIdleAsync().Soon();

        steps.Should().Equal("0:0", "0:1", "1:0", "1:1", "1:2", "1:3", "0:2", "0:3");
    }

    [Test]
    public async Task Something_ready_of_a_lower_priority_never_takes_the_slot()
    {
        var clock = TestRuntime.Clock();
        var steps = new List<int>();
        var engine = ScriptedEngine.From((state, context) =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            steps.Add(context.Item.Priority);
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = await OpenAsync(OneSlot, clock, engine);
        await roost.EnqueueAsync([new WorkItem("scripted") { Priority = -1 }, new WorkItem("scripted")]);

        await roost.RunUntilIdleAsync().Soon();

        steps.Should().Equal(0, 0, 0, -1, -1, -1);
    }

    [Test]
    public async Task One_that_comes_waits_for_the_slot_time_and_equals_that_take_turns_for_ten_of_them()
    {
        var clock = TestRuntime.Clock();
        var steps = new List<string>();
        var engine = ScriptedEngine.From((state, context) =>
        {
            steps.Add($"{context.Item.Id}{state}");
            clock.Advance(TimeSpan.FromMilliseconds(10));
            return state == 12 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = await OpenAsync(OneSlot with { SlotTime = TimeSpan.FromMilliseconds(10) }, clock, engine);
        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "a" }, new WorkItem("scripted") { Id = "b" }]);

        await roost.RunUntilIdleAsync().Soon();

        steps.Should().Equal(
            "a0", // b has come and is let in.
            "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", // a has gone back itself.
            "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10",
            "b10", "b11", "b12", "a11", "a12");
    }

    [Test]
    public async Task An_item_that_takes_turns_is_stepped_with_what_was_changed_meanwhile()
    {
        var clock = TestRuntime.Clock();
        var seen = new List<string>();
        RoostRuntime? it = null;
        var engine = new ScriptedEngine(async (state, context) =>
        {
            seen.Add($"{context.Item.Id}{state} {context.Item.Priority}");
            clock.Advance(TimeSpan.FromMilliseconds(20));
            if (context.Item.Id == "b") await it!.SetPriorityAsync("a", -5);
            return state == 1 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = it = await OpenAsync(OneSlot, clock, engine);
        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "a" }, new WorkItem("scripted") { Id = "b" }]);

        await roost.RunUntilIdleAsync().Soon();

        seen.Should().Equal("a0 0", "b0 0", "b1 0", "a1 -5");
    }

    [Test]
    public async Task Within_the_slot_time_equals_wait()
    {
        var steps = new List<string>();
        var engine = ScriptedEngine.From((state, context) =>
        {
            steps.Add(context.Item.Id);
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = await OpenAsync(OneSlot, TestRuntime.Clock(), engine);
        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "a" }, new WorkItem("scripted") { Id = "b" }]);

        await roost.RunUntilIdleAsync().Soon();

        steps.Should().Equal("a", "a", "a", "b", "b", "b");
    }

    [Test]
    public async Task Free_slots_mean_no_yielding()
    {
        var options = new RoostOptions { Concurrency = 2, SlotTime = TimeSpan.Zero };
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(10), ScriptedEngine.CountingTo(1, id: "other"));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.EnqueueAsync(new WorkItem("other"));

        await roost.RunUntilIdleAsync().Soon();

        roost.EventsOf(id).Count(kind => kind == "claimed").Should().Be(1);
    }

    [Test]
    public async Task An_engine_at_its_limit_does_not_make_others_yield_in_vain()
    {
        var gate = new Gate();
        var limited = new ScriptedEngine(async (_, _) =>
        {
            await gate.PassAsync();
            return ScriptedEngine.Finish(1);
        }, "limited")
        { Limit = 1 };
        var options = new RoostOptions { Concurrency = 2, SlotTime = TimeSpan.Zero };
        await using RoostRuntime roost = await OpenAsync(options, null, limited, ScriptedEngine.CountingTo(10));
        await roost.EnqueueAsync([new WorkItem("limited") { Priority = 9 }, new WorkItem("limited") { Priority = 9 }]);
        Task loop = roost.RunUntilIdleAsync();
        await gate.Reached;

        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.WaitAsync(id).Soon();
        gate.Open();
        await loop.Soon();

        roost.EventsOf(id).Count(kind => kind == "claimed").Should().Be(1);
    }

    [Test]
    public async Task A_waiter_for_its_resource_counts_as_ready_even_where_slots_are_free()
    {
        List<string> turns = await TurnsAsync(
            new WorkItem("scripted") { Id = "a", Resources = ["x"] },
            new WorkItem("scripted") { Id = "b", Resources = ["x"] });

        turns.Should().Equal("a", "b", "a", "b", "a", "b");
    }

    [Test]
    public async Task A_waiter_of_an_equal_priority_does_not_get_the_resource_within_the_slot_time()
    {
        List<string> turns = await TurnsAsync(
            TimeSpan.Zero,
            new WorkItem("scripted") { Id = "a", Resources = ["x"] },
            new WorkItem("scripted") { Id = "b", Resources = ["x"] });

        turns.Should().Equal("a", "a", "a", "b", "b", "b");
    }

    [Test]
    public async Task A_waiter_of_a_lower_priority_does_not_get_the_resource_while_the_item_goes_on()
    {
        List<string> turns = await TurnsAsync(
            new WorkItem("scripted") { Id = "high", Priority = 1, Resources = ["x"] },
            new WorkItem("scripted") { Id = "low", Resources = ["x"] });

        turns.Should().Equal("high", "high", "high", "low", "low", "low");
    }

    [Test]
    public async Task An_item_that_holds_for_life_does_not_yield_to_those_it_cannot_let_in()
    {
        var clock = TestRuntime.Clock();
        var engine = ScriptedEngine.From((state, _) =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(30));
            return state == 3 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 4 }, clock, engine);
        string holder = await roost.EnqueueAsync(new WorkItem("scripted") { Resources = ["x"], ResourceHold = ResourceHold.Life });
        await roost.EnqueueAsync(new WorkItem("scripted") { Resources = ["x"] });

        await roost.RunUntilIdleAsync().Soon();

        roost.EventsOf(holder).Count(kind => kind == "claimed").Should().BeLessThanOrEqualTo(2, "before its first snapshot it may still give the name away");
    }

    /// <summary>Whose steps ran, in order, where each outlasts its slot's time, an item has three of them, and slots stay free.</summary>
    private Task<List<string>> TurnsAsync(params WorkItem[] items) => TurnsAsync(TimeSpan.FromMilliseconds(30), items);

    private async Task<List<string>> TurnsAsync(TimeSpan step, params WorkItem[] items)
    {
        var clock = TestRuntime.Clock();
        var turns = new List<string>();
        var engine = ScriptedEngine.From((state, context) =>
        {
            turns.Add(context.Item.Id);
            clock.Advance(step);
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 4 }, clock, engine);
        await roost.EnqueueAsync(items);

        await roost.RunUntilIdleAsync().Soon();

        return turns;
    }
}
