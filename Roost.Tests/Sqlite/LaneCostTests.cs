using Roost.Sqlite.Tables;
using Roost.Sqlite.Writing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Many engines and queues: what is empty costs nothing and goes, and what others write is followed.</summary>
[TestFixture]
internal sealed class LaneCostTests
{
    private static RoostOptions Serving(int queues) => new() { Concurrency = 1, Queues = [WorkItem.DefaultQueue, .. Queues(queues)] };

    private static IEnumerable<string> Queues(int n) => Enumerable.Range(0, n).Select(i => FormattableString.Invariant($"q{i}"));

    private static ScriptedEngine OneStep(string id = "scripted") => ScriptedEngine.CountingTo(1, id: id);

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

    private static Task<long> CountAsync(RoostRuntime roost) =>
        roost.Writer.RunAsync(session => session.Connection.Statements.Sum(statement => (long)statement.TakeMachineSteps()));

    [Test]
    public async Task What_another_writes_costs_a_look_at_its_lanes_alone()
    {
        await using RoostRuntime roost = TestRuntime.Create(Serving(300), null, OneStep());
        await roost.EnqueueAsync(Queues(300).Select(queue => new WorkItem("scripted") { Queue = queue, Delay = TimeSpan.FromDays(1) }));
        using SqliteGhost other = await SqliteGhost.StartAsync(roost);
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

    private static Task<long> WalksAsync(RoostRuntime roost) =>
        roost.Writer.RunAsync(session =>
            session
                .Connection.Statements.Where(statement => statement.Sql.Contains("lane > ?1", StringComparison.Ordinal))
                .Sum(statement => (long)statement.TakeMachineSteps())
        );

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
        roost.Number("SELECT count(*) FROM roost_lane").Should().Be(40, "an item without a snapshot is in another lane than one with it");
        long last = roost.Number("SELECT max(key) FROM roost_lane");

        (await other.PurgeAsync(new(TimeSpan.Zero))).Items.Should().Be(21);

        roost.Number("SELECT count(*) FROM roost_lane").Should().Be(0);
        roost.Number("SELECT count(*) FROM roost_lane_count").Should().Be(0);
        string again = await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "q0" }),
            theirs = await other.EnqueueAsync(new WorkItem("scripted") { Queue = "q0" });
        (await roost.WaitAsync(again).Soon()).State.Should().Be(WorkState.Done);
        (await roost.WaitAsync(theirs).Soon()).State.Should().Be(WorkState.Done);
        roost.Number("SELECT min(key) FROM roost_lane").Should().Be(last + 1, "a key is never given again");
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

        roost.Rows("SELECT queue || ' ' || state_version FROM roost_lane ORDER BY key").Should().Equal("q0 1", "q1 0");
        await roost.PurgeAsync(new(TimeSpan.Zero) { States = [WorkState.Failed] });
        roost.Rows("SELECT queue FROM roost_lane").Should().Equal("q1");
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

        roost.Number("SELECT count(*) FROM roost_lane").Should().Be(0);
        roost.Number("SELECT count(*) FROM roost_event WHERE kind = 'purged'").Should().Be(3);
        FileAudit.MustAgree(roost.Path);
    }

    [Test]
    public async Task What_was_written_down_of_changes_is_bounded_and_who_misses_some_reads_everything()
    {
        await using RoostRuntime roost = TestRuntime.Create(Serving(2), null, OneStep());
        using SqliteGhost other = await SqliteGhost.StartAsync(roost);
        await roost.EnqueueAsync(new WorkItem("scripted"));
        roost.Number("SELECT count(*) FROM roost_lane_change").Should().BePositive("another is registered");

        (await roost.Writer.RunAsync(session => Told(session, "(SELECT max(seq) + 1 FROM roost_lane_change)"))).Should().Equal(258L);
        (await roost.Writer.RunAsync(session => Told(session, "(SELECT max(seq) + 2 FROM roost_lane_change)"))).Should().BeNull("one is missing");
        await roost.Writer.RunAsync(session => Told(session, "10239"));
        for (int i = 0; i < 2; i++) await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "q1" });

        roost.Number("SELECT min(seq) FROM roost_lane_change").Should().BeGreaterThan(8000);

        static List<long>? Told(Session session, string seq)
        {
            var lanes = new List<long>();
            session.LaneChanges.Follow();
            session.Connection.Prepare($"INSERT INTO roost_lane_change (seq, lanes) VALUES ({seq}, x'0201000000000000')").Run();
            return session.LaneChanges.ReadOthers(lanes.Add) ? lanes : null;
        }
    }

    [Test]
    public async Task Nothing_is_written_down_for_others_while_there_are_none()
    {
        await using RoostRuntime roost = TestRuntime.Create(Serving(2), null, OneStep());
        await roost.EnqueueAsync(Queues(2).Select(queue => new WorkItem("scripted") { Queue = queue }));

        await roost.RunUntilIdleAsync();

        roost.Number("SELECT count(*) FROM roost_lane_change").Should().Be(0);
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
