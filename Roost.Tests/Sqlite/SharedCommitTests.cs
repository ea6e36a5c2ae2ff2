using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Steps that end in one commit.</summary>
[TestFixture]
internal sealed class SharedCommitTests
{
    [Test]
    public Task All_that_have_had_their_slot_time_yield_at_once_as_far_as_others_are_ready() => YieldAtOnceAsync(slots: 4, newcomers: 3, priority: 0);

    [Test]
    public Task All_yield_at_once_to_as_many_of_a_higher_priority() => YieldAtOnceAsync(slots: 3, newcomers: 3, priority: 1);

    [Test]
    public Task All_yield_at_once_to_as_many_in_queues_of_their_own() => YieldAtOnceAsync(slots: 4, newcomers: 3, priority: 1, inQueues: true);

    /// <summary>Only then do they stand in one lane with those that yield.</summary>
    [Test]
    public Task All_yield_at_once_to_as_many_that_have_stepped_before() => YieldAtOnceAsync(slots: 4, newcomers: 3, priority: 0, haveStepped: true);

    private static async Task YieldAtOnceAsync(int slots, int newcomers, int priority, bool inQueues = false, bool haveStepped = false)
    {
        var clock = TestRuntime.Clock();
        var gates = Enumerable.Range(0, slots).Select(_ => new Gate()).ToArray();
        var engine = new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id.StartsWith("old", StringComparison.Ordinal) && state == 0) await gates[context.Item.Id[^1] - '0'].PassAsync();
            else if (haveStepped && state == 0) return ScriptedEngine.GoOn(1, TimeSpan.FromHours(1));
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        string[] queues = inQueues ? [WorkItem.DefaultQueue, .. Enumerable.Range(0, newcomers).Select(i => $"queue-{i}")] : [WorkItem.DefaultQueue];
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Concurrency = slots, Queues = queues }, clock, engine);
        WorkItem[] comers = [.. Enumerable.Range(0, newcomers)
            .Select(i => new WorkItem("scripted") { Id = $"new-{i}", Priority = priority, Queue = queues[inQueues ? i + 1 : 0] })];
        if (haveStepped)
        {
            await roost.EnqueueAsync(comers);
            await roost.RunUntilIdleAsync();
        }
        for (int i = 0; i < slots; i++) await roost.EnqueueAsync(new WorkItem("scripted") { Id = $"old-{i}" });
        Task<IdleState> loop = roost.RunUntilIdleAsync();
        foreach (Gate gate in gates) await gate.Reached;
        if (!haveStepped) await roost.EnqueueAsync(comers);
        else foreach (WorkItem comer in comers) await roost.RequeueNowAsync(comer.Id);
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
        roost.Number("SELECT count(*) FROM roost_event e JOIN roost_work w ON w.key = e.work WHERE w.id LIKE 'old-%' AND e.kind = 'claimed'")
            .Should()
            .Be(slots + newcomers, "no more have yielded than were ready");
    }
}
