using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>
/// What a filter means of the history is found wherever it lies, whatever the clock did, and an answer that has not looked at all of it says so.
/// </summary>
internal sealed class EventFilterTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly string[] Kinds = [EventKinds.Failed, EventKinds.Stepped, EventKinds.Done, EventKinds.WorkerLost, "engine.seen"];

    [Test]
    public async Task Rare_kinds_are_found_behind_any_number_of_others()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        Host.WriteEvents(roost, 171, EventKinds.Failed, TestRuntime.Start, TimeSpan.Zero);
        Host.WriteEvents(roost, 50_000, EventKinds.Stepped, TestRuntime.Start, TimeSpan.Zero);

        EventPage last = await roost.ListLastEventsAsync(new EventFilter { Kinds = [EventKinds.Failed] });
        EventPage two = await roost.ListLastEventsAsync(new EventFilter { Kinds = [EventKinds.Failed, EventKinds.Cancelled] }, limit: 2);

        last.Items.Should().HaveCount(171).And.OnlyContain(one => one.Kind == EventKinds.Failed);
        last.Next.Should().BeNull();
        two.Items.Select(one => one.Sequence).Should().Equal(170, 171);
        two.Next.Should().Be(170);
    }

    [Test]
    public async Task Every_filter_finds_what_it_means_though_the_clock_is_set_again_and_again()
    {
        int seed = Effort.Seed();
        var random = new Random(seed);
        var clock = new SetClock(TestRuntime.Clock());
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { TimeProvider = clock }, null);
        DateTimeOffset start = TestRuntime.Start;
        for (int i = 0; i < 60; i++)
        {
            clock.SetBy = TimeSpan.FromSeconds(random.Next(100));
            for (int n = random.Next(4); n >= 0; n--)
            {
                await roost.EnqueueAsync(new WorkItem(random.Next(2) == 0 ? "one" : "other") { Id = $"w{i}.{n}" });
                await roost.SetPriorityAsync($"w{i}.{n}", n);
                if (random.Next(3) == 0) await roost.CancelAsync($"w{i}.{n}");
            }
        }
        IReadOnlyList<WorkEvent> all = (await roost.ListEventsAsync(limit: 10_000)).Items;
        HashSet<string> ofOne = [.. (await roost.ListAsync(new() { Engine = "one" }, 1000)).Items.Select(item => item.Id)];

        for (int i = 0; i < 100; i++)
        {
            var filter = new EventFilter
            {
                Kinds = random.Next(4) switch
                {
                    0 => [EventKinds.Enqueued],
                    1 => [EventKinds.PriorityChanged, EventKinds.Cancelled],
                    2 => [EventKinds.Cancelled],
                    _ => [],
                },
                Engine = random.Next(3) == 0 ? "one" : null,
                WorkId = random.Next(4) == 0 ? "w7.0" : null,
                From = random.Next(3) == 0 ? null : start.AddSeconds(random.Next(-5, 90)),
                Until = random.Next(3) == 0 ? null : start.AddSeconds(random.Next(91, 105)),
            };
            long[] meant =
            [
                .. all.Where(one =>
                        (filter.Kinds.Count == 0 || filter.Kinds.Contains(one.Kind))
                        && (filter.WorkId ?? one.WorkId) == one.WorkId
                        && (filter.Engine is null || ofOne.Contains(one.WorkId!))
                        && !(one.At < filter.From)
                        && !(one.At >= filter.Until)
                    )
                    .Select(one => one.Sequence),
            ];

            (await AllAsync(roost, filter, random.Next(1, 40), back: false)).Should().Equal(meant, $"ROOST_SEED={seed}, {filter}");
            (await AllAsync(roost, filter, random.Next(1, 40), back: true)).Should().Equal(meant, $"ROOST_SEED={seed}, {filter}");
        }
        MustAgree(roost);
    }

    [Test]
    public async Task A_filter_is_followed()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        Host.WriteEvents(roost, 40_000, EventKinds.Stepped, TestRuntime.Start, TimeSpan.Zero);
        await roost.EnqueueAsync(new WorkItem("e") { Id = "w" });
        await using IAsyncEnumerator<WorkEvent> watch = roost.WatchEventsAsync(new EventFilter { Kinds = [EventKinds.Enqueued] }).GetAsyncEnumerator();

        (await watch.MoveNextAsync()).Should().BeTrue();
        watch.Current.WorkId.Should().Be("w");
        Task<bool> next = watch.MoveNextAsync().AsTask();
        await roost.SetPriorityAsync("w", 3);
        await roost.EnqueueAsync(new WorkItem("e") { Id = "x" });
        (await next.WaitAsync(TimeSpan.FromSeconds(30))).Should().BeTrue();
        watch.Current.WorkId.Should().Be("x");
    }

    [Test]
    public async Task What_is_trimmed_is_an_error_forwards_and_the_beginning_backwards()
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxEvents = 1000 }, TestRuntime.Clock());
        await roost.EnqueueAsync(Enumerable.Range(0, 1200).Select(_ => new WorkItem("e")));
        var filter = new EventFilter { Engine = "e" };

        (await roost.Invoking(it => it.ListEventsAsync(filter, after: 0)).Should().ThrowAsync<EventsTrimmedException>()).Which.Watermark.Should().Be(200);
        (await roost.ListLastEventsAsync(filter, limit: 5000))
            .Should()
            .BeEquivalentTo(new { Next = (long?)null })
            .And.Match<EventPage>(page => page.Items.Count == 1000);
    }

    [Test]
    public async Task Bad_filters_are_refused_by_name()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await RefusedAsync(new() { Kinds = [""] })).Should().Be("Kinds");
        (await RefusedAsync(new() { Kinds = [.. Enumerable.Range(0, 101).Select(i => $"k{i}")] })).Should().Be("Kinds");
        (await RefusedAsync(new() { Engine = "a\nb" })).Should().Be("Engine");
        (await RefusedAsync(new() { From = TestRuntime.Start, Until = TestRuntime.Start })).Should().Be("Until");
        (await roost.Invoking(it => it.ListLastEventsAsync(new EventFilter(), before: 0)).Should().ThrowAsync<InvalidInputException>())
            .Which.Field.Should()
            .Be("before");
        roost
            .Invoking(it => it.WatchEventsAsync(new EventFilter { Until = TestRuntime.Start }))
            .Should()
            .Throw<InvalidInputException>()
            .Which.Field.Should()
            .Be("Until");
        await roost.Invoking(it => it.ListEventsAsync(new EventFilter { WorkId = "nobody" })).Should().ThrowAsync<NotFoundException>();

        async Task<string?> RefusedAsync(EventFilter filter) =>
            (await roost.Invoking(it => it.ListEventsAsync(filter)).Should().ThrowAsync<InvalidInputException>()).Which.Field;
    }

    [Test]
    public void The_list_of_kinds_holds_all_of_them() =>
        EventKinds.All.Should().Equal(typeof(EventKinds).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!));

    [TestCaseSource(nameof(Kinds))]
    public async Task A_kind_is_found_by_its_index_where_it_has_one_and_by_its_place_else(string kind)
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        Host.WriteEvents(roost, 30, kind, TestRuntime.Start, TimeSpan.Zero);
        Host.WriteEvents(roost, 30, "engine.other", TestRuntime.Start, TimeSpan.Zero);

        (await roost.ListLastEventsAsync(new EventFilter { Kinds = [kind] })).Items.Should().HaveCount(30);
        (await roost.ListEventsAsync(new EventFilter { Kinds = [kind, "engine.other"] })).Items.Should().HaveCount(60);
    }

    private static async Task<long[]> AllAsync(RoostRuntime roost, EventFilter filter, int limit, bool back)
    {
        var all = new List<long>();
        long? at = null;
        do
        {
            EventPage page = back ? await roost.ListLastEventsAsync(filter, at, limit) : await roost.ListEventsAsync(filter, at, limit);
            all.InsertRange(back ? 0 : all.Count, page.Items.Select(one => one.Sequence));
            at = page.Next;
        }
        while (at is not null);
        return [.. all];
    }
}
