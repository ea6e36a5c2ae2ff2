using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>The clocks of real processes are moved while they work.</summary>
[TestFixture, Category("Reliability"), Parallelizable(ParallelScope.Children), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ClockTests : FolderFixture
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    /// <summary>Beyond the lease: to notice the jump, and to do the work on a busy machine.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(5);

    [Test]
    public async Task A_wall_clock_set_by_an_hour_either_way_loses_doubles_and_repeats_nothing_and_work_goes_on_within_a_lease()
    {
        int seed = Effort.Seed(), jumps = Effort.Times(1, 60);
        var random = new Random(seed);
        var clock = new ProcessClock(folder["clock"], movesMonotonic: false);
        await using var workers = new Workers(folder["roost.db"]);
        await workers.StartAsync(2, Lease, clock.Environment);
        TimeSpan slowest = default;
        for (int jump = 0, hours = 0; jump < jumps; jump++)
        {
            await workers.EnqueueAsync(random, 24, delays: false);
            await workers.BusyAsync();
            hours = hours != 0 && random.Next(2) == 0 ? 0 : hours > 0 ? -1 : hours < 0 ? 1 : random.Next(2) * 2 - 1;
            clock.Set(TimeSpan.FromHours(hours));
            TimeSpan took = await workers.DoneAsync(await workers.EnqueueAsync(random, 0, delays: false));
            if (took > slowest) slowest = took;
        }
        await workers.MustHaveDoneEverythingAsync();

        slowest.Should().BeLessThan(Lease + Slack, "everything can be claimed again within a lease");
        Count("interrupted").Should().Be(0, $"both live, and a clock that was set is no reason to think otherwise: {workers.Log}");
        Effort.Report(
            $"{jumps} jumps of one or two hours under two processes, nothing repeated, lost or doubled; new work was done after at most " +
            $"{slowest.TotalSeconds:N1} s at a lease of {Lease.TotalSeconds:N0} s"
        );
    }

    [Test]
    public async Task A_worker_that_is_stopped_when_the_clock_was_set_back_is_given_up_within_a_lease_all_the_same()
    {
        var random = new Random(Effort.Seed());
        var clock = new ProcessClock(folder["clock"], movesMonotonic: false);
        await using var workers = new Workers(folder["roost.db"]);
        await workers.StartAsync(2, Lease, clock.Environment);
        await workers.EnqueueAsync(random, 24, delays: false);
        await workers.BusyAsync();
        ChildProcess[] victim = [workers.All[random.Next(2)]];
        await workers.StopInStepsAsync(victim);
        clock.Set(TimeSpan.FromHours(-1));

        string id = await workers.EnqueueAsync(random, 10, delays: false);
        TimeSpan took = await workers.DoneAsync(id);
        await workers.DisplacedAsync(victim);
        await Workers.SignalAsync(victim, "CONT");
        await workers.MustHaveDoneEverythingAsync();

        took.Should().BeLessThan(Lease + Slack);
        Effort.Report("given up by its heartbeat, though its lease had an hour to go by the clock");
    }

    [Test]
    public async Task A_clock_that_is_an_hour_ahead_for_a_second_ends_nothing_by_its_deadline_and_work_goes_on()
    {
        var clock = new ProcessClock(folder["clock"], movesMonotonic: false);
        await using var workers = new Workers(folder["roost.db"]);
        await workers.StartAsync(2, Lease, clock.Environment);
        await EnqueueAsync(100, TimeSpan.FromMinutes(30));
        await workers.BusyAsync();

        clock.Set(TimeSpan.FromHours(1));
        await Task.Delay(TimeSpan.FromSeconds(1)); // So long the mistake lasts.
        clock.Set(TimeSpan.Zero);
        await workers.MustHaveDoneEverythingAsync();

        Count("failed").Should().Be(0, $"no deadline has passed: {workers.Log}");
        Count("interrupted").Should().Be(0);
    }

    [Test]
    public async Task What_a_process_delays_while_its_clock_is_an_hour_ahead_is_due_in_time_once_that_is_put_right()
    {
        var clock = new ProcessClock(folder["clock"], movesMonotonic: false);
        clock.Set(TimeSpan.FromHours(1));
        await using var workers = new Workers(folder["roost.db"]);
        await workers.StartAsync(2, Lease, clock.Environment);
        await EnqueueAsync(20, null);
        await workers.BusyAsync();

        clock.Set(TimeSpan.Zero);
        await workers.MustHaveDoneEverythingAsync(); // It looks for a minute, and not for an hour.
    }

    private async Task EnqueueAsync(int count, TimeSpan? deadline)
    {
        await using var roost = new RoostRuntime(ChildVerbs.Options(folder["roost.db"]));
        await roost.EnqueueAsync(
            Enumerable
                .Range(0, count)
                .Select(_ => new WorkItem("child", new ChildPayload(4, DelayMs: 100, StepMs: 10)) { Deadline = DateTimeOffset.UtcNow + deadline })
        );
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Processes_that_sleep_together_for_hours_go_on_and_take_nothing_from_each_other(bool movesMonotonic)
    {
        int seed = Effort.Seed(), sleeps = Effort.Times(1, 30);
        var random = new Random(seed);
        var clock = new ProcessClock(folder["clock"], movesMonotonic);
        await using var workers = new Workers(folder["roost.db"]);
        await workers.StartAsync(2, Lease, clock.Environment);
        for (int sleep = 1; sleep <= sleeps; sleep++)
        {
            await workers.EnqueueAsync(random, 24, delays: true);
            await workers.BusyAsync();
            await workers.StopInStepsAsync([.. workers.All]);
            clock.Set(TimeSpan.FromHours(8 * sleep));
            foreach (ChildProcess child in workers.All)
            {
                await child.SignalAsync("CONT");
                await Task.Delay(random.Next(300, 900)); // The one that wakes first finds the other's lease run down, and has the time to look.
            }
            await workers.DoneAsync(await workers.EnqueueAsync(random, 0, delays: false));
        }
        await workers.MustHaveDoneEverythingAsync();

        Count("interrupted").Should().Be(0, $"nobody was awake to displace anybody: {workers.Log}");
        Effort.Report(
            $"{sleeps} sleeps of 8 h of two processes ({(movesMonotonic ? "both clocks" : "the wall clock alone")} moved), nothing interrupted, lost or doubled"
        );
    }

    private long Count(string kind) => FileAudit.Count(folder["roost.db"], $"roost_event WHERE kind = '{kind}'");
}
