using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>
/// After the clock was set no lease's expiry says anything for one lease: nothing is claimed where that is all that is known of another worker.
/// </summary>
internal sealed class ClaimPauseTests(StoreHost host) : ConformanceTests(host)
{
    private FakeTimeProvider clock = null!;
    private SetClock wall = null!;
    private WaitingLog log = null!;
    private RoostRuntime roost = null!;
    private CancellationTokenSource stop = null!;

    [TearDown]
    public async Task CloseAsync()
    {
        await roost.DisposeAsync();
        stop.Dispose();
        log.Dispose();
    }

    [Test]
    public async Task Nothing_is_claimed_for_one_lease_where_no_lock_says_whether_another_worker_lives_and_everybody_is_told()
    {
        await OpenAsync("claims nothing for 00:00:");
        using Ghost stranger = await StrangerAsync();
        stranger.Vanish();
        Task loop = await RunAsync(2);
        wall.SetBy = TimeSpan.FromHours(1);
        await PassUntilAsync(() => roost.Workers().Any(worker => worker.ClaimsAgainAt is not null));
        long since = clock.GetTimestamp();
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await log.Seen.Soon();
        WorkerInfo own = (await roost.ListWorkersAsync()).Single(worker => worker.Id != stranger.Id);
        own.ClockSetBy.Should().Be(TimeSpan.FromHours(1));
        own.ClaimsAgainAt.Should().BeCloseTo(TestRuntime.Start + roost.Options.LeaseTime, TimeSpan.FromSeconds(20));
        (await roost.GetAsync(id))
            .Situation.Should()
            .Match(
                $"ready since 2026-01-01 00:00:??Z; the clock was set by 01:00:00, and the workers that serve it claim nothing until " +
                $"{own.ClaimsAgainAt:yyyy-MM-dd HH:mm:ss}Z"
            );

        await roost.WaitAsync(id).WhileTimePasses(clock);
        clock.GetElapsedTime(since).Should().BeGreaterThanOrEqualTo(roost.Options.LeaseTime - TimeSpan.FromSeconds(5));
        (await roost.ListWorkersAsync()).Should().OnlyContain(worker => worker.ClaimsAgainAt == null && worker.ClockSetBy == null);
        await stop.CancelAsync();
        await loop.Soon();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Where_locks_say_of_each_other_worker_whether_it_lives_work_goes_on(bool beside)
    {
        await OpenAsync("The clock was set by 01:00:00");
        using Ghost? neighbour = beside ? await StrangerAsync() : null;
        Task loop = await RunAsync(beside ? 2 : 1);
        wall.SetBy = TimeSpan.FromHours(1);
        await PassUntilAsync(() => log.Seen.IsCompleted);

        (await roost.WaitAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon()).State.Should().Be(WorkState.Done);

        (await roost.ListWorkersAsync()).Should().OnlyContain(worker => worker.ClaimsAgainAt == null);
        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task What_runs_goes_on_meanwhile_and_lets_nothing_in_that_could_not_be_claimed()
    {
        var gate = new Gate();
        var engine = new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == "runs" && state == 0) await gate.PassAsync();
            return state == 3 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await OpenAsync("claims nothing for 00:00:", new RoostOptions { Concurrency = 1, SlotTime = TimeSpan.Zero }, engine);
        using Ghost stranger = await StrangerAsync();
        stranger.Vanish();
        Task loop = await RunAsync(2);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "runs" });
        await gate.Reached;
        wall.SetBy = TimeSpan.FromHours(1);
        await PassUntilAsync(() => roost.Workers().Any(worker => worker.ClaimsAgainAt is not null));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "next" });

        gate.Open();

        (await roost.WaitAsync("runs").Soon()).State.Should().Be(WorkState.Done);
        roost.StateOf("next").Should().Be(WorkState.Queued);
        await stop.CancelAsync();
        await loop.Soon();
    }

    private Task OpenAsync(string line) => OpenAsync(line, new(), ScriptedEngine.CountingTo(1));

    private async Task OpenAsync(string line, RoostOptions options, IEngine engine)
    {
        clock = TestRuntime.Clock();
        wall = new SetClock(clock);
        log = new WaitingLog(line);
        stop = new();
        roost = await OpenAsync(options with { TimeProvider = wall, LoggerFactory = log }, null, engine);
    }

    private Task<Ghost> StrangerAsync() => GhostAsync(roost, ScriptedEngine.CountingTo(1, id: "none"));

    private async Task<Task> RunAsync(int workers)
    {
        Task loop = roost.RunAsync(stop.Token);
        await roost.WaitAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon(); // The loop is there.
        roost.Workers().Should().HaveCount(workers);
        return loop;
    }

    private Task PassUntilAsync(Func<bool> so) => Waiting.Until(() =>
    {
        clock.Advance(TimeSpan.FromMilliseconds(250));
        return so();
    });
}
