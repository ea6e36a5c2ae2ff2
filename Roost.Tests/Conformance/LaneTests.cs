using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Many engines and queues: the order holds across them, and none is lost sight of.</summary>
internal sealed class LaneTests(StoreHost host) : ConformanceTests(host)
{
    private static RoostOptions Serving(int queues) => new() { Concurrency = 1, Queues = [WorkItem.DefaultQueue, .. Queues(queues)] };

    private static IEnumerable<string> Queues(int n) => Enumerable.Range(0, n).Select(i => FormattableString.Invariant($"q{i}"));

    private static ScriptedEngine OneStep(string id = "scripted") => ScriptedEngine.CountingTo(1, id: id);

    [Test]
    public async Task Priority_and_then_the_time_of_waiting_decide_across_many_lanes()
    {
        var random = new Random(7);
        await using RoostRuntime roost = await OpenAsync(Serving(40), null, OneStep("a"), OneStep("b"), OneStep("c"));
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
        await using RoostRuntime roost = await OpenAsync(Serving(50), clock, OneStep());
        int[] delays = [.. Enumerable.Range(1, 50)];
        random.Shuffle(delays);
        await roost.EnqueueAsync(
            delays.Select(
                (delay, i) =>
                    new WorkItem("scripted")
                    {
                        Id = FormattableString.Invariant($"{delay}"),
                        Queue = FormattableString.Invariant($"q{i}"),
                        Delay = TimeSpan.FromSeconds(delay),
                    }
            )
        );

        (await roost.RunUntilIdleAsync().Soon()).Due.Should().Be(TestRuntime.Start.AddSeconds(1));
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
        await using RoostRuntime roost = await OpenAsync(Serving(3) with { Concurrency = 21 }, null, [.. full, OneStep()]);
        await roost.EnqueueAsync(full.SelectMany(engine => Queues(3).Select(queue => new WorkItem(engine.EngineId) { Queue = queue, Priority = 9 })));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "low" });
        Task loop = roost.RunUntilIdleAsync();

        (await roost.WaitAsync("low").Soon()).State.Should().Be(WorkState.Done);
        roost.Totals().Running.Should().Be(20);
        gate.Open();
        await loop.Soon();

        roost.Totals().Done.Should().Be(61);
    }

    [Test]
    public async Task Two_that_share_a_file_with_many_lanes_do_everything_once()
    {
        const int Lanes = 150;
        RoostOptions options = Serving(Lanes) with { Concurrency = 8 };
        await using RoostRuntime one = await OpenAsync(options, null, TwoSteps()), two = await BesideAsync(one, TwoSteps());
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
            if (round % 2 == 1)
                await two.PurgeAsync(new(TimeSpan.Zero));
            await one.Awaiting(it =>
                    it.EnqueueAsync([
                        new WorkItem("scripted") { Queue = "q3", Id = FormattableString.Invariant($"never{round}") },
                        new WorkItem("scripted") { Queue = "q4" },
                        new WorkItem("scripted") { Id = "ö", ParentId = "nobody" },
                    ])
                )
                .Should()
                .ThrowAsync<InvalidInputException>("and nothing of it is remembered");
        }

        await Waiting.Until(() => one.Totals() is var counts && counts.Done == counts.Total);
        await stop.CancelAsync();
        await loops.Soon();

        ids.Should().HaveCount(6 * Lanes);
        (one.Totals().Total + one.Events(EventKinds.Purged).Sum(one => one.Data!.Value.GetProperty("items").GetInt64())).Should().Be(6 * Lanes);
        MustAgree(one);
    }

    private static ScriptedEngine TwoSteps() =>
        ScriptedEngine.From((state, _) => state == 0 ? ScriptedEngine.GoOn(1, TimeSpan.FromMilliseconds(1)) : ScriptedEngine.Finish(2));

    [Test]
    public async Task A_lane_that_was_rolled_back_is_not_taken_for_the_one_that_got_its_key()
    {
        await using RoostRuntime roost = await OpenAsync(Serving(5), null, OneStep()), other = await BesideAsync(roost, OneStep());
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await roost.WaitAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon();
        await roost
            .Awaiting(it => it.EnqueueAsync([new WorkItem("scripted") { Queue = "q1" }, new WorkItem("scripted") { ParentId = "nobody" }]))
            .Should()
            .ThrowAsync<InvalidInputException>();
        string theirs = await other.EnqueueAsync(new WorkItem("elsewhere") { Queue = "q2" });

        string ours = await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "q1" });
        (await roost.WaitAsync(ours).Soon()).State.Should().Be(WorkState.Done);

        roost.Detail(ours).Summary.Queue.Should().Be("q1");
        roost.StateOf(theirs).Should().Be(WorkState.Queued);
        await stop.CancelAsync();
        await loop.Soon();
        MustAgree(roost);
    }
}
