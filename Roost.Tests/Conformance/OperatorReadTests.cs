using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What an operator sees: counts, workers, engines, resources.</summary>
internal sealed class OperatorReadTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task Counts_tell_each_condition_by_engine_and_queue()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), held.Engine, ScriptedEngine.From((_, context) =>
            context.Item.Id.StartsWith("bad", StringComparison.Ordinal) ? ScriptedEngine.GiveUp("no") : ScriptedEngine.Finish(1)));
        await roost.EnqueueAsync([new WorkItem("scripted"), new WorkItem("scripted"), new WorkItem("scripted") { Id = "bad" }]);
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync([
            new WorkItem("held") { Resources = ["r"] },
            new WorkItem("scripted") { Id = "cancelled", Queue = "slow" },
            new WorkItem("scripted") { Delay = TimeSpan.FromHours(1) },
        ]);
        await roost.CancelAsync("cancelled");

        await held.WhileRunningAsync(roost, async () =>
        {
            await roost.EnqueueAsync([new WorkItem("unserved"), new WorkItem("held") { Id = "blocked", Resources = ["r"] }]);
            while ((await roost.GetAsync("blocked")).BlockedOn is null) await Task.Yield();

            WorkCounts counts = await roost.GetCountsAsync();

            counts.Queues.Should().Equal(
                new QueueCounts { Engine = "held", Queue = "default", Counts = new() { Blocked = 1, Running = 1 } },
                new QueueCounts { Engine = "scripted", Queue = "default", Counts = new() { Delayed = 1, Done = 2, Failed = 1 } },
                new QueueCounts { Engine = "scripted", Queue = "slow", Counts = new() { Cancelled = 1 } },
                new QueueCounts { Engine = "unserved", Queue = "default", Counts = new() { Ready = 1 } });
            counts.Total.Should().Be(new StateCounts { Ready = 1, Delayed = 1, Blocked = 1, Running = 1, Done = 2, Failed = 1, Cancelled = 1 });
            (counts.Total.Queued, counts.Total.Total).Should().Be((3L, 8L));
        });
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public async Task Kept_counts_agree_with_counting_after_any_history(int seed)
    {
        var random = new Random(seed);
        FakeTimeProvider clock = TestRuntime.Clock();
        var options = new RoostOptions { MaxAttempts = 2, RetryBaseDelay = TimeSpan.FromSeconds(1), Queues = ["default", "slow"] };
        ScriptedEngine Engine(string id) => ScriptedEngine.From((state, _) => Next(random, state), id);
        await using RoostRuntime roost = await OpenAsync(options, clock, Engine("a"), Engine("b"));
        var ids = new List<string>();
        for (int round = 0; round < 40; round++)
        {
            for (int i = 0; i < 5; i++) ids.Add(await roost.EnqueueAsync(AnyItem(random, clock.GetUtcNow())));
            for (int i = random.Next(8); i > 0; i--) await roost.StepOnceAsync();
            await ChangeAnyAsync(roost, random, ids[random.Next(ids.Count)]);
            clock.Advance(TimeSpan.FromSeconds(random.Next(3)));
            if (round % 10 == 9) await roost.RunUntilIdleAsync();
        }

        StateCounts counts = roost.Totals();
        foreach (WorkState state in Enum.GetValues<WorkState>()) roost.Items(new() { State = state }).Should().HaveCount((int)Of(counts, state));
        ((long[])[counts.Ready, counts.Delayed, counts.Blocked, counts.Running, counts.Done, counts.Failed, counts.Cancelled])
            .Count(n => n > 0).Should().BeGreaterThan(4, "a history that leaves most conditions empty shows little");
        MustAgree(roost);
        counts.Total.Should().Be(200);

        static long Of(StateCounts counts, WorkState state) => state switch
        {
            WorkState.Queued => counts.Queued,
            WorkState.Running => counts.Running,
            WorkState.Waiting => counts.Waiting,
            WorkState.Done => counts.Done,
            WorkState.Failed => counts.Failed,
            _ => counts.Cancelled,
        };
    }

    [Test]
    public async Task A_worker_says_what_it_serves()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { Concurrency = 3, Queues = ["default", "slow"] }, TestRuntime.Clock(),
            new ScriptedEngine((_, _) => Task.FromResult(ScriptedEngine.Finish(1))) { Version = 4, Limit = 2 });
        (await roost.ListWorkersAsync()).Should().BeEmpty("nothing runs yet");
        await roost.StepOnceAsync();

        (await roost.ListWorkersAsync()).Single().Should().BeEquivalentTo(new
        {
            ProcessId = Environment.ProcessId,
            Machine = Environment.MachineName,
            IsAlive = true,
            StartedAt = TestRuntime.Start,
            HeartbeatAt = TestRuntime.Start,
            ExpiresAt = TestRuntime.Start.AddSeconds(30),
            Concurrency = 3,
            Engines = (WorkerEngine[])[new() { EngineId = "scripted", StateVersion = 4, MaxConcurrency = 2 }],
            Queues = (string[])["default", "slow"],
            Running = 0,
        });
    }

    [Test]
    public async Task Ready_and_due_work_that_nobody_serves_is_told_and_the_rest_is_not()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.StepOnceAsync();
        await roost.EnqueueAsync(
        [
            new WorkItem("scripted"), new WorkItem("scripted") { Queue = "slow" }, new WorkItem("scripted") { Queue = "slow" },
            new WorkItem("due") { Delay = TimeSpan.FromMinutes(1) }, new WorkItem("later") { Delay = TimeSpan.FromDays(1) },
        ]);
        clock.Advance(TimeSpan.FromHours(1));

        IReadOnlyList<EngineInfo> engines = await roost.ListEnginesAsync();

        engines.Select(engine => (engine.EngineId, engine.Workers)).Should().Equal(("due", 0), ("later", 0), ("scripted", 1));
        engines[0]
            .Unserved.Should()
            .Equal(
                new UnservedWork
                {
                    Queue = "default",
                    StateVersion = 0,
                    Ready = 0,
                    DueSince = TestRuntime.Start.AddMinutes(1),
                    Why = "no worker serves engine due",
                }
            );
        engines[1].Unserved.Should().BeEmpty("nothing of it could run now");
        engines[2]
            .Unserved.Should()
            .Equal(
                new UnservedWork
                {
                    Queue = "slow",
                    StateVersion = 0,
                    Ready = 2,
                    Why = "no worker serves engine scripted in queue slow",
                }
            );
        engines[2].Counts.Ready.Should().Be(3);
        engines[2].Queues.Select(line => line.Queue).Should().Equal("default", "slow");
    }

    [Test]
    public async Task An_engine_that_a_worker_serves_is_shown_before_it_has_work()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.StepOnceAsync();

        EngineInfo engine = (await roost.ListEnginesAsync()).Single();

        engine.Should().BeEquivalentTo(new { EngineId = "scripted", Workers = 1 });
        engine.Counts.Total.Should().Be(0);
    }

    [Test]
    public async Task The_longest_ready_of_each_priority_is_told()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock);
        foreach ((int priority, string queue) in ((int, string)[])[(5, "a"), (1, "b"), (5, "b"), (1, "a"), (-2, "a")])
        {
            await roost.EnqueueAsync(new WorkItem("e") { Priority = priority, Queue = queue });
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        (await roost.ListEnginesAsync()).Single().OldestReady.Should().Equal(
            new OldestReady(5, TestRuntime.Start), new OldestReady(1, TestRuntime.Start.AddMinutes(1)), new OldestReady(-2, TestRuntime.Start.AddMinutes(4)));
    }

    [Test]
    public async Task A_held_resource_names_its_holder_and_those_who_wait_in_their_order()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), held.Engine);
        await roost.EnqueueAsync(new WorkItem("held") { Id = "holder", Resources = ["a", "b"] });

        await held.WhileRunningAsync(roost, async () =>
        {
            await roost.EnqueueAsync([
                new WorkItem("held") { Id = "w1", Resources = ["b"] },
                new WorkItem("held")
                {
                    Id = "w2",
                    Resources = ["b"],
                    Priority = 9,
                },
            ]);
            while ((await roost.GetCountsAsync()).Total.Blocked < 2)
                await Task.Yield();
            string worker = (await roost.ListWorkersAsync()).Single().Id;

            Page<ResourceInfo> page = await roost.ListResourcesAsync();

            page.Items.Should().BeEquivalentTo(new ResourceInfo[]
            {
                new() { Name = "a", HolderId = "holder", WorkerId = worker, Since = TestRuntime.Start, Waiters = [], HasMoreWaiters = false },
                new() { Name = "b", HolderId = "holder", WorkerId = worker, Since = TestRuntime.Start, Waiters = ["w2", "w1"], HasMoreWaiters = false },
            }, it => it.WithStrictOrdering());
            page.Next.Should().BeNull();
        });
        (await roost.ListResourcesAsync()).Items.Should().BeEmpty();
    }

    [Test]
    public async Task Resources_are_paged_by_name()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), held.Engine);
        await roost.EnqueueAsync(new WorkItem("held") { Resources = ["a", "b'", "c"] });

        await held.WhileRunningAsync(roost, async () =>
        {
            Page<ResourceInfo> first = await roost.ListResourcesAsync(2);
            Page<ResourceInfo> second = await roost.ListResourcesAsync(2, first.Next);

            first.Items.Select(resource => resource.Name).Should().Equal("a", "b'");
            second.Items.Select(resource => resource.Name).Should().Equal("c");
            second.Next.Should().BeNull();
        });
        (await roost.Invoking(it => it.ListResourcesAsync(cursor: "!")).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("cursor");
        (await roost.Invoking(it => it.ListResourcesAsync(0)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("limit");
    }

    private static Outcome Next(Random random, int state)
    {
        int chance;
        lock (random) chance = random.Next(10);
        return chance switch
        {
            < 3 => ScriptedEngine.GoOn(state + 1),
            < 5 => ScriptedEngine.GoOn(state + 1, TimeSpan.FromSeconds(1)),
            < 6 => ScriptedEngine.GiveUp("no"),
            < 8 => throw new InvalidOperationException("broken"),
            _ => ScriptedEngine.Finish(state),
        };
    }

    private static WorkItem AnyItem(Random random, DateTimeOffset now)
    {
        lock (random)
            return new(random.Next(3) switch { 0 => "a", 1 => "b", _ => "unserved" })
            {
                Queue = random.Next(2) == 0 ? "default" : "slow",
                Priority = random.Next(3),
                Delay = random.Next(4) == 0 ? TimeSpan.FromSeconds(2) : null,
                Deadline = random.Next(6) == 0 ? now.AddSeconds(10) : null,
                Resources = random.Next(3) == 0 ? ["x", "y"] : random.Next(3) == 0 ? ["y"] : [],
                ResourceHold = random.Next(2) == 0 ? ResourceHold.Life : ResourceHold.Step,
            };
    }

    private static async Task ChangeAnyAsync(RoostRuntime roost, Random random, string id)
    {
        int which;
        lock (random) which = random.Next(6);
        try
        {
            if (which == 0) await roost.CancelAsync(id);
            else if (which == 1) await roost.RetryAsync(id);
            else if (which == 2) await roost.DiscardAsync(id);
            else if (which == 3) await roost.RequeueNowAsync(id);
            else if (which == 4) await roost.SetPriorityAsync(id, 4);
            else await roost.RetryAllAsync(new() { Reason = FailReasons.MaxAttempts });
        }
        catch (ConflictException)
        {
            // The state that the item happens to be in does not allow it.
        }
    }
}
