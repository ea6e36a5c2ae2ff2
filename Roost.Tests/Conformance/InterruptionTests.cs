using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class InterruptionTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task A_dead_workers_item_goes_on_at_once_from_its_last_snapshot()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(3));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await InterruptAsync(roost, ScriptedEngine.CountingTo(1));

        WorkSummary ended = await roost.RunUntilDoneAsync("it").Soon();

        ended.State.Should().Be(WorkState.Done);
        clock.GetUtcNow().Should().Be(TestRuntime.Start, "no time had to pass");
        roost.EventsOf("it")[..4].Should().Equal("enqueued", "claimed", "interrupted", "claimed");
        roost.Workers().Count.Should().Be(0);
        Host.MustHaveNoLeftovers(roost);
    }

    [Test]
    public async Task A_running_loop_notices_the_death_within_a_second_of_its_clock()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await ghost.ClaimAsync();
        Task<WorkSummary> loop = roost.RunUntilDoneAsync("it");
        await Waiting.Until(() => roost.Workers().Count == 2);

        ghost.Die();
        await loop.WhileTimePasses(clock);

        (clock.GetUtcNow() - TestRuntime.Start).Should().BeLessThan(TimeSpan.FromSeconds(20), "its lease would have lasted 30 s");
    }

    [Test]
    public async Task Interruptions_are_counted_apart_from_failures_and_neither_resets_the_other()
    {
        var clock = TestRuntime.Clock();
        var seen = new List<string>();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((state, context) =>
        {
            seen.Add($"{context.Attempt}.{context.Interruptions}");
            return context.Attempt < 3 ? throw new InvalidOperationException("no") : ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.StepOnceAsync();
        await InterruptAsync(roost, ScriptedEngine.CountingTo(1));
        await RescueAsync(roost);
        clock.SetUtcNow((await roost.RunUntilIdleAsync()).Due!.Value);
        await InterruptAsync(roost, ScriptedEngine.CountingTo(1));

        await roost.RunThroughAsync(clock);

        seen.Should().Equal("1.1", "2.2", "3.2");
        roost.Detail("it").Interruptions.Should().Be(0, "success resets both");
    }

    [Test]
    public async Task The_first_interruption_does_not_wait_and_the_second_backs_off()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(9, TimeSpan.FromDays(1)));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await InterruptAsync(roost, ScriptedEngine.CountingTo(1));
        await RescueAsync(roost);
        roost.Detail("it").ReadySince.Should().NotBeNull();

        await InterruptAsync(roost, ScriptedEngine.CountingTo(1));
        await RescueAsync(roost);

        roost.Detail("it").DueAt.Should().BeOnOrAfter(TestRuntime.Start.AddMilliseconds(500)).And.BeOnOrBefore(TestRuntime.Start.AddSeconds(1));
        (await RunsAloneAsync(roost)).Should().BeTrue();
    }

    [Test]
    public async Task The_fifth_interruption_makes_a_dead_letter()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        for (int i = 1; i <= 5; i++)
        {
            roost.StateOf("it").Should().Be(WorkState.Queued);
            await InterruptAsync(roost, ScriptedEngine.CountingTo(1));
            await RescueAsync(roost);
            clock.Advance(TimeSpan.FromMinutes(5));
        }

        (await roost.WaitAsync("it").Soon()).FailReason.Should().Be(FailReasons.Interrupted);
        (await roost.WaitAsync("it").Soon()).Error.Should().Contain("5 times");
        roost.EventsOf("it").Count(kind => kind == "interrupted").Should().Be(5);
    }

    [Test]
    public async Task An_engine_that_asks_for_it_has_its_item_parked_at_the_first()
    {
        ScriptedEngine Engine() => new((state, _) => Task.FromResult(ScriptedEngine.Finish(state))) { Interrupted = OnInterrupted.Park };
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1, id: "other"));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await InterruptAsync(roost, Engine());
        await RescueAsync(roost);

        (await roost.WaitAsync("it").Soon()).FailReason.Should().Be(FailReasons.Interrupted);
        roost.EventsOf("it").Should().Equal("enqueued", "claimed", "interrupted", "failed");

        await roost.RetryAsync("it", "checked by hand");
        await using RoostRuntime serving = await BesideAsync(roost, Engine());
        (await serving.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task An_interrupted_item_that_was_to_be_cancelled_is_cancelled()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await ghost.ClaimAsync();
        await roost.CancelAsync("it");

        ghost.Die();
        await RescueAsync(roost);

        roost.StateOf("it").Should().Be(WorkState.Cancelled);
    }

    [Test]
    public async Task An_item_that_was_interrupted_twice_runs_with_nothing_beside_it()
    {
        var clock = TestRuntime.Clock();
        var engine = new Watchful();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { SlotTime = TimeSpan.Zero }, clock, engine);
        await SoloAsync(roost, clock, "poison");
        await roost.EnqueueAsync(Enumerable.Range(0, 16).Select(i => new WorkItem("scripted") { Id = $"innocent{i}" }));
        engine.DuringPoison = async () =>
        {
            // Each of these is a transaction that fills whatever slots it may.
            for (int i = 0; i < 5; i++) await roost.EnqueueAsync(new WorkItem("elsewhere"));
        };

        await roost.RunThroughAsync(clock).Soon();

        roost.Totals().Done.Should().Be(17);
        engine.BesidePoison.Should().Equal(0, 0);
    }

    [Test]
    public async Task Room_is_made_for_it_at_most_ten_seconds_and_then_the_others_go_on()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        var ran = new TaskCompletionSource();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 4 }, clock, new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == "long") await gate.PassAsync();
            if (context.Item.Id == "quick") ran.TrySetResult();
            return ScriptedEngine.Finish(state);
        }));
        await EnqueueInterruptedAsync(roost, new WorkItem("scripted") { Id = "poison" });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "long", Priority = 9 });
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await gate.Reached;
        await roost.RequeueNowAsync("poison");
        DateTimeOffset asked = clock.GetUtcNow();
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "quick" });

        await ran.Task.WhileTimePasses(clock);

        (clock.GetUtcNow() - asked).Should().BeGreaterThan(TimeSpan.FromSeconds(8)).And.BeLessThan(TimeSpan.FromSeconds(30));
        roost.StateOf("poison").Should().Be(WorkState.Queued, "the long one still runs");
        gate.Open();
        (await roost.WaitAsync("poison").Soon()).State.Should().Be(WorkState.Done);
        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task Room_is_made_for_longer_and_longer_while_steps_last_longer_than_that()
    {
        var clock = TestRuntime.Clock();
        var started = new TaskCompletionSource();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 4 }, clock, new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == "poison") return ScriptedEngine.Finish(state);
            started.TrySetResult();
            await Task.Delay(TimeSpan.FromSeconds(30), clock, context.CancellationToken);
            return ScriptedEngine.GoOn(state);
        }));
        await EnqueueInterruptedAsync(roost, new WorkItem("scripted") { Id = "poison" });
        await roost.EnqueueAsync(Enumerable.Range(0, 8).Select(i => new WorkItem("scripted") { Id = $"long-{i}", Delay = TimeSpan.FromSeconds(4 * i) }));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await started.Task.Soon();
        await roost.RequeueNowAsync("poison");
        DateTimeOffset asked = clock.GetUtcNow();

        await roost.WaitAsync("poison").WhileTimePasses(clock, TimeSpan.FromSeconds(1));

        (clock.GetUtcNow() - asked).Should().BeLessThan(TimeSpan.FromMinutes(10), "10, 20 and 40 seconds, and six times as long in between");
        await stop.CancelAsync();
        await loop.WhileTimePasses(clock);
    }

    [Test]
    public async Task It_does_not_make_those_of_a_higher_priority_wait()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        var order = new List<string>();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 2 }, clock, new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == "long") await gate.PassAsync();
            order.Add(context.Item.Id);
            if (context.Item.Id == "high2") gate.Open();
            return ScriptedEngine.Finish(state);
        }));
        await SoloAsync(roost, clock, "poison");
        await roost.EnqueueAsync([
            new WorkItem("scripted") { Id = "long", Priority = 2 },
            new WorkItem("scripted") { Id = "high1", Priority = 1 },
            new WorkItem("scripted") { Id = "high2", Priority = 1 },
        ]);

        await roost.RunUntilIdleAsync().Soon();

        order.Should().Equal("high1", "high2", "long", "poison");
    }

    [Test]
    public async Task A_step_that_succeeds_lets_it_run_beside_others_again()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(2, TimeSpan.FromHours(1)));
        await SoloAsync(roost, clock, "it");

        await roost.RunUntilIdleAsync();

        roost.Detail("it").Interruptions.Should().Be(0);
        (await RunsAloneAsync(roost)).Should().BeFalse();
    }

    [Test]
    public async Task A_try_that_returns_with_an_error_acquits_it_and_what_came_before_stays_told()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            clock,
            new ScriptedEngine((_, _) => throw new InvalidOperationException("unreached")) { First = _ => throw new InvalidOperationException("no") }
        );
        await SoloAsync(roost, clock, "it");

        await roost.RunUntilIdleAsync();

        roost.Detail("it").Interruptions.Should().Be(2);
        roost.Detail("it").Failures.Should().Be(1);
        MustAgree(roost);
        (await RunsAloneAsync(roost)).Should().BeFalse("it did not kill its process");
    }

    [Test]
    public async Task Whoever_was_acquitted_runs_alone_again_after_two_more_and_is_given_up_after_five_more()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 9 },
            clock,
            new ScriptedEngine((_, _) => throw new InvalidOperationException("unreached")) { First = _ => throw new InvalidOperationException("no") }
        );
        await SoloAsync(roost, clock, "it");
        clock.SetUtcNow((await roost.RunUntilIdleAsync()).Due!.Value);
        var alone = new List<bool>();
        for (int i = 0; i < 5; i++)
        {
            roost.StateOf("it").Should().Be(WorkState.Queued);
            await InterruptAsync(roost, ScriptedEngine.CountingTo(1));
            await RescueAsync(roost);
            if (i < 4) alone.Add(await RunsAloneAsync(roost));
            clock.Advance(TimeSpan.FromMinutes(5));
        }

        alone.Should().Equal(false, true, true, true);
        (await roost.WaitAsync("it").Soon()).FailReason.Should().Be(FailReasons.Interrupted);
        (await roost.WaitAsync("it").Soon()).Error.Should().Contain("5 times").And.Contain("since a try of it last returned");
        roost.Detail("it").Interruptions.Should().Be(7);
        await roost.RetryAsync("it");
        (await RunsAloneAsync(roost)).Should().BeFalse("whoever retries it begins anew");
    }

    [Test]
    public async Task A_try_that_was_abandoned_has_not_returned_and_acquits_nobody()
    {
        var clock = TestRuntime.Clock();
        var never = new TaskCompletionSource();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { StepTimeoutGrace = TimeSpan.Zero }, clock, new ScriptedEngine(async (state, _) =>
        {
            await never.Task;
            return ScriptedEngine.Finish(state);
        })
        { Timeout = TimeSpan.FromSeconds(1) });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", MaxAttempts = 2 });
        await roost.StepOnceAsync();
        for (int i = 0; i < 2; i++)
        {
            await InterruptAsync(roost, ScriptedEngine.CountingTo(1));
            await RescueAsync(roost);
            clock.Advance(TimeSpan.FromSeconds(2));
        }
        Task loop = roost.StepOnceAsync();

        await loop.WhileTimePasses(clock);

        roost.Detail("it").Failures.Should().Be(1);
        (await RunsAloneAsync(roost)).Should().BeTrue();
        never.SetResult();
    }

    [Test]
    public async Task A_clean_shutdown_charges_nothing_whatever_the_engine_throws()
    {
        var gate = new Gate();
        CancellationReason reason = default;
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { DrainTime = TimeSpan.Zero }, null, new ScriptedEngine(async (_, context) =>
        {
            await gate.UntilFiredAsync(context.CancellationToken);
            reason = context.CancellationReason;
            throw new IOException("the connection was cut");
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await gate.Reached;

        await stop.CancelAsync();
        await loop.Soon();

        reason.Should().Be(CancellationReason.ShuttingDown);
        roost.Detail("it").Should().BeEquivalentTo(new { Failures = 0, Interruptions = 0 });
        roost.EventsOf("it").Should().Equal("enqueued", "claimed", "stepped", "released");
        roost.StateOf("it").Should().Be(WorkState.Queued);
    }

    /// <summary>An item that was interrupted twice and is due again.</summary>
    private async Task SoloAsync(RoostRuntime roost, Microsoft.Extensions.Time.Testing.FakeTimeProvider clock, string id)
    {
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = id });
        for (int i = 0; i < 2; i++)
        {
            await InterruptAsync(roost, ScriptedEngine.CountingTo(1));
            await RescueAsync(roost);
            clock.Advance(TimeSpan.FromSeconds(2));
        }
    }

    /// <summary>Whether nothing would run beside it: shown by a lease of it, which is given back.</summary>
    private async Task<bool> RunsAloneAsync(RoostRuntime roost)
    {
        await roost.RequeueNowAsync("it");
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        LeasedWork lease = (await ghost.ClaimAsync()).Single();
        (await ghost.ReleaseAsync(lease)).Should().BeTrue();
        await ghost.LeaveAsync();
        return lease.Solo;
    }

    private sealed class Watchful : Engine<int>
    {
        private int running;

        public override string EngineId => "scripted";

        public Func<Task> DuringPoison { get; set; } = () => Task.CompletedTask;

        public List<int> BesidePoison { get; } = [];

        protected override async Task<int> InitAsync(WorkItem item, StepContext context)
        {
            int others = Interlocked.Increment(ref running) - 1;
            if (item.Id == "poison")
            {
                BesidePoison.Add(others);
                await DuringPoison();
                BesidePoison.Add(Volatile.Read(ref running) - 1);
            }
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return 0;
        }

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            Interlocked.Increment(ref running);
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return state == 3 ? Done(state) : Continue(state + 1);
        }
    }
}
