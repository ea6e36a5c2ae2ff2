using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class TimeoutTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static RoostOptions OneTry => new() { MaxAttempts = 1, StepTimeout = Minute };

    private static ScriptedEngine WaitingFor(Gate gate, string id = "scripted", Action<StepContext>? then = null) => new(async (state, context) =>
    {
        await gate.UntilFiredAsync(context.CancellationToken);
        then?.Invoke(context);
        context.CancellationToken.ThrowIfCancellationRequested();
        return ScriptedEngine.Finish(state);
    }, id);

    [Test]
    public async Task The_token_fires_when_the_time_is_over_and_says_why()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        CancellationReason reason = default;
        await using RoostRuntime roost = await OpenAsync(OneTry, clock, WaitingFor(gate, then: context => reason = context.CancellationReason));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task<WorkSummary> running = roost.RunUntilDoneAsync(id);
        await gate.Reached;

        await running.WhileTimePasses(clock, TimeSpan.FromSeconds(5));

        reason.Should().Be(CancellationReason.TimedOut);
        (await running).FailReason.Should().Be(FailReasons.TimedOut);
        (clock.GetUtcNow() - TestRuntime.Start).Should().BeGreaterThanOrEqualTo(Minute);
    }

    [Test]
    public async Task A_step_that_ends_well_within_its_grace_is_accepted()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(OneTry, clock, new ScriptedEngine(async (state, context) =>
        {
            await gate.UntilFiredAsync(context.CancellationToken);
            return ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task<WorkSummary> running = roost.RunUntilDoneAsync(id);
        await gate.Reached;

        clock.Advance(Minute);

        (await running.Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task The_next_step_of_a_kept_lease_has_its_whole_time_and_a_fresh_token()
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        CancellationReason reason = CancellationReason.TimedOut;
        bool fired = true;
        await using RoostRuntime roost = await OpenAsync(OneTry, clock, new ScriptedEngine(async (state, context) =>
        {
            if (state == 0)
            {
                await gate.UntilFiredAsync(context.CancellationToken);
                return ScriptedEngine.GoOn(1);
            }
            (reason, fired) = (context.CancellationReason, context.CancellationToken.IsCancellationRequested);
            return ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task<WorkSummary> running = roost.RunUntilDoneAsync(id);
        await gate.Reached;

        clock.Advance(Minute);
        await running.Soon();

        reason.Should().Be(CancellationReason.None);
        fired.Should().BeFalse();
        roost.EventsOf(id).Should().Equal("enqueued", "claimed", "stepped", "stepped", "done");
    }

    [Test]
    public async Task A_step_that_does_not_stop_is_abandoned_charged_and_its_slot_is_freed()
    {
        var clock = TestRuntime.Clock();
        var hang = new Gate();
        await using RoostRuntime roost = await OpenAsync(OneTry with { Concurrency = 1 }, clock, new ScriptedEngine(async (state, _) =>
        {
            await hang.PassAsync();
            return ScriptedEngine.Finish(state);
        }), ScriptedEngine.CountingTo(1, id: "other"));
        string hanging = await roost.EnqueueAsync(new WorkItem("scripted"));
        string other = await roost.EnqueueAsync(new WorkItem("other"));
        Task<WorkSummary> running = roost.RunUntilDoneAsync(other);
        await hang.Reached;

        await running.WhileTimePasses(clock, TimeSpan.FromSeconds(5));

        roost.StateOf(other).Should().Be(WorkState.Done);
        roost.Detail(hanging).LastFailure!.Reason.Should().Be(FailReasons.Abandoned);
        roost.Detail(hanging).LastFailure!.Message.Should().Contain("no longer exclusive");
        (clock.GetUtcNow() - TestRuntime.Start).Should().BeGreaterThanOrEqualTo(Minute + roost.Options.StepTimeoutGrace);
        hang.Open();
        roost.StateOf(hanging).Should().Be(WorkState.Failed);
    }

    [Test]
    public async Task A_step_that_blocks_its_thread_is_abandoned_too()
    {
        var clock = TestRuntime.Clock();
        using var hang = new ManualResetEventSlim();
        var started = new Gate();
        await using RoostRuntime roost = await OpenAsync(OneTry with { Concurrency = 1 }, clock, ScriptedEngine.From((state, _) =>
        {
            started.Reach();
            hang.Wait(Gate.Patience);
            return ScriptedEngine.Finish(state);
        }), ScriptedEngine.CountingTo(1, id: "other"));
        string hanging = await roost.EnqueueAsync(new WorkItem("scripted"));
        string other = await roost.EnqueueAsync(new WorkItem("other"));
        Task<WorkSummary> running = roost.RunUntilDoneAsync(other);
        await started.Reached;

        await running.WhileTimePasses(clock, TimeSpan.FromSeconds(5));

        roost.StateOf(hanging).Should().Be(WorkState.Failed);
        hang.Set();
    }

    [Test]
    public async Task What_an_abandoned_step_brings_late_does_not_land()
    {
        var clock = TestRuntime.Clock();
        var hang = new Gate();
        var late = new Gate();
        await using RoostRuntime roost = await OpenAsync(OneTry with { MaxAttempts = 2 }, clock, new ScriptedEngine(async (state, context) =>
        {
            if (context.Attempt == 2) return ScriptedEngine.Finish(2);
            await hang.PassAsync();
            try
            {
                context.AddEvent("late");
                context.AddChild(new WorkItem("scripted"));
            }
            finally
            {
                late.Reach();
            }
            return ScriptedEngine.Finish(1);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task<WorkSummary> running = roost.RunUntilDoneAsync(id);
        await hang.Reached;
        await running.WhileTimePasses(clock, TimeSpan.FromSeconds(5));

        hang.Open();
        await late.Reached;
        await roost.RunUntilIdleAsync();

        roost.StatesOf(id).Should().Equal("0", "2");
        roost.Totals().Total.Should().Be(1);
        roost.EventsOf(id).Should().Equal("enqueued", "claimed", "stepped", "step_failed", "claimed", "done");
    }

    [Test]
    public async Task An_abandoned_step_cannot_add_to_what_its_try_leaves_behind()
    {
        var clock = TestRuntime.Clock();
        var hang = new Gate();
        var late = new TaskCompletionSource<Exception?>();
        await using RoostRuntime roost = await OpenAsync(OneTry, clock, new ScriptedEngine(async (state, context) =>
        {
            await hang.PassAsync();
            try
            {
                context.AddEvent("late");
                late.SetResult(null);
            }
            catch (Exception e)
            {
                late.SetResult(e);
            }
            return ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task<WorkSummary> running = roost.RunUntilDoneAsync(id);
        await hang.Reached;
        await running.WhileTimePasses(clock, TimeSpan.FromSeconds(5));

        hang.Open();

        (await late.Task.Soon()).Should().BeOfType<ConflictException>().Which.Message.Should().Contain(id);
    }

    [Test]
    public async Task Time_over_is_charged_like_any_failure_and_tried_again()
    {
        var clock = TestRuntime.Clock();
        var attempts = new List<int>();
        var options = new RoostOptions { StepTimeout = Minute, MaxAttempts = 3 };
        await using RoostRuntime roost = await OpenAsync(options, clock, new ScriptedEngine(async (state, context) =>
        {
            attempts.Add(context.Attempt);
            if (context.Attempt == 3) return ScriptedEngine.Finish(state);
            await new Gate().UntilFiredAsync(context.CancellationToken);
            throw new OperationCanceledException(context.CancellationToken);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilDoneAsync(id).WhileTimePasses(clock, TimeSpan.FromSeconds(1));

        attempts.Should().Equal(1, 2, 3);
    }

    [TestCase(1, 2, 3, 1)]
    [TestCase(null, 2, 3, 2)]
    [TestCase(null, null, 3, 3)]
    public async Task The_items_time_goes_before_the_engines_and_that_before_the_runtimes(int? item, int? engine, int runtime, int expected)
    {
        var clock = TestRuntime.Clock();
        var gate = new Gate();
        DateTimeOffset fired = default;
        var hours = (int? n) => n is { } some ? TimeSpan.FromHours(some) : (TimeSpan?)null;
        await using RoostRuntime roost = await OpenAsync(OneTry with { StepTimeout = hours(runtime) }, clock, new ScriptedEngine(async (state, context) =>
        {
            await gate.UntilFiredAsync(context.CancellationToken);
            fired = context.Now;
            return ScriptedEngine.Finish(state);
        })
        { Timeout = hours(engine) });
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Timeout = hours(item) });
        Task<WorkSummary> running = roost.RunUntilDoneAsync(id);
        await gate.Reached;

        clock.Advance(hours(expected)!.Value);
        await running.Soon();

        fired.Should().Be(TestRuntime.Start + hours(expected)!.Value);
        roost.StateOf(id).Should().Be(WorkState.Done);
    }

    [Test]
    public async Task Init_is_held_to_the_same_time()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(OneTry, clock, new HangingInit());
        string id = await roost.EnqueueAsync(new WorkItem("init"));

        Task<WorkSummary> running = roost.RunUntilDoneAsync(id);
        await running.WhileTimePasses(clock, TimeSpan.FromSeconds(5));

        (await running).FailReason.Should().Be(FailReasons.Abandoned);
    }

    private sealed class HangingInit : Engine<int>
    {
        public override string EngineId => "init";

        protected override Task<int> InitAsync(WorkItem item, StepContext context) => new TaskCompletionSource<int>().Task;

        protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(Done(state));
    }
}
