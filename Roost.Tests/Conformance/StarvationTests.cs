using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Nothing that is ready waits for ever, and no slot is lost.</summary>
[TestFixture]
internal sealed class StarvationTests
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
        await using RoostRuntime roost = it = TestRuntime.Create(new RoostOptions { Concurrency = 16, SlotTime = TimeSpan.FromHours(1) }, TestRuntime.Clock(), engine);
        await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilIdleAsync().Soon();

        steps.Should().Equal("0:0", "0:1", "1:0", "1:1", "1:2", "0:2");
    }

    [Test]
    public Task All_that_have_had_their_slot_time_yield_at_once_as_far_as_others_are_ready() => YieldAtOnceAsync(slots: 4, newcomers: 3, priority: 0);

    [Test]
    public Task All_yield_at_once_to_as_many_of_a_higher_priority() => YieldAtOnceAsync(slots: 3, newcomers: 3, priority: 1);

    private static async Task YieldAtOnceAsync(int slots, int newcomers, int priority)
    {
        var clock = TestRuntime.Clock();
        var gates = Enumerable.Range(0, slots).Select(_ => new Gate()).ToArray();
        var engine = new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id.StartsWith("old", StringComparison.Ordinal) && state == 0) await gates[context.Item.Id[^1] - '0'].PassAsync();
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Concurrency = slots }, clock, engine);
        for (int i = 0; i < slots; i++) await roost.EnqueueAsync(new WorkItem("scripted") { Id = $"old-{i}" });
        Task<DateTimeOffset?> loop = roost.RunUntilIdleAsync();
        foreach (Gate gate in gates) await gate.Reached;
        for (int i = 0; i < newcomers; i++) await roost.EnqueueAsync(new WorkItem("scripted") { Id = $"new-{i}", Priority = priority });
        if (priority == 0) clock.Advance(roost.Options.SlotTime);

        // The writer is held, so that the steps that end now are committed in one transaction.
        using var held = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        Task<bool> hold = roost.Writer.RunAsync(_ =>
        {
            held.Set();
            return release.Wait(Gate.Patience);
        });
        held.Wait(Gate.Patience).Should().BeTrue();
        foreach (Gate gate in gates) gate.Open();
        await Waiting.Until(() => roost.Writer.Pending == slots);
        release.Set();
        await hold.Soon();
        await loop.Soon();

        roost.Number("""
            SELECT count(*) FROM roost_event WHERE kind = 'stepped' AND data ->> 'version' >= 3
            AND seq < (SELECT max(e.seq) FROM roost_event e JOIN roost_work w ON w.key = e.work WHERE w.id LIKE 'new-%' AND e.kind = 'claimed')
            """).Should().Be(0, "as many as are ready have been let in before anything went on");
    }

    [Test]
    public async Task An_item_that_must_run_alone_gets_its_turn_before_lower_priorities_that_keep_all_slots()
    {
        var steps = new List<string>();
        string alone = "";
        RoostRuntime? it = null;
        var engine = new ScriptedEngine(async (state, context) =>
        {
            steps.Add($"{context.Item.Priority}:{state}");
            if (context.Item.Priority == 0 && state == 1) await it!.RequeueNowAsync(alone);
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = it = TestRuntime.Create(new RoostOptions { Concurrency = 1, SlotTime = TimeSpan.FromHours(1) }, TestRuntime.Clock(), engine);
        alone = await roost.EnqueueAsync(new WorkItem("scripted") { Priority = 1, Delay = TimeSpan.FromHours(1) });
        roost.Execute("UPDATE roost_work SET solo = 1, interruptions = 2 WHERE id = $0", alone);
        await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilIdleAsync().Soon();

        steps.Should().StartWith(["0:0", "0:1", "1:0"]).And.HaveCount(6);
    }

    [Test]
    public async Task A_step_that_lost_its_lease_while_the_file_was_locked_gives_its_slot_back()
    {
        var gate = new Gate();
        var log = new WaitingLog("could not be saved");
        var engine = new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Priority == 0) await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        });
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Concurrency = 1, BusyTimeout = TimeSpan.FromSeconds(1), LoggerFactory = log }, null, engine);
        string lost = await roost.EnqueueAsync(new WorkItem("scripted"));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await gate.Reached;
        await roost.ReleaseLeaseAsync(lost);
        await roost.CancelAsync(lost);
        using (roost.Lock())
        {
            gate.Open();
            await log.Seen.Soon();
        }
        string next = await roost.EnqueueAsync(new WorkItem("scripted") { Priority = 1 });

        (await roost.WaitAsync(next).Soon()).State.Should().Be(WorkState.Done);
        await stop.CancelAsync();
        await loop.Soon();
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
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Concurrency = 64 }, clock, engine);
        await roost.EnqueueAsync(Enumerable.Range(0, 1200).Select(_ => new WorkItem("scripted") { Deadline = clock.GetUtcNow().AddSeconds(2) }));
        clock.Advance(TimeSpan.FromSeconds(3));

        await roost.RunUntilIdleAsync().Soon();

        started.Should().Be(0);
        (await roost.GetCountsAsync()).Total.Failed.Should().Be(1200);
    }
}
