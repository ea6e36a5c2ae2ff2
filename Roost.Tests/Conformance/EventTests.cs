using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Reading, following and trimming the history.</summary>
internal sealed class EventTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Test]
    public async Task The_history_of_an_item_tells_its_life_in_order()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.From((state, context) =>
        {
            context.AddEvent("seen", new { state });
            return state < 1 ? ScriptedEngine.GoOn(state + 1) : ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "w" });
        await roost.EnqueueAsync(new WorkItem("other") { Id = "beside" });
        await roost.RunUntilIdleAsync();

        IReadOnlyList<WorkEvent> events = (await roost.ListEventsAsync("w")).Items;

        events.Where(one => one.Kind != EventKinds.Claimed).Select(one => one.Kind).Should().Equal(
            EventKinds.Enqueued, EventKinds.Stepped, "engine.seen", EventKinds.Stepped, "engine.seen", EventKinds.Done);
        events.Should().OnlyContain(one => one.WorkId == "w" && one.At == TestRuntime.Start);
        events.Select(one => one.Sequence).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        events[0].Data!.Value.GetProperty("engine").GetString().Should().Be("scripted");
        events.First(one => one.Kind == EventKinds.Claimed).Data.Should().NotBeNull();
    }

    [Test]
    public async Task A_step_that_was_saved_tells_its_version_and_name_its_try_and_what_it_waits()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((state, context) => (state, context.Attempt) switch
        {
            (0, 1) => throw new InvalidOperationException("once"),
            (0, _) => ScriptedEngine.GoOn(1),
            (1, _) => ScriptedEngine.GoOn(2, TimeSpan.FromMinutes(1)),
            _ => ScriptedEngine.Finish(3),
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "w" });

        await roost.RunThroughAsync(clock);

        (await roost.ListEventsAsync("w")).Items.Where(one => one.Kind is EventKinds.Stepped or EventKinds.Done)
            .Select(one => one.Data!.Value.GetRawText()).Should().Equal(
                """{"version":1,"step":"init"}""",
                """{"version":2,"step":"init","attempt":2}""",
                """{"version":3,"step":"init","delay_ms":60000}""",
                """{"version":4,"step":"done"}""");
    }

    [Test]
    public async Task The_whole_file_is_read_page_by_page_to_an_empty_one()
    {
        await using RoostRuntime roost = await WithItemsAsync(5);

        IReadOnlyList<WorkEvent> first = (await roost.ListEventsAsync(limit: 3)).Items;
        IReadOnlyList<WorkEvent> second = (await roost.ListEventsAsync(after: first[^1].Sequence, limit: 3)).Items;
        IReadOnlyList<WorkEvent> end = (await roost.ListEventsAsync(after: second[^1].Sequence, limit: 3)).Items;

        first.Concat(second).Select(one => one.WorkId).Should().Equal("w0", "w1", "w2", "w3", "w4");
        end.Should().BeEmpty();
    }

    [Test]
    public async Task The_end_is_read_page_by_page_back_to_the_beginning()
    {
        await using RoostRuntime roost = await WithItemsAsync(5);

        IReadOnlyList<WorkEvent> last = (await roost.ListLastEventsAsync(limit: 3)).Items;
        IReadOnlyList<WorkEvent> earlier = (await roost.ListLastEventsAsync(before: last[0].Sequence, limit: 3)).Items;
        IReadOnlyList<WorkEvent> end = (await roost.ListLastEventsAsync(before: earlier[0].Sequence, limit: 3)).Items;

        last.Select(one => one.WorkId).Should().Equal("w2", "w3", "w4");
        earlier.Select(one => one.WorkId).Should().Equal("w0", "w1");
        end.Should().BeEmpty();
    }

    [Test]
    public async Task The_end_of_one_item_holds_nothing_of_others()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(3));
        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "w" }, new WorkItem("scripted") { Id = "beside" }]);
        await roost.RunUntilIdleAsync();

        IReadOnlyList<WorkEvent> last = (await roost.ListLastEventsAsync("w", limit: 2)).Items;

        last.Should().OnlyContain(one => one.WorkId == "w");
        last.Select(one => one.Kind).Should().Equal(EventKinds.Stepped, EventKinds.Done);
        (await roost.ListLastEventsAsync("w"))
            .Items.Should()
            .BeEquivalentTo((await roost.ListEventsAsync("w")).Items, compare => compare.WithStrictOrdering().Excluding(one => one.Data));
    }

    [Test]
    public async Task A_page_of_the_end_is_bounded_by_the_size_of_its_data_and_keeps_the_latest()
    {
        string large = new('x', 3_000_000);
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.From((state, context) =>
        {
            context.AddEvent("large", new { large });
            return state < 5 ? ScriptedEngine.GoOn(state + 1) : ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "w" });
        await roost.RunUntilIdleAsync();

        IReadOnlyList<WorkEvent> last = (await roost.ListLastEventsAsync("w")).Items;

        last.Count(one => one.Kind == "engine.large").Should().Be(3);
        last[^1].Kind.Should().Be(EventKinds.Done);
    }

    [Test]
    public async Task An_event_about_the_file_names_no_item()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.RunUntilIdleAsync();

        (await roost.ListEventsAsync())
            .Items.Select(one => (one.Kind, one.WorkId))
            .Should()
            .Equal((EventKinds.WorkerStarted, null), (EventKinds.WorkerStopped, null));
    }

    [Test]
    public async Task Bad_arguments_are_refused_by_name()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await roost.Invoking(it => it.ListEventsAsync(after: -1)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("after");
        (await roost.Invoking(it => it.ListEventsAsync(limit: 0)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("limit");
        (await roost.Invoking(it => it.ListLastEventsAsync(before: 0)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("before");
        (await roost.Invoking(it => it.ListLastEventsAsync(limit: 10_001)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("limit");
        await roost.Invoking(it => it.ListLastEventsAsync("nobody")).Should().ThrowAsync<NotFoundException>();
        roost.Invoking(it => it.WatchEventsAsync(after: -1)).Should().Throw<InvalidInputException>();
        await roost.Invoking(it => it.ListEventsAsync("nobody")).Should().ThrowAsync<NotFoundException>();
        await roost.Invoking(it => it.WatchEventsAsync("nobody").GetAsyncEnumerator().MoveNextAsync().AsTask()).Should().ThrowAsync<NotFoundException>();
    }

    [Test]
    public async Task Events_above_the_cap_are_trimmed_and_the_watermark_says_up_to_where()
    {
        await using RoostRuntime roost = await WithItemsAsync(1200, cap: 1000);

        IReadOnlyList<WorkEvent> kept = (await roost.ListEventsAsync(limit: 10_000)).Items;

        kept.Should().HaveCount(1000);
        kept[0].Sequence.Should().Be(201);
        (await roost.ListEventsAsync(after: 200, limit: 1)).Items.Single().Sequence.Should().Be(201);
        foreach (long below in (long[])[0, 199])
            (await roost.Invoking(it => it.ListEventsAsync(after: below)).Should().ThrowAsync<EventsTrimmedException>()).Which.Watermark.Should().Be(200);
        await roost.Invoking(it => it.WatchEventsAsync(after: 199).GetAsyncEnumerator().MoveNextAsync().AsTask()).Should().ThrowAsync<EventsTrimmedException>();
    }

    [Test]
    public async Task What_is_trimmed_of_one_items_history_is_an_error_too()
    {
        await using RoostRuntime roost = await WithItemsAsync(1200, cap: 1000);
        await roost.SetPriorityAsync("w0", 5);

        (await roost.ListEventsAsync("w0")).Items.Select(one => one.Kind).Should().Equal(EventKinds.PriorityChanged);
        await roost.Invoking(it => it.ListEventsAsync("w0", after: 0)).Should().ThrowAsync<EventsTrimmedException>();
    }

    [Test]
    public async Task Watching_tells_the_past_and_then_each_event_once_it_is_committed()
    {
        await using RoostRuntime roost = await WithItemsAsync(2);
        await using IAsyncEnumerator<WorkEvent> watch = roost.WatchEventsAsync().GetAsyncEnumerator();

        (await NextAsync(watch)).WorkId.Should().Be("w0");
        (await NextAsync(watch)).WorkId.Should().Be("w1");
        Task<WorkEvent> third = NextAsync(watch);
        third.IsCompleted.Should().BeFalse();
        await roost.EnqueueAsync(new WorkItem("e") { Id = "new" });
        (await third).WorkId.Should().Be("new");
    }

    [Test]
    public async Task Watching_one_item_from_a_number_on_leaves_out_the_rest()
    {
        await using RoostRuntime roost = await WithItemsAsync(2);
        await using IAsyncEnumerator<WorkEvent> watch = roost.WatchEventsAsync("w0", after: 1).GetAsyncEnumerator();

        Task<WorkEvent> next = NextAsync(watch);
        await roost.SetPriorityAsync("w1", 1);
        await roost.CancelAsync("w0");

        (await next).Should().BeEquivalentTo(new { WorkId = "w0", Kind = EventKinds.Cancelled });
    }

    [Test]
    public async Task Another_runtimes_events_are_seen_by_a_runtime_that_runs_no_loop()
    {
        await using RoostRuntime writer = await WithItemsAsync(0);
        await using RoostRuntime watcher = await BesideAsync(writer);
        await using IAsyncEnumerator<WorkEvent> watch = watcher.WatchEventsAsync().GetAsyncEnumerator();

        Task<WorkEvent> next = NextAsync(watch);
        await writer.EnqueueAsync(new WorkItem("e") { Id = "elsewhere" });

        (await next).WorkId.Should().Be("elsewhere");
    }

    [Test]
    public async Task A_watcher_that_falls_behind_the_cap_learns_it()
    {
        await using RoostRuntime roost = await WithItemsAsync(600, cap: 1000);
        await using IAsyncEnumerator<WorkEvent> watch = roost.WatchEventsAsync().GetAsyncEnumerator();
        await NextAsync(watch);
        await roost.EnqueueAsync(Enumerable.Range(0, 2000).Select(_ => new WorkItem("e")));

        Func<Task> readOn = async () =>
        {
            while (true) await NextAsync(watch);
        };

        (await readOn.Should().ThrowAsync<EventsTrimmedException>()).Which.Watermark.Should().Be(1600);
    }

    [Test]
    public async Task A_watcher_of_a_quiet_item_goes_on_from_the_last_event_of_the_file_and_so_does_not_fall_behind()
    {
        await using RoostRuntime roost = await WithItemsAsync(10);

        EventStretch page = await roost.Store.Reads.EventsAsync("w3", null, 500, CancellationToken.None);

        page.Events.Single().Sequence.Should().Be(4);
        page.UpTo.Should().Be(10);
    }

    [Test]
    public async Task A_page_that_is_full_goes_on_from_its_last_event()
    {
        await using RoostRuntime roost = await WithItemsAsync(10);

        (await roost.Store.Reads.EventsAsync((string?)null, 2, 3, CancellationToken.None)).UpTo.Should().Be(5);
    }

    [Test]
    public async Task Cancelling_and_disposing_end_a_watch()
    {
        RoostRuntime roost = await WithItemsAsync(0);
        await using (roost)
        {
            using var stop = new CancellationTokenSource();
            Task<WorkEvent> cancelled = NextAsync(roost.WatchEventsAsync(cancellationToken: stop.Token).GetAsyncEnumerator());
            await stop.CancelAsync();
            await FluentActions.Awaiting(() => cancelled).Should().ThrowAsync<OperationCanceledException>();
        }
        RoostRuntime other = await WithItemsAsync(0);
        Task<WorkEvent> disposed = NextAsync(other.WatchEventsAsync().GetAsyncEnumerator());
        await other.DisposeAsync();
        await FluentActions.Awaiting(() => disposed).Should().ThrowAsync<OperationCanceledException>();
    }

    private async Task<RoostRuntime> WithItemsAsync(int n, long? cap = null)
    {
        RoostRuntime roost = await OpenAsync(new RoostOptions { MaxEvents = cap }, TestRuntime.Clock());
        await roost.EnqueueAsync(Enumerable.Range(0, n).Select(i => new WorkItem("e") { Id = $"w{i}" }));
        return roost;
    }

    private static async Task<WorkEvent> NextAsync(IAsyncEnumerator<WorkEvent> watch)
    {
        (await watch.MoveNextAsync().AsTask().WaitAsync(Patience)).Should().BeTrue();
        return watch.Current;
    }
}
