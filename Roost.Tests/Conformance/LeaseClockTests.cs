using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Whose lease is over where somebody sets the clock, or the machine has slept: a neighbour that holds an item, and a worker that looks.</summary>
internal sealed class LeaseClockTests(StoreHost host) : ConformanceTests(host)
{
    private FakeTimeProvider clock = null!;
    private SetClock wall = null!;
    private RoostRuntime roost = null!;
    private Ghost neighbour = null!;
    private CancellationTokenSource stop = null!;

    [SetUp]
    public async Task ClaimAsync()
    {
        clock = TestRuntime.Clock();
        wall = new SetClock(clock);
        stop = new();
        roost = await OpenAsync(new RoostOptions { TimeProvider = wall }, null, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        neighbour = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        await neighbour.ClaimAsync();
    }

    [TearDown]
    public async Task CloseAsync()
    {
        neighbour.Dispose();
        await roost.DisposeAsync();
        stop.Dispose();
    }

    [Test]
    public async Task A_clock_set_forward_takes_no_lease_from_a_worker_that_lives()
    {
        Task loop = await BesideAsync(() => roost.RunAsync(stop.Token));

        wall.SetBy = TimeSpan.FromHours(1);
        await PassAsync(TimeSpan.FromSeconds(9));
        (await neighbour.RenewAsync()).Should().BeTrue("it renews when its time has come, and not sooner because of the clock");
        await PassAsync(roost.Options.LeaseTime - TimeSpan.FromSeconds(1));

        roost.StateOf("it").Should().Be(WorkState.Running);
        roost.Detail("it").Interruptions.Should().Be(0);
        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task Nor_does_one_that_is_set_while_the_others_are_being_looked_at()
    {
        Task loop = await BesideAsync(() => roost.RunAsync(stop.Token));
        IDisposable held = Host.HoldWrites(roost);
        clock.Advance(TimeSpan.FromMilliseconds(250)); // A look begins here, and waits for its turn to write.

        wall.SetBy = TimeSpan.FromHours(1);
        held.Dispose();
        await PassAsync(TimeSpan.FromSeconds(2));

        (await neighbour.RenewAsync()).Should().BeTrue();
        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task Who_has_slept_itself_takes_no_lease_before_the_others_could_show_that_they_live()
    {
        Task loop = await BesideAsync(() => roost.RunAsync(stop.Token));

        clock.Advance(TimeSpan.FromHours(8)); // The lid was closed: both have slept.
        await PassAsync(TimeSpan.FromSeconds(2));
        (await neighbour.RenewAsync()).Should().BeTrue("nobody was awake to displace it");

        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task One_that_does_not_renew_after_the_clock_was_set_loses_its_lease_one_lease_later()
    {
        Task<WorkSummary> loop = await BesideAsync(() => roost.RunUntilDoneAsync("it"));
        wall.SetBy = TimeSpan.FromHours(1);
        long since = clock.GetTimestamp();

        await loop.WhileTimePasses(clock);

        clock.GetElapsedTime(since).Should().BeLessThan(roost.Options.LeaseTime + TimeSpan.FromSeconds(20));
    }

    /// <summary>Starts the loop beside the neighbour, and lets it look around for a while.</summary>
    private async Task<T> BesideAsync<T>(Func<T> start)
    {
        T loop = start();
        await Waiting.Until(() => roost.Workers().Count == 2);
        await PassAsync(TimeSpan.FromSeconds(5));
        return loop;
    }

    /// <summary>Time passes as the lease keepers see it, a tick at a time.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromMilliseconds(250))
        {
            clock.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(2);
        }
    }
}
