using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Roost.Samples.Demo;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Engines of a host come from its container, with a scope for each step.</summary>
[TestFixture]
internal sealed class HostedEngineTests
{
    [Test]
    public async Task A_host_steps_what_is_enqueued_with_a_scope_for_each_step_that_ends_with_it()
    {
        using var folder = new TemporaryFolder();
        await using TestHost host = await TestHost.StartAsync(
            folder["roost.db"], HostedStep.From((state, _) => state == 2 ? ScriptedEngine.Finish(3) : ScriptedEngine.GoOn(state + 1)));
        Visits visits = host.Services.GetRequiredService<Visits>();
        int before = visits.Made;

        WorkHandle work = await host.Roost.EnqueueAsync<HostedEngine>();

        (await work.WaitAsync<int>(Gate.Patience)).Should().Be(3);
        await host.StopAsync();
        visits.Made.Should().Be(before + 4, "the first state and three steps");
        (visits.Disposed, visits.Early).Should().Be((visits.Made, 0));
    }

    /// <summary>A service that enqueues, and that an engine uses as well.</summary>
    private sealed class Follower(RoostRuntime roost)
    {
        public Task<EnqueueResult> FollowAsync(string of) => roost.EnqueueAsync(new WorkItem("given") { IdempotencyKey = of });
    }

    private sealed class FollowedEngine(Follower follower) : Engine<int>
    {
        public override string EngineId => "followed";

        protected override int Init(WorkItem item) => 0;

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            await follower.FollowAsync(context.Item.Id);
            return Done(1);
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task An_engine_may_take_services_that_take_the_runtime_itself(bool isResolvedBefore)
    {
        using var folder = new TemporaryFolder();
        await using TestHost host = TestHost.Of(services => services.AddScoped<Follower>()
            .AddRoost(it => it.Path = folder["roost.db"]).AddEngine<FollowedEngine>().AddEngine(ScriptedEngine.CountingTo(1, id: "given")));
        RoostRuntime? before = isResolvedBefore ? host.Roost : null;
        await host.StartAsync();

        WorkHandle work = await host.Roost.EnqueueAsync<FollowedEngine>();

        (await work.WaitAsync<int>(Gate.Patience)).Should().Be(1);
        host.Roost.EngineIds.Should().Equal("followed", "given");
        if (isResolvedBefore) host.Roost.Should().BeSameAs(before);
        (await host.Roost.GetCountsAsync()).Total.Total.Should().Be(2);
    }

    [Test]
    public async Task A_step_that_fails_disposes_its_scope_and_the_next_try_has_another()
    {
        using var folder = new TemporaryFolder();
        var seen = new List<Visit>();
        await using TestHost host = await TestHost.StartAsync(folder["roost.db"], new((visit, _, context) =>
        {
            seen.Add(visit);
            return context.Attempt == 1 ? throw new TimeoutException("Once.") : Task.FromResult(ScriptedEngine.Finish(1));
        }), it => it.RetryBaseDelay = TimeSpan.Zero);

        WorkHandle work = await host.Roost.EnqueueAsync<HostedEngine>();

        await work.WaitAsync<int>(Gate.Patience);
        await host.StopAsync();
        seen.Should().HaveCount(2).And.OnlyHaveUniqueItems().And.OnlyContain(visit => visit.IsDisposed);
    }

    [Test]
    public async Task A_step_that_is_abandoned_keeps_its_scope_until_its_code_has_returned()
    {
        using var folder = new TemporaryFolder();
        var gate = new Gate();
        FakeTimeProvider clock = TestRuntime.Clock();
        await using TestHost host = await TestHost.StartAsync(
            folder["roost.db"],
            new(async (_, _, _) =>
            {
                await gate.PassAsync();
                return ScriptedEngine.Finish(1);
            }),
            it => (it.StepTimeout, it.StepTimeoutGrace, it.MaxAttempts) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 1),
            services => services.AddSingleton<TimeProvider>(clock));
        Visits visits = host.Services.GetRequiredService<Visits>();
        WorkHandle work = await host.Roost.EnqueueAsync<HostedEngine>();
        await gate.Reached;

        Task<WorkSummary> ended = work.WaitAsync();
        await ended.WhileTimePasses(clock);

        (await ended).FailReason.Should().Be(FailReasons.Abandoned);
        visits.Disposed.Should().Be(visits.Made - 1, "its code still runs");
        gate.Open();
        await Waiting.Until(() => Volatile.Read(ref visits.Disposed) == visits.Made);
        visits.Early.Should().Be(0);
    }

    [Test]
    public async Task A_singleton_steps_everything_and_a_factory_makes_one_for_each_step()
    {
        using var folder = new TemporaryFolder();
        int made = 0;
        await using TestHost host = TestHost.Of(services => services
            .AddRoost(it => it.Path = folder["roost.db"])
            .AddEngine<DemoEngine>(ServiceLifetime.Singleton)
            .AddEngine(_ =>
            {
                Interlocked.Increment(ref made);
                return ScriptedEngine.CountingTo(2);
            })
            .AddEngine(ScriptedEngine.CountingTo(1, id: "given")));
        await host.StartAsync();
        int before = made;

        WorkHandle demo = await host.Roost.EnqueueAsync<DemoEngine>(new { count_to = 2 });
        string scripted = await host.Roost.EnqueueAsync(new WorkItem("scripted")), given = await host.Roost.EnqueueAsync(new WorkItem("given"));
        foreach (string id in (string[])[demo, scripted, given])
            (await host.Roost.WaitAsync(id, Gate.Patience)).State.Should().Be(WorkState.Done);

        host.Roost.EngineIds.Should().Equal("demo", "given", "scripted");
        made.Should().Be(before + 3, "the first state and two steps");
    }

    [Test]
    public async Task The_engines_of_an_assembly_are_added_and_those_that_cannot_be_are_named_in_the_log()
    {
        using var folder = new TemporaryFolder();
        var log = new KeptLog();
        await using TestHost host = TestHost.Of(
            services => services.AddRoost(it => it.Path = folder["roost.db"]).AddEnginesFrom(typeof(DemoEngine).Assembly).AddEngine<DemoEngine>(), log: log);

        await host.StartAsync();

        host.Roost.EngineIds.Should().Contain(["demo", "watchlist"]);
        log.Lines.Should().Contain(line => line.Contains("Roost.Samples.OrderEngine is not public"));
    }

    [Test]
    public async Task Several_runtimes_have_names_a_file_and_engines_of_their_own()
    {
        using var folder = new TemporaryFolder();
        await using TestHost host = TestHost.Of(services =>
        {
            services.AddRoost(it => it.Path = folder["default.db"]).AddEngine<HostedEngine>();
            services.AddRoost("orders", it => it.Path = folder["orders.db"]).AddEngine<HostedEngine>().AddEngine<DemoEngine>();
            services.AddRoost("orders", it => it.Concurrency = 3); // The same one again: it adds to what was set.
        });
        await host.StartAsync();
        RoostRuntime orders = host.Services.GetRequiredKeyedService<RoostRuntime>("orders");

        WorkHandle here = await host.Roost.EnqueueAsync<HostedEngine>(), there = await orders.EnqueueAsync<HostedEngine>();
        await here.WaitAsync<int>(Gate.Patience);
        await there.WaitAsync<int>(Gate.Patience);

        orders.Should().NotBeSameAs(host.Roost).And.BeSameAs(host.Services.GetRequiredKeyedService<RoostRuntime>("orders"));
        (orders.Path, orders.Options.Concurrency, orders.EngineIds.Count).Should().Be((folder["orders.db"], 3, 2));
        await host.Roost.Invoking(it => it.GetAsync(there)).Should().ThrowAsync<NotFoundException>();
    }

    [Test]
    public async Task A_program_without_a_loop_enqueues_what_another_host_on_the_file_runs()
    {
        using var folder = new TemporaryFolder();
        await using TestHost front = await TestHost.StartAsync(folder["roost.db"], options: it => it.RunLoop = false);
        WorkHandle work = await front.Roost.EnqueueAsync<HostedEngine>();
        (await front.Roost.ListWorkersAsync()).Should().BeEmpty();
        (await work.GetAsync()).Summary.State.Should().Be(WorkState.Queued);

        await using TestHost back = await TestHost.StartAsync(folder["roost.db"]);

        (await work.WaitAsync<int>(Gate.Patience)).Should().Be(1);
    }

    [Test]
    public async Task Two_hosts_on_one_file_share_its_work_and_one_that_was_stopped_can_be_followed_by_another()
    {
        using var folder = new TemporaryFolder();
        await using TestHost first = await TestHost.StartAsync(folder["roost.db"]);
        await using (TestHost second = await TestHost.StartAsync(folder["roost.db"]))
        {
            IReadOnlyList<EnqueueResult> items = await second.Roost.EnqueueAsync(Enumerable.Range(0, 40).Select(_ => new WorkItem("hosted")));
            foreach (EnqueueResult item in items) (await first.Roost.WaitAsync(item, Gate.Patience)).State.Should().Be(WorkState.Done);
            await second.StopAsync();
        }
        await first.StopAsync();

        await using TestHost third = await TestHost.StartAsync(folder["roost.db"]);

        (await third.Roost.GetCountsAsync()).Total.Done.Should().Be(40);
        (await (await third.Roost.EnqueueAsync<HostedEngine>()).WaitAsync<int>(Gate.Patience)).Should().Be(1);
    }
}
