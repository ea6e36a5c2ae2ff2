using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Where an item stands, in words: each condition has its own.</summary>
internal sealed class SituationTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task Ready_where_no_worker_runs()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        string id = await roost.EnqueueAsync(new WorkItem("x"));

        (await SituationAsync(roost, id))
            .Should()
            .Be("ready since 2026-01-01 00:00:00Z, but no worker runs; it needs one that serves engine x in queue default");
    }

    [Test]
    public async Task Ready_where_no_worker_serves_the_engine_or_the_queue()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.StepOnceAsync();
        string engine = await roost.EnqueueAsync(new WorkItem("x"));
        string queue = await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "slow" });

        (await SituationAsync(roost, engine)).Should().Be("ready since 2026-01-01 00:00:00Z, but no worker serves engine x");
        (await SituationAsync(roost, queue)).Should().Be("ready since 2026-01-01 00:00:00Z, but no worker serves engine scripted in queue slow");
    }

    [Test]
    public async Task Ready_where_the_workers_are_busy()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 1 }, TestRuntime.Clock(), held.Engine);
        await roost.EnqueueAsync(new WorkItem("held"));

        await held.WhileRunningAsync(roost, async () =>
        {
            string waiting = await roost.EnqueueAsync(new WorkItem("held"));
            (await SituationAsync(roost, waiting)).Should().StartWith("ready since 2026-01-01 00:00:00Z; the workers that serve it are busy");
        });
    }

    [Test]
    public async Task Delayed_and_then_due()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.StepOnceAsync();
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromHours(1) });
        string unserved = await roost.EnqueueAsync(new WorkItem("x") { Delay = TimeSpan.FromHours(1) });

        (await SituationAsync(roost, id)).Should().Be("delayed until 2026-01-01 01:00:00Z");
        clock.Advance(TimeSpan.FromHours(2));
        (await SituationAsync(roost, id)).Should().StartWith("due since 2026-01-01 01:00:00Z; the workers that serve it");
        (await SituationAsync(roost, unserved)).Should().Be("due since 2026-01-01 01:00:00Z, but no worker serves engine x");
    }

    [Test]
    public async Task Delayed_after_a_failed_try()
    {
        var options = new RoostOptions { RetryBaseDelay = TimeSpan.FromHours(1), RetryMaxDelay = TimeSpan.FromHours(1) };
        await using RoostRuntime roost = await OpenAsync(
            options,
            TestRuntime.Clock(),
            ScriptedEngine.From((_, _) => throw new InvalidOperationException("no"))
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.StepOnceAsync();
        await roost.StepOnceAsync();

        (await SituationAsync(roost, id)).Should().Match("delayed until 2026-01-01 0?:??:??Z after 1 failed try");
    }

    [Test]
    public async Task Blocked_by_an_item_that_runs()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), held.Engine);
        await roost.EnqueueAsync(new WorkItem("held") { Id = "holder", Resources = ["domain:example.com"] });

        await held.WhileRunningAsync(roost, async () =>
        {
            await roost.EnqueueAsync(new WorkItem("held") { Id = "waiter", Resources = ["domain:example.com", "z"] });
            await UntilAsync(roost, "waiter", detail => detail.BlockedOn is not null);
            string worker = (await roost.ListWorkersAsync()).Single().Id;

            WorkDetail waiter = await roost.GetAsync("waiter");
            waiter.Situation.Should().Be($"blocked: domain:example.com is held by holder on worker {worker}");
            waiter.BlockedOn.Should().Be("domain:example.com");
            waiter.ResourcesHeld.Should().BeEmpty();
            (await roost.GetAsync("holder")).ResourcesHeld.Should().Equal("domain:example.com");
        });
    }

    [Test]
    public async Task Blocked_by_an_item_that_keeps_the_name_through_a_delay()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(2, TimeSpan.FromHours(1)));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "holder", Resources = ["r"], ResourceHold = ResourceHold.Life });
        await roost.StepOnceAsync();
        await roost.StepOnceAsync();
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "waiter", Resources = ["r"] });
        await roost.StepOnceAsync();

        (await SituationAsync(roost, "waiter")).Should().Be("blocked: r is held by holder, which does not run now");
    }

    [Test]
    public async Task A_state_that_is_newer_than_every_worker()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime newer = await OpenAsync(
            clock,
            new ScriptedEngine((state, _) => Task.FromResult(ScriptedEngine.GoOn(state + 1, TimeSpan.FromHours(1)))) { Version = 3 }
        );
        string id = await newer.EnqueueAsync(new WorkItem("scripted"));
        await newer.RunUntilIdleAsync();
        await using RoostRuntime older = await BesideAsync(newer, ScriptedEngine.CountingTo(9));
        await older.StepOnceAsync();
        clock.Advance(TimeSpan.FromHours(2));

        (await SituationAsync(older, id)).Should().Be(
            "due since 2026-01-01 01:00:00Z, but state version 3 is newer than what any worker serves (up to 1 for engine scripted in queue default)");
    }

    [Test]
    public async Task Waiting_to_run_alone()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), held.Engine);
        await EnqueueInterruptedAsync(roost, new WorkItem("held") { Id = "poison" });
        await roost.EnqueueAsync(new WorkItem("held"));

        await held.WhileRunningAsync(roost, async () =>
        {
            await roost.RequeueNowAsync("poison");
            (await SituationAsync(roost, "poison")).Should().Be("ready since 2026-01-01 00:00:00Z; waits to run alone after 2 interruptions");
        });
    }

    [Test]
    public async Task Running_and_running_on_a_worker_that_has_died()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), held.Engine);
        string id = await roost.EnqueueAsync(new WorkItem("held"));

        await held.WhileRunningAsync(roost, async () =>
        {
            WorkerInfo worker = (await roost.ListWorkersAsync()).Single();
            (await SituationAsync(roost, id)).Should().Be($"running on worker {worker.Id} since 2026-01-01 00:00:00Z");
        });
        string next = await roost.EnqueueAsync(new WorkItem("held"));
        using Ghost ghost = await GhostAsync(roost, held.Engine);
        await ghost.ClaimAsync();
        ghost.Die();

        (await SituationAsync(roost, next)).Should().Be($"was running on worker {ghost.Id}, which has died; the next worker that runs takes it over");
        (await roost.ListWorkersAsync()).Single().IsAlive.Should().BeFalse();
        (await roost.ListEnginesAsync()).Single().Workers.Should().Be(0);
    }

    [Test]
    public async Task Ended_in_each_of_the_three_ways()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.From((_, context) =>
            context.Item.Id == "bad" ? ScriptedEngine.GiveUp("the page is gone") : ScriptedEngine.Finish(1)));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "good" });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "bad" });
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "unwanted" });
        await roost.CancelAsync("unwanted", "not needed");

        (await SituationAsync(roost, "good")).Should().Be("done since 2026-01-01 00:00:00Z");
        (await SituationAsync(roost, "bad")).Should().Be("dead letter: engine_failed: the page is gone");
        (await SituationAsync(roost, "unwanted")).Should().Be("cancelled: not needed");
    }

    [Test]
    public async Task Why_stands_beside_the_state_and_does_not_say_it_again()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), held.Engine);
        await roost.EnqueueAsync([
            new WorkItem("held") { Id = "running" },
            new WorkItem("x") { Id = "queued" },
            new WorkItem("x") { Id = "unwanted" },
            new WorkItem("x") { Id = "cancelled" },
        ]);
        await roost.CancelAsync("unwanted", "not needed");
        await roost.CancelAsync("cancelled");

        await held.WhileRunningAsync(roost, async () =>
            (await roost.GetAsync("running")).Why.Should().Be($"on worker {(await roost.ListWorkersAsync()).Single().Id} since 2026-01-01 00:00:00Z"));

        (await roost.GetAsync("running")).Why.Should().Be("since 2026-01-01 00:00:00Z");
        (await roost.GetAsync("queued")).Why.Should().Be(await SituationAsync(roost, "queued"));
        (await roost.GetAsync("unwanted")).Why.Should().Be("not needed");
        (await roost.GetAsync("cancelled")).Why.Should().BeNull();
    }

    [Test]
    public async Task In_a_file_that_is_a_backup_copy()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        string id = await roost.EnqueueAsync(new WorkItem("x"));
        await using RoostRuntime copy = await Host.CopyAsync(roost);

        (await SituationAsync(copy, id)).Should().Be("this file is a backup copy and runs nothing");
    }

    private static async Task<string> SituationAsync(RoostRuntime roost, string id) => (await roost.GetAsync(id)).Situation;

    /// <summary>Looks again after each change of the file.</summary>
    private static async Task UntilAsync(RoostRuntime roost, string id, Func<WorkDetail, bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds(await roost.GetAsync(id, patience.Token))) await Task.Yield();
    }
}
