using System.Text.Json.Nodes;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class ClaimOrderTests(StoreHost host) : ConformanceTests(host)
{
    private static ScriptedEngine OneStep(string id = "scripted") => ScriptedEngine.CountingTo(1, id: id);

    private static RoostOptions OneSlot => new() { Concurrency = 1 };

    [Test]
    public async Task A_higher_priority_goes_first_whatever_its_age()
    {
        await using RoostRuntime roost = await OpenAsync(OneSlot, null, OneStep());
        string low = await roost.EnqueueAsync(new WorkItem("scripted") { Priority = -1 });
        string middle = await roost.EnqueueAsync(new WorkItem("scripted"));
        string high = await roost.EnqueueAsync(new WorkItem("scripted") { Priority = int.MaxValue });

        await roost.RunUntilIdleAsync();

        roost.ClaimsOf().Distinct().Should().Equal(high, middle, low);
    }

    [Test]
    public async Task Among_equals_the_longest_ready_goes_first_not_the_oldest_created()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(OneSlot, clock, OneStep());
        string delayed = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromSeconds(1) });
        clock.Advance(TimeSpan.FromMilliseconds(500));
        string younger = await roost.EnqueueAsync(new WorkItem("scripted"));
        clock.Advance(TimeSpan.FromSeconds(1));

        await roost.RunUntilIdleAsync();

        roost.ClaimsOf().Distinct().Should().Equal(younger, delayed);
    }

    [Test]
    public async Task What_became_due_earlier_goes_first()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(OneSlot, clock, OneStep());
        string second = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromSeconds(2) });
        string first = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromSeconds(1) });
        clock.Advance(TimeSpan.FromSeconds(10));

        await roost.RunUntilIdleAsync();

        roost.ClaimsOf().Distinct().Should().Equal(first, second);
    }

    [Test]
    public async Task The_order_holds_across_engines_and_queues()
    {
        await using RoostRuntime roost = await OpenAsync(OneSlot with { Queues = ["a", "b"] }, null, OneStep("one"), OneStep("two"));
        string first = await roost.EnqueueAsync(new WorkItem("two") { Queue = "b" });
        string second = await roost.EnqueueAsync(new WorkItem("one") { Queue = "a" });
        string third = await roost.EnqueueAsync(new WorkItem("two") { Queue = "a" });

        await roost.RunUntilIdleAsync();

        roost.ClaimsOf().Distinct().Should().Equal(first, second, third);
    }

    [Test]
    public async Task A_changed_priority_counts_from_the_next_claim_on()
    {
        await using RoostRuntime roost = await OpenAsync(OneSlot, null, OneStep());
        string first = await roost.EnqueueAsync(new WorkItem("scripted"));
        string raised = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.SetPriorityAsync(raised, 1);

        await roost.RunUntilIdleAsync();

        roost.ClaimsOf().Distinct().Should().Equal(raised, first);
    }

    [Test]
    public async Task An_item_of_an_engine_that_is_not_served_stays_untouched()
    {
        await using RoostRuntime roost = await OpenAsync(null, OneStep());
        string foreign = await roost.EnqueueAsync(new WorkItem("elsewhere") { Priority = 100 });
        string own = await roost.EnqueueAsync(new WorkItem("scripted"));

        (await roost.RunUntilIdleAsync()).Due.Should().BeNull();

        roost.StateOf(own).Should().Be(WorkState.Done);
        roost.StateOf(foreign).Should().Be(WorkState.Queued);
        roost.EventsOf(foreign).Should().Equal("enqueued");
    }

    [Test]
    public async Task An_item_of_a_queue_that_is_not_served_stays_untouched()
    {
        await using RoostRuntime roost = await OpenAsync(null, OneStep());
        string other = await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "night" });

        await roost.RunUntilIdleAsync();

        roost.EventsOf(other).Should().Equal("enqueued");
    }

    [Test]
    public async Task A_delayed_item_of_an_engine_that_is_not_served_neither_becomes_ready_nor_counts_as_due()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, OneStep());
        string foreign = await roost.EnqueueAsync(new WorkItem("elsewhere") { Delay = TimeSpan.FromSeconds(1) });

        (await roost.RunUntilIdleAsync()).Due.Should().BeNull();
        clock.Advance(TimeSpan.FromSeconds(2));
        (await roost.RunUntilIdleAsync()).Due.Should().BeNull();

        roost.EventsOf(foreign).Should().Equal("enqueued");
    }

    [Test]
    public async Task A_newer_state_version_is_left_alone_and_not_spun_on()
    {
        await using RoostRuntime roost = await OpenAsync(
            null,
            new ScriptedEngine((state, _) => Task.FromResult(ScriptedEngine.GoOn(state + 1, TimeSpan.FromHours(1)))) { Version = 2 }
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        await roost.RequeueNowAsync(id);

        await using RoostRuntime older = await BesideAsync(roost, OneStep());
        (await older.RunUntilIdleAsync()).Due.Should().BeNull();

        roost.EventsOf(id).Should().Equal("enqueued", "claimed", "stepped", "stepped", "requeued");
    }

    [Test]
    public async Task An_older_state_goes_through_the_engines_migration()
    {
        await using RoostRuntime roost = await OpenAsync(
            null,
            new ScriptedEngine((state, _) => Task.FromResult(ScriptedEngine.GoOn(41, TimeSpan.FromHours(1))))
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        await roost.RequeueNowAsync(id);

        var seen = new List<int>();
        await using RoostRuntime newer = await BesideAsync(roost, new Migrating((state, from) => state!.GetValue<int>() + from, seen));
        await newer.RunUntilDoneAsync(id).Soon();

        seen.Should().Equal(42);
        (await roost.GetSnapshotAsync(id)).StateVersion.Should().Be(2);
        roost.Totals().Total.Should().Be(1);
        roost.Totals().Done.Should().Be(1);
        MustAgree(roost);
    }

    [Test]
    public async Task A_raw_engine_migrates_too_and_the_next_step_sees_the_new_shape()
    {
        await using RoostRuntime roost = await OpenAsync(null, new Raw(1));
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        await roost.StepOnceAsync();

        await using RoostRuntime newer = await BesideAsync(roost, new Raw(3));
        await newer.RunUntilDoneAsync(id).Soon();

        roost.StatesOf(id)[^1].Should().Be("\"made by 1, brought from 1 to 3\"");
    }

    [Test]
    public async Task A_migration_that_throws_is_a_failed_try()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 2 }, clock, ScriptedEngine.CountingTo(2, TimeSpan.FromSeconds(1)));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();

        await using RoostRuntime newer = await BesideAsync(roost, new Migrating((_, _) => throw new FormatException("not that shape"), []));
        await newer.RunThroughAsync(clock);

        WorkSummary ended = await newer.WaitAsync(id).Soon();
        ended.FailReason.Should().Be(FailReasons.MaxAttempts);
        ended.Error.Should().Be("not that shape");
        ended.Version.Should().Be(2, "nothing was saved");
    }

    [Test]
    public async Task An_engines_own_limit_leaves_the_other_slots_to_others()
    {
        var gate = new Gate();
        int now = 0, most = 0;
        var slow = new ScriptedEngine(async (_, _) =>
        {
            int running = Interlocked.Increment(ref now);
            most = Math.Max(most, running);
            await gate.PassAsync();
            Interlocked.Decrement(ref now);
            return ScriptedEngine.Finish(1);
        }, "slow")
        { Limit = 1 };
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 2 }, null, slow, OneStep("quick"));
        for (int i = 0; i < 3; i++) await roost.EnqueueAsync(new WorkItem("slow") { Priority = 5 });
        string quick = await roost.EnqueueAsync(new WorkItem("quick"));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);

        await gate.Reached;
        (await roost.WaitAsync(quick).Soon()).State.Should().Be(WorkState.Done);
        gate.Open();
        await stop.CancelAsync();
        await loop.Soon();

        most.Should().Be(1);
    }

    [Test]
    public async Task No_more_steps_run_at_once_than_the_runtime_has_slots()
    {
        int now = 0, most = 0;
        var engine = new ScriptedEngine(async (_, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await Task.Yield();
            Interlocked.Decrement(ref now);
            return ScriptedEngine.Finish(1);
        });
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 3 }, null, engine);
        await roost.EnqueueAsync(Enumerable.Range(0, 50).Select(_ => new WorkItem("scripted")));

        await roost.RunUntilIdleAsync();

        most.Should().BeInRange(1, 3);
        roost.Totals().Done.Should().Be(50);
    }

    private sealed class Migrating(Func<JsonNode?, int, int> migrate, List<int> seen) : Engine<int>
    {
        public override string EngineId => "scripted";

        public override int StateVersion => 2;

        protected override int Init(WorkItem item) => 0;

        protected override JsonNode? Migrate(JsonNode? state, int fromVersion) => JsonValue.Create(migrate(state, fromVersion));

        protected override Task<Outcome> StepAsync(int state, StepContext context)
        {
            seen.Add(state);
            return Task.FromResult(Done(state));
        }
    }

    private sealed class Raw(int version) : IEngine
    {
        public string EngineId => "raw";

        public int StateVersion => version;

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => Task.FromResult(Snapshot.First(item, $"made by {version}"));

        public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context) =>
            Task.FromResult(Outcome.Done(snapshot.Next(snapshot.DataAs<string>())));

        public Snapshot Migrate(Snapshot older) => older.Migrated($"{older.DataAs<string>()}, brought from {older.StateVersion} to {version}");
    }
}
