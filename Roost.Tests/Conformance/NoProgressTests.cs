using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>An item that commits the same state again and again, with nothing to show for it, ends; one that gets on in any way does not.</summary>
internal sealed class NoProgressTests(StoreHost host) : ConformanceTests(host)
{
    private const int Limit = 10;

    [Test]
    public async Task A_thousand_unchanged_steps_make_a_dead_letter_that_says_what_to_do()
    {
        int steps = 0;
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.From((state, _) =>
        {
            steps++;
            return ScriptedEngine.GoOn(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();

        WorkDetail item = await roost.GetAsync(id);
        item.Summary.State.Should().Be(WorkState.Failed);
        steps.Should().Be(1000);
        item.LastFailure!.Reason.Should().Be(FailReasons.NoProgress);
        item.LastFailure.Message.Should().Contain("1,000 steps").And.Contain("since version 1").And.Contain("MaxStepsWithoutProgress");
        item.Failures.Should().Be(1, "no further try can help");
        MustAgree(roost);
    }

    [Test]
    public async Task The_count_goes_with_the_item_from_turn_to_turn_and_from_worker_to_worker()
    {
        int steps = 0;
        await using RoostRuntime first = await OpenAsync(new RoostOptions { MaxStepsWithoutProgress = Limit }, null, Idle(() => steps++));
        string id = await first.EnqueueAsync(new WorkItem("scripted"));
        for (int i = 0; i < 5; i++) await first.StepOnceAsync();
        (await UnchangedAsync(first)).Should().Be(4, "the first step made the state");

        await using RoostRuntime second = await BesideAsync(first, Idle(() => steps++));
        await second.RunUntilIdleAsync();

        (await second.GetAsync(id)).LastFailure!.Reason.Should().Be(FailReasons.NoProgress);
        steps.Should().Be(Limit);
    }

    [Test]
    public async Task Two_items_that_take_turns_are_counted_each()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions
            {
                MaxStepsWithoutProgress = Limit,
                Concurrency = 1,
                SlotTime = TimeSpan.Zero,
            },
            null,
            Idle()
        );
        for (int i = 0; i < 3; i++)
            await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();

        (await roost.ListDeadLettersAsync()).Items.Should().HaveCount(3).And.OnlyContain(letter => letter.Item.Version == Limit);
    }

    [TestCase("event"), TestCase("artifact"), TestCase("child"), TestCase("state"), TestCase("delay"), TestCase("step")]
    public async Task Whatever_it_has_to_show_begins_the_count_anew(string what)
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxStepsWithoutProgress = Limit }, clock, new RawEngine((snapshot, _, context) =>
        {
            int version = snapshot.Version;
            if (version == 3 * Limit) return Outcome.Done(snapshot.Next(snapshot.Data));
            if (version % (Limit - 1) != 0) return Outcome.Continue(snapshot.Next(snapshot.Data));
            if (what == "event") context.AddEvent("seen");
            if (what == "artifact") context.AddArtifactText($"{version}.txt", "x");
            if (what == "child") context.AddChild(new WorkItem("other"));
            Snapshot next = snapshot.Next(what == "state" ? version : snapshot.Data, what == "step" ? $"step {version}" : null);
            return Outcome.Continue(next, what == "delay" ? TimeSpan.FromMilliseconds(1) : default);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        await roost.RunThroughAsync(clock);

        (await roost.GetAsync(id)).Summary.State.Should().Be(WorkState.Done);
        MustAgree(roost);
    }

    [Test]
    public async Task Zero_means_never_and_a_retry_begins_anew()
    {
        int steps = 0;
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxStepsWithoutProgress = Limit }, null, Idle(() => steps++));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        await roost.RetryAsync(id);
        await roost.RunUntilIdleAsync();
        steps.Should().Be(2 * Limit);

        await using RoostRuntime patient = RoostRuntime.CreateTemporary(new RoostOptions { MaxStepsWithoutProgress = 0 })
            .AddEngine(ScriptedEngine.From((state, context) => context.Version == 3000 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state)));
        string kept = await patient.EnqueueAsync(new WorkItem("scripted"));
        await patient.RunUntilIdleAsync();
        (await patient.GetAsync(kept)).Summary.State.Should().Be(WorkState.Done);
    }

    private static ScriptedEngine Idle(Action? step = null) => ScriptedEngine.From((state, _) =>
    {
        step?.Invoke();
        return ScriptedEngine.GoOn(state);
    });

    /// <summary>How often in a row the only item's state was committed as it was: a lease tells, which is given back.</summary>
    private async Task<int> UnchangedAsync(RoostRuntime roost)
    {
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        LeasedWork lease = (await ghost.ClaimAsync()).Single();
        (await ghost.ReleaseAsync(lease)).Should().BeTrue();
        await ghost.LeaveAsync();
        return lease.Unchanged;
    }
}
