using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class ResourceTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task A_name_is_held_by_one_item_at_a_time_also_across_runtimes()
    {
        int now = 0, most = 0;
        ScriptedEngine Engine() => new(async (state, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await Task.Yield();
            Interlocked.Decrement(ref now);
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { SlotTime = TimeSpan.Zero }, null, Engine());
        await using RoostRuntime beside = await BesideAsync(roost, Engine());
        IReadOnlyList<EnqueueResult> items = await roost.EnqueueAsync(Enumerable.Range(0, 20).Select(_ => new WorkItem("scripted") { Resources = ["x"] }));
        using var stop = new CancellationTokenSource();
        Task[] loops = [roost.RunAsync(stop.Token), beside.RunAsync(stop.Token)];

        foreach (string id in items) (await roost.WaitAsync(id).Soon()).State.Should().Be(WorkState.Done);
        await stop.CancelAsync();
        await Task.WhenAll(loops).Soon();

        most.Should().Be(1);
        Clean(roost);
    }

    [Test]
    public async Task Two_names_asked_for_in_opposite_orders_never_lock_each_other_out()
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 8, SlotTime = TimeSpan.Zero }, null, ScriptedEngine.CountingTo(5));
        await roost.EnqueueAsync(Enumerable.Range(0, 40).Select(i => new WorkItem("scripted") { Resources = i % 2 == 0 ? ["a", "b"] : ["b", "a"] }));

        await roost.RunUntilIdleAsync().Soon();

        roost.Totals().Done.Should().Be(40);
        Clean(roost);
    }

    [Test]
    public async Task An_item_that_needs_two_names_does_not_starve_behind_items_that_need_one()
    {
        int steps = 0, wideAt = 0;
        var engine = new ScriptedEngine((state, context) =>
        {
            int n = Interlocked.Increment(ref steps);
            if (context.Item.Id != "wide") return Task.FromResult(ScriptedEngine.GoOn(state + 1));
            if (state == 1) wideAt = n;
            return Task.FromResult(state == 1 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1));
        });
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 4, SlotTime = TimeSpan.Zero }, null, engine);
        await roost.EnqueueAsync(Enumerable.Range(0, 16).Select(i => new WorkItem("scripted") { Resources = [i % 2 == 0 ? "a" : "b"] }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "wide", Resources = ["a", "b"] });

        (await roost.RunUntilDoneAsync("wide").Soon()).State.Should().Be(WorkState.Done);

        wideAt.Should().BeLessThan(2000);
    }

    [Test]
    public async Task A_released_name_goes_to_the_first_waiter_by_priority_then_place()
    {
        var order = new List<string>();
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 8 }, TestRuntime.Clock(), new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == "holder") await gate.PassAsync();
            else order.Add(context.Item.Id);
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(Waiter("holder", 9));
        await roost.EnqueueAsync([Waiter("low", -1), Waiter("first", 0), Waiter("second", 0), Waiter("high", 1)]);
        Task loop = roost.RunUntilIdleAsync();
        await gate.Reached;
        gate.Open();
        await loop.Soon();

        order.Should().Equal("high", "first", "second", "low");
        Clean(roost);

        static WorkItem Waiter(string id, int priority) => new("scripted") { Id = id, Priority = priority, Resources = ["x"] };
    }

    [Test]
    public async Task A_parked_item_keeps_what_it_took_and_gives_it_back_when_it_is_cancelled()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(1));
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "holder", Resources = ["b"] });
        await ghost.ClaimAsync();
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "parked", Resources = ["a", "b"] });
        await roost.RunUntilIdleAsync();
        roost.Holders().Should().Equal("a=parked", "b=holder");
        roost.Detail("parked").BlockedOn.Should().Be("b");

        await roost.CancelAsync("parked");

        roost.Holders().Should().Equal("b=holder");
    }

    [Test]
    public async Task A_name_for_the_step_is_free_during_a_delay()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(2, TimeSpan.FromHours(1)));
        await roost.EnqueueAsync(new WorkItem("scripted") { Resources = ["x"] });

        await roost.RunUntilIdleAsync();

        Clean(roost);
    }

    [Test]
    public async Task A_name_for_life_is_held_through_delays_and_tries_and_free_when_the_item_is_done()
    {
        var clock = TestRuntime.Clock();
        var engine = ScriptedEngine.From((state, context) =>
            state == 1 && context.Attempt == 1 ? throw new InvalidOperationException("again")
            : state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1, TimeSpan.FromHours(1)));
        await using RoostRuntime roost = await OpenAsync(clock, engine);
        await roost.EnqueueAsync(Holder(ResourceHold.Life));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "waiter", Resources = ["x"] });

        for (int pause = 0; pause < 3; pause++)
        {
            clock.SetUtcNow((await roost.RunUntilIdleAsync()).Due!.Value);
            roost.Holders().Should().Equal("x=holder");
            roost.EventsOf("waiter").Should().Equal("enqueued", "blocked");
        }
        await roost.RunThroughAsync(clock);

        roost.StateOf("waiter").Should().Be(WorkState.Done);
        Clean(roost);
    }

    [TestCase("fail")]
    [TestCase("cancel")]
    [TestCase("attempts")]
    [TestCase("deadline")]
    public async Task A_name_for_life_is_free_however_the_item_ends(string how)
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 1 }, clock, ScriptedEngine.From((state, _) => state == 0
            ? ScriptedEngine.GoOn(1, TimeSpan.FromHours(1))
            : how == "attempts" ? throw new InvalidOperationException("no") : ScriptedEngine.GiveUp("over")));
        string id = await roost.EnqueueAsync(Holder(ResourceHold.Life) with { Deadline = how == "deadline" ? TestRuntime.Start.AddMinutes(30) : null });
        await roost.RunUntilIdleAsync();
        roost.Holders().Should().Equal("x=holder");

        if (how == "cancel") await roost.CancelAsync(id);
        clock.Advance(TimeSpan.FromHours(2));
        await roost.RunUntilIdleAsync();

        roost.StateOf(id).Should().Be(how == "cancel" ? WorkState.Cancelled : WorkState.Failed);
        Clean(roost);
    }

    [Test]
    public async Task A_retried_item_takes_its_names_anew_and_waits_for_them()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(),
            ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("over")),
            ScriptedEngine.CountingTo(2, TimeSpan.FromHours(1), "other")
        );
        await roost.EnqueueAsync(Holder(ResourceHold.Life));
        await roost.RunUntilDoneAsync("holder").Soon();
        await roost.EnqueueAsync(new WorkItem("other") { Id = "second", Resources = ["x"], ResourceHold = ResourceHold.Life });
        await roost.RunUntilIdleAsync();

        await roost.RetryAsync("holder");
        await roost.RunUntilIdleAsync();

        roost.Holders().Should().Equal("x=second");
        roost.Detail("holder").BlockedOn.Should().Be("x");
    }

    [Test]
    public async Task What_a_dead_workers_item_held_goes_to_its_waiter()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(1));
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1, id: "ghostly"));
        await roost.EnqueueAsync(new WorkItem("ghostly") { Id = "holder", Resources = ["x"] });
        await ghost.ClaimAsync();
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "waiter", Resources = ["x"] });
        await roost.RunUntilIdleAsync();
        roost.StateOf("waiter").Should().Be(WorkState.Queued);

        ghost.Die();

        (await roost.RunUntilDoneAsync("waiter").Soon()).State.Should().Be(WorkState.Done);
        roost.StateOf("holder").Should().Be(WorkState.Queued, "nobody serves its engine any more");
        Clean(roost);
    }

    [Test]
    public async Task A_waiter_that_nobody_serves_any_more_gives_back_what_it_was_handed()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(1));
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1, id: "ghostly"));
        await roost.EnqueueAsync([new WorkItem("ghostly") { Id = "first", Resources = ["x"] }, new WorkItem("ghostly") { Id = "second", Resources = ["x"] }]);
        LeasedWork first = (await ghost.ClaimAsync())[0];
        (await ghost.ClaimAsync()).Should().BeEmpty("the second is parked");
        (await ghost.FailAsync(first, lastTry: true)).Should().BeTrue();
        roost.Holders().Should().Equal("x=second");
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "waiter", Resources = ["x"] });

        ghost.Die();

        (await roost.RunUntilDoneAsync("waiter").Soon()).State.Should().Be(WorkState.Done);
        Clean(roost);
    }

    [Test]
    public async Task A_retried_item_that_waits_for_one_of_its_names_gives_back_the_others_when_nobody_serves_it_any_more()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(),
            ScriptedEngine.From((state, _) => state == 0 ? ScriptedEngine.GoOn(1) : ScriptedEngine.GiveUp("over")),
            ScriptedEngine.CountingTo(2, TimeSpan.FromHours(1), "slow")
        );
        await roost.EnqueueAsync(Holder(ResourceHold.Life) with { Resources = ["x", "y"] });
        await roost.RunUntilDoneAsync("holder").Soon();
        await roost.EnqueueAsync(new WorkItem("slow") { Id = "slow", Resources = ["y"], ResourceHold = ResourceHold.Life });
        await roost.RunUntilIdleAsync();
        await roost.RetryAsync("holder");

        await roost.RunUntilIdleAsync();

        roost.Holders().Should().Equal("y=slow");
        await using RoostRuntime beside = await BesideAsync(roost, ScriptedEngine.CountingTo(1, id: "beside"));
        await beside.EnqueueAsync(new WorkItem("beside") { Id = "waiter", Resources = ["x"] });
        (await beside.RunUntilDoneAsync("waiter").Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task A_waiter_of_an_engine_that_nobody_serves_does_not_block_those_that_are_served()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(1));
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1), ScriptedEngine.CountingTo(1, id: "ghostly"));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "holder", Resources = ["x"], Priority = 2 });
        LeasedWork held = (await ghost.ClaimAsync())[0];
        await roost.EnqueueAsync([
            new WorkItem("ghostly")
            {
                Id = "unserved",
                Resources = ["x"],
                Priority = 1,
            },
            new WorkItem("scripted") { Id = "served", Resources = ["x"] },
        ]);
        (await ghost.ClaimAsync()).Should().BeEmpty("both are parked");
        (await ghost.ReleaseAsync(held)).Should().BeTrue();
        await ghost.LeaveAsync();

        await roost.RunUntilDoneAsync("served").Soon();

        await roost.RunUntilIdleAsync();
        roost.StateOf("holder").Should().Be(WorkState.Done);
        roost.StateOf("unserved").Should().Be(WorkState.Queued);
        Clean(roost);

        await using RoostRuntime serving = await BesideAsync(roost, ScriptedEngine.CountingTo(1, id: "ghostly"));
        (await serving.RunUntilDoneAsync("unserved").Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task An_item_with_names_goes_on_with_its_lease_while_nobody_waits()
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { SlotTime = TimeSpan.Zero }, null, ScriptedEngine.CountingTo(5));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Resources = ["x", "y"] });

        await roost.RunUntilDoneAsync(id).Soon();

        roost.EventsOf(id).Count(kind => kind == "claimed").Should().Be(1);
        Clean(roost);
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    [TestCase(5)]
    [TestCase(6)]
    public async Task Whatever_happens_no_name_is_held_twice_and_none_is_left_over(int seed)
    {
        var random = new Random(seed);
        var clock = TestRuntime.Clock();
        string[] names = ["a", "b", "c", "d"];
        var held = new System.Collections.Concurrent.ConcurrentDictionary<string, string>();
        var broken = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var dice = new Random(seed + 1000);
        int Roll(int sides)
        {
            lock (dice) return dice.Next(sides);
        }
        ScriptedEngine Engine() => new(async (state, context) =>
        {
            foreach (string name in context.Item.Resources)
                if (!held.TryAdd(name, context.Item.Id)) broken.Enqueue($"{name} is held by {held[name]} while {context.Item.Id} runs");
            await Task.Yield();
            foreach (string name in context.Item.Resources) held.TryRemove(name, out _);
            return Roll(12) switch
            {
                0 => throw new InvalidOperationException("a bad day"),
                1 => ScriptedEngine.GiveUp("enough"),
                2 or 3 => ScriptedEngine.GoOn(state + 1, TimeSpan.FromMilliseconds(Roll(3000))),
                _ when state > 4 => ScriptedEngine.Finish(state),
                _ => ScriptedEngine.GoOn(state + 1),
            };
        });
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 4, SlotTime = TimeSpan.Zero }, clock, Engine());
        await using RoostRuntime beside = await BesideAsync(roost, Engine());
        var items = new List<string>();
        for (int i = 0; i < 30; i++)
        {
            items.Add(await roost.EnqueueAsync(new WorkItem("scripted")
            {
                Resources = [.. names.Where(_ => random.Next(2) == 0)],
                ResourceHold = random.Next(3) == 0 ? ResourceHold.Life : ResourceHold.Step,
                Priority = random.Next(3),
                Delay = random.Next(4) == 0 ? TimeSpan.FromSeconds(random.Next(5)) : null,
            }));
        }
        using var stop = new CancellationTokenSource();
        Task[] loops = [roost.RunAsync(stop.Token), beside.RunAsync(stop.Token)];
        for (int i = 0; i < 10; i++) await roost.CancelAsync(items[random.Next(items.Count)]);

        await Task.WhenAll(items.Select(id => roost.WaitAsync(id))).WhileTimePasses(clock, TimeSpan.FromMilliseconds(500));
        await stop.CancelAsync();
        await Task.WhenAll(loops).Soon();

        broken.Should().BeEmpty();
        Clean(roost);
        (await roost.ListLeasesAsync()).Should().BeEmpty();
        roost.Totals().Should().BeEquivalentTo(new { Ready = 0L, Delayed = 0L, Blocked = 0L, Running = 0L });
        MustAgree(roost);
        roost.Totals().Total.Should().Be(30);
    }

    private static WorkItem Holder(ResourceHold hold) => new("scripted") { Id = "holder", Resources = ["x"], ResourceHold = hold };

    private static void Clean(RoostRuntime roost) => roost.Holders().Should().BeEmpty("whatever is over holds nothing");
}
