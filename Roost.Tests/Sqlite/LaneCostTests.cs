using Roost.Sqlite.Tables;
using Roost.Sqlite.Writing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Many engines and queues: the order holds across them, what is empty costs nothing and goes, and no lane is lost sight of.</summary>
[TestFixture]
internal sealed class LaneCostTests
{
    private static RoostOptions Serving(int queues) => new() { Concurrency = 1, Queues = [WorkItem.DefaultQueue, .. Queues(queues)] };

    private static IEnumerable<string> Queues(int n) => Enumerable.Range(0, n).Select(i => FormattableString.Invariant($"q{i}"));

    private static ScriptedEngine OneStep(string id = "scripted") => ScriptedEngine.CountingTo(1, id: id);

    [Test]
    public async Task Priority_and_then_the_time_of_waiting_decide_across_many_lanes()
    {
        var random = new Random(7);
        await using RoostRuntime roost = TestRuntime.Create(Serving(40), null, OneStep("a"), OneStep("b"), OneStep("c"));
        WorkItem[] items = [.. Enumerable.Range(0, 200).Select(i => new WorkItem(((string[])["a", "b", "c"])[random.Next(3)])
        {
            Id = FormattableString.Invariant($"{i}"),
            Queue = FormattableString.Invariant($"q{random.Next(40)}"),
            Priority = random.Next(5),
        })];
        await roost.EnqueueAsync(items);

        await roost.RunUntilIdleAsync().Soon();

        roost.ClaimsOf().Distinct().Should().Equal(items.OrderByDescending(item => item.Priority).Select(item => item.Id));
    }

    [Test]
    public async Task What_is_due_first_comes_first_across_many_lanes()
    {
        var clock = TestRuntime.Clock();
        var random = new Random(8);
        await using RoostRuntime roost = TestRuntime.Create(Serving(50), clock, OneStep());
        int[] delays = [.. Enumerable.Range(1, 50)];
        random.Shuffle(delays);
        await roost.EnqueueAsync(delays.Select((delay, i) => new WorkItem("scripted") { Id = FormattableString.Invariant($"{delay}"), Queue = FormattableString.Invariant($"q{i}"), Delay = TimeSpan.FromSeconds(delay) }));

        (await roost.RunUntilIdleAsync().Soon()).Should().Be(TestRuntime.Start.AddSeconds(1));
        clock.Advance(TimeSpan.FromMinutes(1));
        await roost.RunUntilIdleAsync().Soon();

        roost.ClaimsOf().Distinct().Should().Equal(delays.Order().Select(delay => FormattableString.Invariant($"{delay}")));
    }

    [Test]
    public async Task Engines_at_their_limit_hide_nobody_however_many_they_are()
    {
        var gate = new Gate();
        ScriptedEngine[] full = [.. Enumerable.Range(0, 20).Select(i => new ScriptedEngine(async (state, _) =>
        {
            await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }, FormattableString.Invariant($"full{i}")) { Limit = 1 })];
        await using RoostRuntime roost = TestRuntime.Create(Serving(3) with { Concurrency = 21 }, null, [.. full, OneStep()]);
        await roost.EnqueueAsync(full.SelectMany(engine => Queues(3).Select(queue => new WorkItem(engine.EngineId) { Queue = queue, Priority = 9 })));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "low" });
        Task loop = roost.RunUntilIdleAsync();

        (await roost.WaitAsync("low").Soon()).State.Should().Be(WorkState.Done);
        roost.Number("SELECT count(*) FROM work WHERE state = 'running'").Should().Be(20);
        gate.Open();
        await loop.Soon();

        roost.Number("SELECT count(*) FROM work WHERE state = 'done'").Should().Be(61);
    }

    /// <summary>By SQLite's own count of what its machine does, and by the number of lanes at hand.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task What_a_step_costs_does_not_follow_the_lanes_that_had_something_once(bool purged)
    {
        (double few, _) = await CostAsync(10, purged);
        (double many, int known) = await CostAsync(1500, purged);

        many.Should().BeLessThan(few * 1.1);
        known.Should().BeLessThan(1100, "empty lanes are dropped");
    }

    private static async Task<(double Steps, int Known)> CostAsync(int lanes, bool purged)
    {
        const int Items = 100;
        await using RoostRuntime before = TestRuntime.Create(Serving(lanes) with { Concurrency = 64, Durability = Durability.None }, null, OneStep());
        await before.EnqueueAsync(Queues(lanes).Select(queue => new WorkItem("scripted") { Queue = queue }));
        await before.RunUntilIdleAsync();
        if (purged) await before.PurgeAsync(new(TimeSpan.Zero));
        await using RoostRuntime roost = new RoostRuntime(before.Options with { Path = before.Path, Concurrency = 1 }).AddEngine(OneStep());
        await roost.EnqueueAsync(Enumerable.Range(0, Items).Select(_ => new WorkItem("scripted")));
        await CountAsync(roost);
        await roost.RunUntilIdleAsync();
        return ((double)await CountAsync(roost) / Items, await roost.Writer.RunAsync(session => session.Ready.Lanes));
    }

    private static Task<long> CountAsync(RoostRuntime roost) => roost.Writer.RunAsync(session => session.Connection.Statements.Sum(statement => (long)statement.TakeMachineSteps()));

    [Test]
    public async Task What_another_writes_costs_a_look_at_its_lanes_alone()
    {
        await using RoostRuntime roost = TestRuntime.Create(Serving(300), null, OneStep());
        await roost.EnqueueAsync(Queues(300).Select(queue => new WorkItem("scripted") { Queue = queue, Delay = TimeSpan.FromDays(1) }));
        using Ghost other = await Ghost.StartAsync(roost);
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "before" });
        await roost.WaitAsync("before").Soon();
        await WalksAsync(roost);

        await other.Writer.RunAsync(session => session.Enqueue.Execute(new(new WorkItem("scripted") { Queue = "q7" }, "theirs", "{}"u8.ToArray(), [], null)));
        (await roost.WaitAsync("theirs").Soon()).State.Should().Be(WorkState.Done);

        (await WalksAsync(roost)).Should().Be(0, "nothing was read anew but the lane that has changed");
        await stop.CancelAsync();
        await loop.Soon();
        FileAudit.MustAgree(roost.Path);
    }

    private static Task<long> WalksAsync(RoostRuntime roost) => roost.Writer.RunAsync(session =>
        session.Connection.Statements.Where(statement => statement.Sql.Contains("lane > ?1", StringComparison.Ordinal)).Sum(statement => (long)statement.TakeMachineSteps()));

    [Test]
    public async Task Two_that_share_a_file_with_many_lanes_do_everything_once()
    {
        const int Lanes = 150;
        RoostOptions options = Serving(Lanes) with { Concurrency = 8 };
        await using RoostRuntime one = TestRuntime.Create(options, null, TwoSteps()), two = TestRuntime.Beside(one, TwoSteps());
        using var stop = new CancellationTokenSource();
        Task loops = Task.WhenAll(one.RunAsync(stop.Token), two.RunAsync(stop.Token));
        var random = new Random(9);
        var ids = new List<string>();
        for (int round = 0; round < 6; round++)
        {
            WorkItem[] items = [.. Enumerable.Range(0, Lanes).Select(i => new WorkItem("scripted")
            {
                Queue = FormattableString.Invariant($"q{i}"),
                Priority = random.Next(2),
                Delay = i % 10 == 0 ? TimeSpan.FromMilliseconds(20) : null,
                Resources = i % 7 == 0 ? ["shared"] : [],
            })];
            ids.AddRange((await (round % 2 == 0 ? one : two).EnqueueAsync(items)).Select(made => made.Id));
            if (round % 2 == 1) await two.PurgeAsync(new(TimeSpan.Zero));
            await one.Awaiting(it => it.EnqueueAsync([new WorkItem("scripted") { Queue = "q3", Id = FormattableString.Invariant($"never{round}") }, new WorkItem("scripted") { Queue = "q4" }, new WorkItem("scripted") { Id = "ö", ParentId = "nobody" }]))
                .Should().ThrowAsync<InvalidInputException>("and nothing of it is remembered");
        }

        await Waiting.Until(() => one.Number("SELECT count(*) FROM work WHERE state NOT IN ('done')") == 0);
        await stop.CancelAsync();
        await loops.Soon();

        ids.Should().HaveCount(6 * Lanes);
        (one.Number("SELECT count(*) FROM work") + one.Number("SELECT coalesce(sum(data ->> 'items'), 0) FROM event WHERE kind = 'purged'")).Should().Be(6 * Lanes);
        FileAudit.MustAgree(one.Path);
    }

    private static ScriptedEngine TwoSteps() => ScriptedEngine.From((state, _) => state == 0 ? ScriptedEngine.GoOn(1, TimeSpan.FromMilliseconds(1)) : ScriptedEngine.Finish(2));

    [Test]
    public async Task A_purge_removes_empty_lanes_and_a_worker_that_knew_them_goes_on()
    {
        await using RoostRuntime roost = TestRuntime.Create(Serving(20), null, OneStep()), other = TestRuntime.Beside(roost, OneStep());
        await other.EnqueueAsync(new WorkItem("scripted") { Queue = "q0", Id = "known to the other" });
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        string[] first = [.. (await roost.EnqueueAsync(Queues(20).Select(queue => new WorkItem("scripted") { Queue = queue }))).Select(made => made.Id)];
        foreach (string id in first) await roost.WaitAsync(id).Soon();
        await roost.WaitAsync("known to the other").Soon();
        roost.Number("SELECT count(*) FROM lane").Should().Be(40, "an item without a snapshot is in another lane than one with it");
        long last = roost.Number("SELECT max(key) FROM lane");

        (await other.PurgeAsync(new(TimeSpan.Zero))).Items.Should().Be(21);

        roost.Number("SELECT count(*) FROM lane").Should().Be(0);
        roost.Number("SELECT count(*) FROM lane_count").Should().Be(0);
        string again = await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "q0" }), theirs = await other.EnqueueAsync(new WorkItem("scripted") { Queue = "q0" });
        (await roost.WaitAsync(again).Soon()).State.Should().Be(WorkState.Done);
        (await roost.WaitAsync(theirs).Soon()).State.Should().Be(WorkState.Done);
        roost.Number("SELECT min(key) FROM lane").Should().Be(last + 1, "a key is never given again");
        await stop.CancelAsync();
        await loop.Soon();
        FileAudit.MustAgree(roost.Path);
    }

    [Test]
    public async Task A_lane_in_which_anything_is_left_stays()
    {
        await using RoostRuntime roost = TestRuntime.Create(Serving(3), null, ScriptedEngine.From((state, _) => ScriptedEngine.GiveUp("no")));
        await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "q0" });
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "q1", Delay = TimeSpan.FromDays(1) });
        await roost.EnqueueAsync(new WorkItem("elsewhere") { Queue = "q2", Id = "cancelled" });
        await roost.CancelAsync("cancelled");

        await roost.PurgeAsync(new(TimeSpan.Zero));
        await roost.PurgeAsync(new(TimeSpan.Zero));

        roost.Rows("SELECT queue || ' ' || state_version FROM lane ORDER BY key").Should().Equal("q0 1", "q1 0");
        await roost.PurgeAsync(new(TimeSpan.Zero) { States = [WorkState.Failed] });
        roost.Rows("SELECT queue FROM lane").Should().Equal("q1");
        FileAudit.MustAgree(roost.Path);
    }

    [Test]
    public async Task A_purge_goes_on_where_it_was_however_many_lanes_there_are()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        await roost.EnqueueAsync(Queues(1200).Select(queue => new WorkItem("scripted") { Queue = queue, Id = queue }));
        await roost.Writer.RunAsync(session => Queues(1200).All(queue => session.Endings.Cancel(session.Work.Find(queue)!.Value, null)));
        await CountAsync(roost);

        (await roost.PurgeAsync(new(TimeSpan.Zero))).Items.Should().Be(1200);

        roost.Number("SELECT count(*) FROM lane").Should().Be(0);
        roost.Number("SELECT count(*) FROM event WHERE kind = 'purged'").Should().Be(3);
        FileAudit.MustAgree(roost.Path);
    }

    [Test]
    public async Task A_lane_that_was_rolled_back_is_not_taken_for_the_one_that_got_its_key()
    {
        await using RoostRuntime roost = TestRuntime.Create(Serving(5), null, OneStep()), other = TestRuntime.Beside(roost, OneStep());
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await roost.WaitAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon();
        await roost.Awaiting(it => it.EnqueueAsync([new WorkItem("scripted") { Queue = "q1" }, new WorkItem("scripted") { ParentId = "nobody" }])).Should().ThrowAsync<InvalidInputException>();
        string theirs = await other.EnqueueAsync(new WorkItem("elsewhere") { Queue = "q2" });

        string ours = await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "q1" });
        (await roost.WaitAsync(ours).Soon()).State.Should().Be(WorkState.Done);

        roost.Text("SELECT queue FROM lane JOIN work ON work.lane = lane.key WHERE id = $0", ours).Should().Be("q1");
        roost.StateOf(theirs).Should().Be("queued");
        await stop.CancelAsync();
        await loop.Soon();
        FileAudit.MustAgree(roost.Path);
    }

    [Test]
    public async Task What_was_written_down_of_changes_is_bounded_and_who_misses_some_reads_everything()
    {
        await using RoostRuntime roost = TestRuntime.Create(Serving(2), null, OneStep());
        using Ghost other = await Ghost.StartAsync(roost);
        await roost.EnqueueAsync(new WorkItem("scripted"));
        roost.Number("SELECT count(*) FROM lane_change").Should().BePositive("another is registered");

        (await roost.Writer.RunAsync(session => Told(session, "(SELECT max(seq) + 1 FROM lane_change)"))).Should().Equal(258L);
        (await roost.Writer.RunAsync(session => Told(session, "(SELECT max(seq) + 2 FROM lane_change)"))).Should().BeNull("one is missing");
        await roost.Writer.RunAsync(session => Told(session, "10239"));
        for (int i = 0; i < 2; i++) await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "q1" });

        roost.Number("SELECT min(seq) FROM lane_change").Should().BeGreaterThan(8000);

        static List<long>? Told(Session session, string seq)
        {
            var lanes = new List<long>();
            session.LaneChanges.Follow();
            session.Connection.Prepare($"INSERT INTO lane_change (seq, lanes) VALUES ({seq}, x'0201000000000000')").Run();
            return session.LaneChanges.ReadOthers(lanes.Add) ? lanes : null;
        }
    }

    [Test]
    public async Task Nothing_is_written_down_for_others_while_there_are_none()
    {
        await using RoostRuntime roost = TestRuntime.Create(Serving(2), null, OneStep());
        await roost.EnqueueAsync(Queues(2).Select(queue => new WorkItem("scripted") { Queue = queue }));

        await roost.RunUntilIdleAsync();

        roost.Number("SELECT count(*) FROM lane_change").Should().Be(0);
    }

    [Test]
    public void A_heap_gives_its_items_in_their_order_whatever_was_moved_or_taken_out()
    {
        var random = new Random(5);
        var engine = new EngineLanes();
        var heap = new RankedHeap<ActiveLane, ActiveLane.ByDue>();
        var there = new List<ActiveLane>();
        for (int i = 0; i < 3000; i++)
        {
            int what = random.Next(4);
            if (what < 2 || there.Count == 0) there.Add(new(new(i, "e", "q", 1), engine));
            ActiveLane lane = what < 2 ? there[^1] : there[random.Next(there.Count)];
            if (what == 3)
            {
                heap.Remove(lane);
                heap.Remove(lane);
                there.Remove(lane);
                continue;
            }
            lane[LaneOrder.Due].Head = new(i, 0, random.Next(500));
            heap.Place(lane);
            heap.First![LaneOrder.Due].Head.Place.Should().Be(there.Min(it => it[LaneOrder.Due].Head.Place));
        }
        var order = new List<long>();
        while (heap.First is { } first)
        {
            order.Add(first[LaneOrder.Due].Head.Place);
            heap.Remove(first);
        }

        order.Should().HaveCount(there.Count).And.BeInAscendingOrder();
    }
}
