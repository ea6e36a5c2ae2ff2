using System.Diagnostics;
using System.Globalization;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Much of everything: handles and memory stay flat, and what is large passes through in pieces.</summary>
[TestFixture, NonParallelizable, Category("Reliability")] // It measures the process.
internal sealed class LargeTests
{
    private const long Megabyte = 1024 * 1024;

    [Test]
    public async Task Many_steps_leave_handles_threads_and_memory_as_they_were()
    {
        int steps = Effort.Times(20_000, 1_000_000),
            perItem = 100,
            rounds = 12;
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { Concurrency = 64, MaxEvents = 10_000 },
            null,
            ScriptedEngine.CountingTo(perItem - 1)
        );
        var held = new List<Footprint>();
        for (int round = 0; round < rounds; round++)
        {
            await roost.EnqueueAsync(Enumerable.Range(0, steps / perItem / rounds).Select(_ => new WorkItem("scripted")));
            await roost.RunUntilIdleAsync();
            await roost.PurgeAsync(new(TimeSpan.Zero));
            held.Add(Footprint.Now());
        }

        roost.Totals().Should().Match<StateCounts>(counts => counts.Done == counts.Total);
        FileAudit.MustAgree(roost.Path);
        Footprint.MustStayFlat(held, mostBytes: Megabyte / 2, mostThreads: 2);
        Effort.Report($"{steps:N0} steps; {held[0]} at the beginning, {held[^1]} at the end");
    }

    [Test]
    public async Task Many_events_are_read_by_pages_that_stay_small()
    {
        int events = Effort.Times(20_000, 1_000_000), perStep = 500;
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, context) =>
        {
            for (int i = 0; i < perStep; i++) context.AddEvent("tick", new { n = state * perStep + i });
            return state + 1 == events / perStep ? ScriptedEngine.Finish(state + 1) : ScriptedEngine.GoOn(state + 1);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilDoneAsync(id);

        long before = Footprint.Now().Managed, most = 0, next = 0, pages = 0, slowest = 0;
        long? after = null;
        for (IReadOnlyList<WorkEvent> page; ; pages++)
        {
            long since = Stopwatch.GetTimestamp();
            page = (await roost.ListEventsAsync(id, after, 5_000)).Items;
            slowest = Math.Max(slowest, (long)Stopwatch.GetElapsedTime(since).TotalMilliseconds);
            if (page.Count == 0) break;
            after = page[^1].Sequence;
            foreach (WorkEvent one in page.Where(it => it.Kind.EndsWith("tick", StringComparison.Ordinal)))
                one.Data!.Value.GetProperty("n").GetInt64().Should().Be(next++);
            if (pages % 50 == 0) most = Math.Max(most, Footprint.Now().Managed - before);
        }

        next.Should().Be(events, "each is there once, in order");
        most.Should().BeLessThan(64 * Megabyte, "a page is held at a time");
        FileAudit.MustAgree(roost.Path);
        Effort.Report($"{events:N0} events in {pages} pages, the slowest of {slowest} ms; {most / 1024:N0} KiB more held at most");
    }

    [Test]
    public async Task A_large_artifact_passes_through_in_constant_memory()
    {
        long size = (Effort.IsFull ? 2048 : 48) * Megabyte, before = 0, most = 0;
        var content = new ObservedStream(size, n =>
        {
            if (n == 1) before = Footprint.Now().All;
            if (n % 64 == 0) most = Math.Max(most, Footprint.Now().All - before);
            return Task.CompletedTask;
        });
        await using RoostRuntime roost = TestRuntime.Create(null, Artifacts.Once(context => context.AddArtifactAsync("large.bin", content)));
        string id = await Artifacts.RunAsync(roost);
        await using Stream stored = await roost.OpenArtifactAsync(id, "large.bin");
        byte[] buffer = new byte[Artifacts.Chunk];
        long total = 0;
        for (int n, reads = 1; (n = await stored.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false)) > 0; reads++)
        {
            buffer.AsSpan(0, n).IndexOfAnyExcept((byte)reads).Should().Be(-1);
            total += n;
            if (reads % 64 == 0) most = Math.Max(most, Footprint.Now().All - before);
        }

        total.Should().Be(size);
        most.Should().BeLessThan(24 * Megabyte, "a chunk at a time, and what the page cache keeps of it");
        Effort.Report($"{size / Megabyte:N0} MiB in and out, {most / 1024:N0} KiB more held at most");
    }

    [Test]
    public async Task Many_items_that_are_due_at_once_all_run()
    {
        int items = Effort.Times(10_000, 100_000);
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Concurrency = 64 }, clock, ScriptedEngine.CountingTo(1));
        DateTimeOffset due = clock.GetUtcNow().AddHours(1);
        foreach (int[] some in Enumerable.Range(0, items).Chunk(1000))
            await roost.EnqueueAsync(some.Select(_ => new WorkItem("scripted") { Delay = TimeSpan.FromHours(1) }));
        (await roost.RunUntilIdleAsync()).Due.Should().Be(due, "nothing runs early");

        clock.SetUtcNow(due);
        long since = Stopwatch.GetTimestamp();
        (await roost.RunUntilIdleAsync()).Due.Should().BeNull();
        TimeSpan took = Stopwatch.GetElapsedTime(since);

        roost.Number("SELECT count(*) FROM roost_work WHERE state = 'done' AND version = 2").Should().Be(items);
        FileAudit.MustAgree(roost.Path);
        Effort.Report($"{items:N0} due at once, all done after {took.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture)} s");
    }

    [Test]
    public async Task What_would_not_fit_in_memory_is_refused_before_it_is_held()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((_, context) =>
        {
            context.AddEvent("endless", new { numbers = Endless() });
            return ScriptedEngine.Finish(1);
        }));
        long before = GC.GetAllocatedBytesForCurrentThread();

        InvalidInputException told = (
            await roost.Awaiting(it => it.EnqueueAsync(new WorkItem("e", new { numbers = Endless() }))).Should().ThrowAsync<InvalidInputException>()
        ).Which;

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(32 * Megabyte, "the limit is 4 MiB");
        told.Message.Should().ContainAll("Payload", "MaxJsonBytes");
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { MaxAttempts = 1 });
        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Failed);
        roost.Totals().Total.Should().Be(1);
    }

    /// <summary>Half a gigabyte of numbers, made as they are written.</summary>
    private static IEnumerable<int> Endless() => Enumerable.Range(0, 50_000_000);
}
