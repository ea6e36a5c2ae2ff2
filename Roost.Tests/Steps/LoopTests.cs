using System.Collections.Concurrent;
using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class LoopTests
{
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_step_that_ends_by_itself_when_the_loop_stops_is_charged_nothing(bool inInit)
    {
        using var folder = new TemporaryFolder();
        for (int stop = 0; stop < 6; stop++)
        {
            var gate = new Gate();
            await using RoostRuntime roost = new RoostRuntime(new RoostOptions { Path = folder["stops.db"], Durability = Durability.None }).AddEngine(
                new StoppedEngine(inInit, gate)
            );
            if (stop == 0)
                await roost.EnqueueAsync(new WorkItem("stopped") { Id = "item" });
            using var stopping = new CancellationTokenSource();
            Task loop = roost.RunAsync(stopping.Token);
            await gate.Reached;
            await stopping.CancelAsync();
            await loop.Soon();

            (roost.StateOf("item"), roost.Detail("item").Failures, roost.Detail("item").Interruptions).Should().Be((WorkState.Queued, 0, 0));
        }
    }

    private sealed class StoppedEngine(bool inInit, Gate gate) : Engine<int>
    {
        public override string EngineId => "stopped";

        protected override async Task<int> InitAsync(WorkItem item, StepContext context)
        {
            if (inInit) await WaitAsync(context);
            return 0;
        }

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            await WaitAsync(context);
            return Done(state);
        }

        private async Task WaitAsync(StepContext context)
        {
            gate.Reach();
            await Task.Delay(Timeout.Infinite, context.Stopping);
        }
    }

    [Test]
    public async Task Opening_a_file_starts_nothing()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await using RoostRuntime other = TestRuntime.Beside(roost, ScriptedEngine.CountingTo(1));
        await other.EnqueueAsync(new WorkItem("scripted"));

        roost.Workers().Should().BeEmpty();
        roost.EventsOf(id).Should().Equal("enqueued");
    }

    [Test]
    public async Task A_cancelled_loop_lets_its_steps_finish_and_returns_normally()
    {
        var gate = new Gate();
        bool fired = true;
        await using RoostRuntime roost = TestRuntime.Create(null, new ScriptedEngine(async (state, context) =>
        {
            await gate.PassAsync();
            fired = context.CancellationToken.IsCancellationRequested;
            return ScriptedEngine.GoOn(state + 1);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await gate.Reached;

        await stop.CancelAsync();
        gate.Open();
        await loop.Soon();

        fired.Should().BeFalse("it had time to drain");
        roost.EventsOf(id).Should().Equal("enqueued", "claimed", "stepped", "stepped");
        roost.Workers().Should().BeEmpty();
        Directory.GetFiles(Path.GetDirectoryName(roost.Path)!, "*.lock").Should().BeEmpty();
    }

    [Test]
    public async Task A_loop_that_was_cancelled_before_it_began_returns_normally()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));

        await roost.RunAsync(new CancellationToken(true)).Soon();
    }

    [Test]
    public async Task What_does_not_stop_is_given_back_and_its_late_result_is_fenced_off()
    {
        var gate = new Gate();
        var late = new TaskCompletionSource();
        int calls = 0;
        var options = new RoostOptions { DrainTime = TimeSpan.Zero, Concurrency = 1 };
        await using RoostRuntime roost = TestRuntime.Create(options, null, new ScriptedEngine(async (state, _) =>
        {
            if (Interlocked.Increment(ref calls) > 1) return ScriptedEngine.Finish(2);
            await gate.PassAsync();
            late.SetResult();
            return ScriptedEngine.Finish(1);
        }), new ScriptedEngine(async (state, _) =>
        {
            gate.Open();
            await late.Task;
            return ScriptedEngine.Finish(state);
        }, "opener"));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await gate.Reached;
        await stop.CancelAsync();
        await loop.Soon();
        roost.StateOf(id).Should().Be(WorkState.Queued);
        roost.Detail(id).Should().BeEquivalentTo(new { Failures = 0, Interruptions = 0 });

        await roost.EnqueueAsync(new WorkItem("opener") { Priority = 1 });
        await roost.RunUntilIdleAsync().Soon();
        await roost.RunUntilIdleAsync().Soon();

        roost.StatesOf(id).Should().Equal("0", "2");
        roost.EventsOf(id).Should().Equal("enqueued", "claimed", "stepped", "released", "claimed", "done");
    }

    [Test]
    public async Task A_step_learns_that_the_loop_stops_before_its_token_fires_and_what_it_saves_then_is_kept()
    {
        var gate = new Gate();
        bool early = true, fired = true, late = false;
        await using RoostRuntime roost = TestRuntime.Create(null, new ScriptedEngine(async (state, context) =>
        {
            early = context.Stopping.IsCancellationRequested;
            await gate.UntilFiredAsync(context.Stopping);
            (late, fired) = (context.Stopping.IsCancellationRequested, context.CancellationToken.IsCancellationRequested);
            return ScriptedEngine.GoOn(7);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await gate.Reached;

        await stop.CancelAsync();
        await loop.Soon();

        (early, late, fired).Should().Be((false, true, false));
        roost.StatesOf(id).Should().Equal("0", "7");
        roost.StateOf(id).Should().Be(WorkState.Queued);
        roost.Detail(id).Should().BeEquivalentTo(new { Failures = 0, Interruptions = 0 });
    }

    [Test]
    public async Task Whoever_asks_only_while_the_loop_stops_learns_it_too_and_a_token_of_an_earlier_step_stays_as_it_was()
    {
        var gate = new Gate();
        var tokens = new List<CancellationToken>();
        await using RoostRuntime roost = TestRuntime.Create(null, new ScriptedEngine(async (state, context) =>
        {
            if (state == 1) await gate.PassAsync();
            tokens.Add(context.Stopping);
            return ScriptedEngine.GoOn(state + 1);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await gate.Reached;

        await stop.CancelAsync();
        gate.Open();
        await loop.Soon();

        tokens.ConvertAll(token => token.IsCancellationRequested).Should().Equal(false, true);
    }

    [Test]
    public void All_that_a_stop_takes_is_well_within_what_a_container_is_given() =>
        new RoostOptions()
            .DrainTime.Should()
            .BeLessThanOrEqualTo(TimeSpan.FromSeconds(6), "a second more is given to steps whose token has fired, and docker kills after 10 s");

    [Test]
    public async Task A_second_loop_of_one_runtime_is_refused()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);

        await roost.Invoking(it => it.RunAsync(stop.Token)).Should().ThrowAsync<ConflictException>();
        await roost.Invoking(it => it.RunUntilIdleAsync()).Should().ThrowAsync<ConflictException>();
        await roost.Invoking(it => it.StepOnceAsync()).Should().ThrowAsync<ConflictException>();
        roost.Invoking(it => it.AddEngine(ScriptedEngine.CountingTo(1, id: "more"))).Should().Throw<ConflictException>();

        await stop.CancelAsync();
        await loop.Soon();
        await roost.RunUntilIdleAsync().Soon();
    }

    [Test]
    public async Task A_loop_without_engines_is_refused_and_the_next_one_is_not()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);

        await roost.Invoking(it => it.RunUntilIdleAsync()).Should().ThrowAsync<ConflictException>();
        roost.AddEngine(ScriptedEngine.CountingTo(1));

        await roost.RunUntilIdleAsync().Soon();
    }

    [Test]
    public async Task Step_once_runs_one_step_each_time()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(2));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.EnqueueAsync(new WorkItem("scripted") { Priority = -1 });

        for (int version = 1; version <= 3; version++)
            (await roost.StepOnceAsync().Soon()).Should().BeEquivalentTo(new { Id = id, Version = version });

        roost.StateOf(id).Should().Be(WorkState.Done);
        (await roost.ListHistoryAsync(id)).Should().HaveCount(3);
    }

    [Test]
    public async Task Step_once_with_nothing_ready_says_so()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), ScriptedEngine.CountingTo(2));
        await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromHours(1) });

        (await roost.StepOnceAsync().Soon()).Should().BeNull();
    }

    [Test]
    public async Task Idle_says_when_the_next_delayed_item_is_due()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), ScriptedEngine.CountingTo(1), ScriptedEngine.CountingTo(1, id: "two"));
        (await roost.RunUntilIdleAsync().Soon()).Due.Should().BeNull();

        await roost.EnqueueAsync([new WorkItem("scripted") { Delay = TimeSpan.FromHours(2) }, new WorkItem("two") { Delay = TimeSpan.FromHours(1) }]);

        (await roost.RunUntilIdleAsync().Soon()).Due.Should().Be(TestRuntime.Start.AddHours(1));
    }

    [Test]
    public async Task An_item_that_ended_before_needs_no_loop_and_no_engine()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.CancelAsync(id);

        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Cancelled);
    }

    [Test]
    public async Task Running_an_item_of_an_engine_that_is_not_registered_is_refused()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("elsewhere"));

        (await roost.Invoking(it => it.RunUntilDoneAsync(id)).Should().ThrowAsync<ConflictException>()).Which.Message.Should().Contain("elsewhere");
        await roost.Invoking(it => it.RunUntilDoneAsync("nobody")).Should().ThrowAsync<NotFoundException>();
    }

    [Test]
    public async Task Waiting_ends_with_the_time_and_the_work_goes_on()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(clock, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task<WorkSummary> waiting = roost.WaitAsync(id, TimeSpan.FromMinutes(1));

        clock.Advance(TimeSpan.FromMinutes(1));

        await FluentActions.Awaiting(() => waiting.Soon()).Should().ThrowAsync<TimeoutException>().WithMessage($"*{id} has not ended*");
        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done);
        await roost.Invoking(it => it.WaitAsync("nobody")).Should().ThrowAsync<NotFoundException>();
    }

    [Test]
    public async Task An_end_in_another_runtime_is_seen_though_this_one_writes_at_the_same_time()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { PollInterval = TimeSpan.FromMinutes(1) }, null);
        await using RoostRuntime beside = TestRuntime.Beside(roost, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task<WorkSummary> waiting = roost.WaitAsync(id);
        await beside.RunUntilDoneAsync(id).Soon();

        await roost.EnqueueAsync(new WorkItem("elsewhere"));

        (await waiting.Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task Engines_come_as_instances_as_factories_and_from_an_assembly()
    {
        int made = 0;
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1, id: "instance"));
        roost.AddEngine(() =>
        {
            made++;
            return ScriptedEngine.CountingTo(1, id: "factory");
        });
        roost.AddEngines(typeof(PublicEngine).Assembly, type =>
            type == typeof(PublicEngine) ? new PublicEngine() : ScriptedEngine.CountingTo(1, id: type.Name)
        );
        IReadOnlyList<EnqueueResult> items = await roost.EnqueueAsync([new WorkItem("instance"), new WorkItem("factory"), new WorkItem("public")]);

        foreach (string id in items) (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done);

        made.Should().Be(3, "once to learn its id, and once for each step");
        roost.Invoking(it => it.AddEngine(ScriptedEngine.CountingTo(1, id: "instance"))).Should().Throw<ConflictException>();
        roost.Invoking(it => it.AddEngines(typeof(RoostRuntime).Assembly)).Should().Throw<InvalidInputException>();
    }

    [Test]
    public void A_host_that_blocks_its_only_thread_does_not_lock_up_and_engines_never_run_there()
    {
        var contexts = new ConcurrentBag<SynchronizationContext?>();
        WorkSummary? ended = null;
        var host = new Thread(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new NeverPumped());
            RoostRuntime roost = TestRuntime.Create(null, new ScriptedEngine(async (state, _) =>
            {
                contexts.Add(SynchronizationContext.Current);
                await Task.Yield();
                contexts.Add(SynchronizationContext.Current);
                return ScriptedEngine.Finish(state);
            })
            { Timeout = TimeSpan.FromMinutes(1) });
            string id = roost.EnqueueAsync(new WorkItem("scripted")).GetAwaiter().GetResult();
            ended = roost.RunUntilDoneAsync(id).GetAwaiter().GetResult();
            roost.WaitAsync(id, TimeSpan.FromMinutes(1)).GetAwaiter().GetResult();
            roost.StepOnceAsync().GetAwaiter().GetResult();
            roost.CancelAsync(id).GetAwaiter().GetResult();
            roost.DisposeAsync().AsTask().GetAwaiter().GetResult();
        })
        { IsBackground = true };
        host.Start();

        host.Join(Gate.Patience).Should().BeTrue("nothing of Roost may wait for the host's thread");

        ended!.State.Should().Be(WorkState.Done);
        contexts.Should().HaveCount(2).And.OnlyContain(context => context == null);
    }

    [Test]
    public void What_a_rollback_took_back_does_not_count_as_claimed()
    {
        var ledger = new SlotLedger(1, "w", new Dictionary<string, Stores.EngineFacts>(), ["default"], 1, 1, taker: null!);

        ledger.TakeSlot("scripted");
        ledger.Free.Should().Be(0);
        ledger.RolledBack();

        ledger.Free.Should().Be(1);
        ledger.MayGoOn.Should().BeTrue();
    }

    private sealed class NeverPumped : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
            // Its one thread is blocked: what is posted here never runs.
        }
    }
}

/// <summary>What a scan of this assembly finds.</summary>
public sealed class PublicEngine : Engine<int>
{
    public override string EngineId => "public";

    protected override int Init(WorkItem item) => 0;

    protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(Done(state));
}
