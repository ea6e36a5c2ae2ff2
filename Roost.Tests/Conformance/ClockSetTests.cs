using Microsoft.Extensions.Time.Testing;
using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>
/// Somebody sets the wall clock: a delay is a duration and moves with it, a moment stays, and nothing ends by a clock that is under suspicion.
/// </summary>
internal sealed class ClockSetTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1), Moment = TimeSpan.FromMilliseconds(100);

    private FakeTimeProvider clock = null!;
    private SetClock wall = null!;
    private RoostOptions options = null!;

    [SetUp]
    public void SetUp()
    {
        clock = TestRuntime.Clock();
        wall = new SetClock(clock);
        options = new RoostOptions { TimeProvider = wall };
    }

    [Test]
    public async Task A_continuation_that_was_delayed_by_a_clock_an_hour_ahead_waits_its_delay_once_that_is_put_right()
    {
        wall.SetBy = Hour;
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(2, after: Moment));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start + Hour + Moment);

        wall.SetBy = default;

        (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start + Moment);
        clock.Advance(Moment);
        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task So_does_a_backoff_and_a_delay_that_was_given_with_the_item()
    {
        wall.SetBy = Hour;
        await using RoostRuntime roost = await OpenAsync(
            options with { RetryBaseDelay = TimeSpan.FromSeconds(10) }, null, ScriptedEngine.From((_, _) => throw new InvalidOperationException("no")));
        string failed = await roost.EnqueueAsync(new WorkItem("scripted"));
        string delayed = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = Moment });
        await roost.RunUntilIdleAsync();

        wall.SetBy = default;
        await roost.RunUntilIdleAsync();

        Due(roost, failed).Should().BeAfter(TestRuntime.Start).And.BeOnOrBefore(TestRuntime.Start + TimeSpan.FromSeconds(10));
        Due(roost, delayed).Should().Be(TestRuntime.Start + Moment);
    }

    [Test]
    public async Task So_does_the_wait_after_a_second_interruption()
    {
        wall.SetBy = Hour;
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1, id: "other"));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        for (int i = 0; i < 2; i++)
        {
            using Ghost dead = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
            await dead.ClaimAsync();
            using Ghost rescuer = await GhostAsync(roost, ScriptedEngine.CountingTo(1, id: "none"));
            await rescuer.RescueAsync((await rescuer.OthersAsync()).Single(other => other.Key == dead.Key), TimeSpan.FromSeconds(5));
            rescuer.Die();
            dead.Die();
        }

        DateTimeOffset due = Due(roost, "it");

        wall.SetBy = default;
        await roost.RunUntilIdleAsync();

        Due(roost, "it").Should().Be(due - Hour).And.BeAfter(TestRuntime.Start);
    }

    [Test]
    public async Task A_moment_that_was_named_stays_where_it_is()
    {
        wall.SetBy = Hour;
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1));
        DateTimeOffset moment = TestRuntime.Start + Hour + Hour;
        string named = await roost.EnqueueAsync(new WorkItem("scripted") { NotBefore = moment });
        string delayed = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = Hour, Deadline = moment + Hour });

        wall.SetBy = default;
        await roost.RunUntilIdleAsync();

        Due(roost, named).Should().Be(moment);
        Due(roost, delayed).Should().Be(TestRuntime.Start + Hour);
        roost.Detail(delayed).Deadline.Should().Be(moment + Hour);
    }

    [Test]
    public async Task What_had_passed_of_a_delay_is_not_waited_for_again()
    {
        wall.SetBy = Hour;
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = Hour });
        clock.Advance(Hour / 2);
        await roost.RunUntilIdleAsync();

        wall.SetBy = default;

        (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start + Hour);
        clock.Advance(Hour / 2);
        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task What_the_right_clock_had_delayed_before_it_was_set_ahead_is_left_alone()
    {
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = 3 * Hour });
        wall.SetBy = Hour;
        await using (RoostRuntime other = await BesideAsync(roost)) await other.EnqueueAsync(new WorkItem("scripted") { Delay = Moment });

        wall.SetBy = default;
        await roost.RunUntilIdleAsync();

        Due(roost, id).Should().Be(TestRuntime.Start + (3 * Hour));
    }

    [Test]
    public async Task A_process_that_begins_after_the_clock_was_put_right_finds_out_as_well()
    {
        wall.SetBy = Hour;
        await using RoostRuntime roost = await OpenAsync(options, null);
        await using (RoostRuntime before = await BesideAsync(roost)) await before.EnqueueAsync(new WorkItem("scripted") { Delay = Moment });
        wall.SetBy = default;

        await using RoostRuntime after = await BesideAsync(roost, ScriptedEngine.CountingTo(1));

        (await after.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start + Moment);
    }

    [Test]
    public async Task What_another_process_writes_by_a_clock_that_is_ahead_is_moved_when_it_is_seen()
    {
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        // The loop does not see the clock of the other, which is put right again at once.
        RoostOptions ahead = roost.Options with { TimeProvider = new SetClock(clock) { SetBy = Hour } };
        await using (RoostRuntime other = await BesideAsync(roost, ahead)) await other.EnqueueAsync(new WorkItem("scripted") { Id = "it", Delay = Moment });

        await Waiting.Until(() => Due(roost, "it") <= TestRuntime.Start + Moment);

        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task Nothing_becomes_due_by_a_clock_that_is_set_forward_before_it_has_stood_for_a_while()
    {
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = Hour / 2 });

        wall.SetBy = Hour;

        (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start + (Hour / 2));
        clock.Advance(Clock.Probation);
        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done, "a clock that stands is believed");
    }

    [Test]
    public async Task Time_goes_on_meanwhile_as_if_the_clock_had_not_been_set()
    {
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(2, after: Moment));
        wall.SetBy = Hour;
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        clock.Advance(Moment);

        WorkSummary done = await roost.RunUntilDoneAsync(id).Soon();

        done.EndedAt.Should().Be(TestRuntime.Start + Moment);
    }

    [Test]
    public async Task No_deadline_has_passed_by_a_clock_that_was_an_hour_ahead_for_a_second()
    {
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(
            Enumerable
                .Range(0, 100)
                .Select(i => new WorkItem(i % 2 == 0 ? "scripted" : "elsewhere") { Delay = Moment, Deadline = TestRuntime.Start + (Hour / 2) })
        );
        await roost.RunUntilIdleAsync();

        wall.SetBy = Hour;
        for (int i = 0; i < 4; i++)
        {
            await roost.RunUntilIdleAsync();
            clock.Advance(TimeSpan.FromMilliseconds(250));
        }
        wall.SetBy = default;
        await roost.RunUntilIdleAsync();

        roost.Totals().Failed.Should().Be(0);
        roost.Totals().Done.Should().Be(50);
    }

    [Test]
    public async Task A_deadline_has_passed_by_a_clock_that_goes_on_to_stand_there()
    {
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("elsewhere") { Deadline = TestRuntime.Start + (Hour / 2) });
        wall.SetBy = Hour;
        await roost.RunUntilIdleAsync();

        clock.Advance(Clock.Probation);
        await roost.RunUntilIdleAsync();

        roost.StateOf(id).Should().Be(WorkState.Failed);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_step_that_runs_while_the_clock_is_set_forward_is_not_over_by_it(bool throws)
    {
        var gate = new Gate();
        CancellationReason reason = default;
        await using RoostRuntime roost = await OpenAsync(options, null, new ScriptedEngine(async (state, context) =>
        {
            await gate.PassAsync();
            reason = context.CancellationReason;
            return throws ? throw new InvalidOperationException("no") : ScriptedEngine.GoOn(state + 1, Hour);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = TestRuntime.Start + (Hour / 2) });
        Task loop = roost.RunUntilIdleAsync();
        await gate.Reached;

        wall.SetBy = Hour;
        gate.Open();
        await loop.Soon();

        roost.StateOf(id).Should().Be(WorkState.Queued);
        reason.Should().Be(CancellationReason.None);
    }

    [Test]
    public async Task A_running_steps_token_fires_at_its_deadline_by_the_clock_that_was_set_back()
    {
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(options, null, new ScriptedEngine(async (state, context) =>
        {
            await gate.UntilFiredAsync(context.CancellationToken);
            return ScriptedEngine.Finish((int)(context.Now - TestRuntime.Start).TotalMinutes);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = TestRuntime.Start + Hour });
        Task<WorkSummary> loop = roost.RunUntilDoneAsync(id);
        await gate.Reached;
        wall.SetBy = -Hour;

        await loop.WhileTimePasses(clock, TimeSpan.FromMinutes(1));

        roost.StatesOf(id)[^1].Should().Be("60");
    }

    [Test]
    public async Task A_deadline_that_lies_ahead_by_the_time_that_goes_on_is_taken()
    {
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1));
        wall.SetBy = Hour;

        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = TestRuntime.Start + (Hour / 2), NotBefore = TestRuntime.Start + Moment });

        Due(roost, id).Should().Be(TestRuntime.Start + Moment);
    }

    [Test]
    public async Task A_purge_by_age_goes_by_the_time_that_goes_on()
    {
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1));
        await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon();

        wall.SetBy = TimeSpan.FromDays(365);

        (await roost.PurgeAsync(new PurgeFilter(TimeSpan.FromDays(30)))).Items.Should().Be(0);
        (await roost.PurgeAsync(new PurgeFilter(TimeSpan.Zero))).Items.Should().Be(1);
    }

    [Test]
    public async Task A_purge_of_all_that_has_ended_takes_what_ended_by_a_clock_that_was_ahead()
    {
        wall.SetBy = Hour;
        await using RoostRuntime roost = await OpenAsync(options, null, ScriptedEngine.CountingTo(1));
        await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon();
        wall.SetBy = default;

        (await roost.PurgeAsync(new PurgeFilter(TimeSpan.Zero), dryRun: true)).Items.Should().Be(1);
        (await roost.PurgeAsync(new PurgeFilter(TimeSpan.Zero))).Items.Should().Be(1);
    }

    [Test]
    public async Task A_claim_after_the_clock_was_set_back_shows_that_its_worker_lives()
    {
        wall.SetBy = Hour;
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(options, null, new ScriptedEngine(async (state, _) =>
        {
            await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await Waiting.Until(() => roost.Workers().Count == 1);
        wall.SetBy = default;

        await roost.EnqueueAsync(new WorkItem("scripted"));
        await gate.Reached;

        roost.Workers().Single().ExpiresAt.Should().BeOnOrBefore(wall.GetUtcNow() + options.LeaseTime);
        gate.Open();
        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task Slots_that_are_let_run_empty_for_an_item_that_runs_alone_are_used_again_in_time_though_the_clock_was_set_back()
    {
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(options with { Concurrency = 2 }, null, new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == "long") await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }));
        await EnqueueInterruptedAsync(roost, new WorkItem("scripted") { Id = "solo", Priority = 1 });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "long" });
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await gate.Reached;
        await roost.RequeueNowAsync("solo");
        Task<WorkSummary> other = roost.WaitAsync(await roost.EnqueueAsync(new WorkItem("scripted")));
        wall.SetBy = -Hour;

        clock.Advance(TimeSpan.FromSeconds(11)); // Ten are what the slots are let run empty for.

        (await other.Soon()).State.Should().Be(WorkState.Done);
        gate.Open();
        await stop.CancelAsync();
        await loop.Soon();
    }

    private static DateTimeOffset Due(RoostRuntime roost, string id) => roost.Detail(id).DueAt ?? default;
}
