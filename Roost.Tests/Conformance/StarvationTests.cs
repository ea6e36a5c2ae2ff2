using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Nothing that is ready waits for ever, and no slot is lost.</summary>
internal sealed class StarvationTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task An_item_of_an_engine_at_its_limit_yields_to_a_higher_priority_though_other_slots_are_free()
    {
        var steps = new List<string>();
        RoostRuntime? it = null;
        var engine = new ScriptedEngine(async (state, context) =>
        {
            steps.Add($"{context.Item.Priority}:{state}");
            if (context.Item.Priority == 0 && state == 1) await it!.EnqueueAsync(new WorkItem("scripted") { Priority = 1 });
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        })
        { Limit = 1 };
        var options = new RoostOptions { Concurrency = 16, SlotTime = TimeSpan.FromHours(1) };
        await using RoostRuntime roost = it = await OpenAsync(options, TestRuntime.Clock(), engine);
        await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilIdleAsync().Soon();

        steps.Should().Equal("0:0", "0:1", "1:0", "1:1", "1:2", "0:2");
    }

    [Test]
    public async Task An_item_that_must_run_alone_gets_its_turn_before_lower_priorities_that_keep_all_slots()
    {
        var steps = new List<string>();
        RoostRuntime? it = null;
        var engine = new ScriptedEngine(async (state, context) =>
        {
            steps.Add($"{context.Item.Priority}:{state}");
            if (context.Item.Priority == 0 && state == 1) await it!.RequeueNowAsync("alone");
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        var options = new RoostOptions { Concurrency = 1, SlotTime = TimeSpan.FromHours(1) };
        await using RoostRuntime roost = it = await OpenAsync(options, TestRuntime.Clock(), engine);
        await EnqueueInterruptedAsync(roost, new WorkItem("scripted") { Id = "alone", Priority = 1 });
        await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilIdleAsync().Soon();

        steps.Should().StartWith(["0:0", "0:1", "1:0"]).And.HaveCount(6);
    }

    [Test]
    public async Task Not_one_of_many_items_whose_deadline_has_passed_is_run()
    {
        var clock = TestRuntime.Clock();
        int started = 0;
        var engine = new ScriptedEngine((state, _) => Task.FromResult(ScriptedEngine.Finish(state)))
        {
            First = _ => Interlocked.Increment(ref started),
        };
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 64 }, clock, engine);
        await roost.EnqueueAsync(Enumerable.Range(0, 1200).Select(_ => new WorkItem("scripted") { Deadline = clock.GetUtcNow().AddSeconds(2) }));
        clock.Advance(TimeSpan.FromSeconds(3));

        await roost.RunUntilIdleAsync().Soon();

        started.Should().Be(0);
        (await roost.GetCountsAsync()).Total.Failed.Should().Be(1200);
    }
}
