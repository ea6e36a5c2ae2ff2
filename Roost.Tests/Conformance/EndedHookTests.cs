using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>An engine is told of its items that have ended without being done.</summary>
internal sealed class EndedHookTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>Does what the payload says, and keeps what it is told.</summary>
    private sealed class Telling(Func<EndContext, Task>? hook = null) : Engine<int>
    {
        public ConcurrentQueue<string> Told { get; } = new();

        public ConcurrentQueue<string> Keys { get; } = new();

        public override string EngineId => "telling";

        protected override int Init(WorkItem item) => 7;

        protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(
            context.Item.Id.StartsWith("fails", StringComparison.Ordinal) ? Fail("as its name says") : Done(state));

        protected override async Task OnEndedAsync(int state, EndContext context)
        {
            Told.Enqueue($"{context.Item.Id} {context.State.Name()} {context.Reason} v{context.Version} {state} try {context.Attempt}");
            Keys.Enqueue(context.IdempotencyKey);
            if (hook is not null) await hook(context);
        }
    }

    [Test]
    public async Task It_is_told_of_what_failed_or_was_cancelled_or_discarded_and_not_of_what_is_done()
    {
        var engine = new Telling();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), engine);
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync([
            new WorkItem("telling") { Id = "done" },
            new WorkItem("telling") { Id = "fails" },
            new WorkItem("telling") { Id = "cancelled", Delay = TimeSpan.FromDays(1) },
            new WorkItem("telling") { Id = "overdue", Delay = TimeSpan.FromDays(1), Deadline = TestRuntime.Start.AddDays(2) },
        ]);
        await roost.CancelAsync("cancelled", "not wanted");

        await roost.RunUntilIdleAsync();

        engine.Told.Should().BeEquivalentTo("fails failed engine_failed v1 7 try 1", "cancelled cancelled not wanted v0 0 try 1");
        roost.EventsOf("fails")[^2..].Should().Equal("failed", "end_told");
        roost.Events(EventKinds.EndTold).Single(one => one.WorkId == "fails").Text().Should().Be("""{"state":"failed","attempt":1}""");
        await roost.DiscardAsync("fails", "given up");
        await roost.RunUntilIdleAsync();
        engine.Told.Last().Should().Be("fails cancelled given up v1 7 try 1");
        engine.Keys.Distinct().Should().HaveCount(3, "each end has a key of its own");
        roost.StateOf("done").Should().Be(WorkState.Done);
        MustAgree(roost);
    }

    [Test]
    public async Task What_it_throws_is_tried_again_after_the_backoff_until_its_own_attempts_are_used_up()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var log = new KeptLog();
        var engine = new Telling(_ => throw new IOException("the other side is gone"));
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 3, LoggerFactory = log }, clock, engine);
        await roost.EnqueueAsync(new WorkItem("telling") { Id = "fails" });

        DateTimeOffset second = (await roost.RunUntilIdleAsync()).Due!.Value;
        (second - TestRuntime.Start).TotalMilliseconds.Should().BeInRange(500, 1000);
        (await roost.GetDeadLetterAsync("fails")).Failure.Message.Should().Be("as its name says", "the end itself is as it was");
        clock.SetUtcNow(second);
        clock.SetUtcNow((await roost.RunUntilIdleAsync()).Due!.Value);
        (await roost.RunUntilIdleAsync()).Due.Should().BeNull();

        engine.Told.Select(line => line[^1]).Should().Equal('1', '2', '3');
        engine.Keys.Distinct().Should().ContainSingle();
        roost.Events(EventKinds.EndUntold).Single().Text().Should().Be(
            """{"state":"failed","attempt":3,"error_type":"System.IO.IOException","message":"the other side is gone"}""");
        log.Lines.Should().ContainMatch("*not told of the end of work item fails in try 3, and is not told of it any more*the other side is gone*");
        MustAgree(roost);
    }

    [Test]
    public async Task Whoever_cancels_needs_not_know_the_engine_and_a_loop_that_runs_tells_it()
    {
        var told = new Gate();
        var engine = new Telling(_ =>
        {
            told.Reach();
            return Task.CompletedTask;
        });
        await using RoostRuntime roost = await OpenAsync(null, engine);
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await using (RoostRuntime stranger = await BesideAsync(roost))
        {
            await Waiting.Until(() => roost.ListWorkersAsync().GetAwaiter().GetResult().Count == 1);
            await stranger.EnqueueAsync(new WorkItem("telling") { Id = "it", Delay = TimeSpan.FromDays(1) });
            await stranger.CancelAsync("it");
        }
        await told.Reached;
        await Waiting.Until(() => roost.EventsOf("it").Contains("end_told"));
        await stop.CancelAsync();
        await loop;
        MustAgree(roost);
    }

    [Test]
    public async Task What_was_taken_by_a_process_that_died_is_told_when_its_time_is_over()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var engine = new Telling();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { EndedTimeout = Minute, StepTimeoutGrace = TimeSpan.Zero }, clock, engine);
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(new WorkItem("telling") { Id = "it" });
        await roost.CancelAsync("it");
        using Ghost ghost = await GhostAsync(roost, engine);
        (await ghost.TakeEndAsync())!.Item.Id.Should().Be("it");
        ghost.Die();

        (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start + Minute);
        engine.Told.Should().BeEmpty();
        clock.Advance(Minute);
        await roost.RunUntilIdleAsync();

        engine.Told.Should().Equal("it cancelled  v0 0 try 2");
        MustAgree(roost);
    }

    [Test]
    public async Task A_stale_teller_changes_nothing()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var engine = new Telling();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { EndedTimeout = Minute, StepTimeoutGrace = TimeSpan.Zero }, clock, engine);
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(new WorkItem("telling") { Id = "fails" });
        await roost.RunUntilIdleAsync();
        await roost.DiscardAsync("fails");
        using Ghost stale = await GhostAsync(roost, engine);
        Roost.Stores.EndedWork first = (await stale.TakeEndAsync())!;
        clock.Advance(Minute);
        (await stale.TakeEndAsync())!.Attempt.Should().Be(2);
        string before = Host.Everything(roost);

        await stale.SaveEndAsync(first, new(null));
        await stale.SaveEndAsync(first, new(new(FailReasons.Error, null, "late", null, 1)));

        Host.Everything(roost).Should().Be(before);
        await stale.LeaveAsync();
    }

    [Test]
    public async Task A_dead_letter_that_is_retried_first_is_not_told_of_until_it_ends_again()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        int tries = 0;
        var engine = new Telling(_ => ++tries == 1 ? throw new IOException("once") : Task.CompletedTask);
        await using RoostRuntime roost = await OpenAsync(clock, engine);
        await roost.EnqueueAsync(new WorkItem("telling") { Id = "fails" });
        await roost.RunUntilIdleAsync();

        await roost.RetryAsync("fails");
        await roost.RunUntilIdleAsync();
        clock.Advance(Minute);
        await roost.RunUntilIdleAsync();

        engine.Told.Should().Equal("fails failed engine_failed v1 7 try 1", "fails failed engine_failed v1 7 try 1");
        engine.Keys.Distinct().Should().HaveCount(2);
        MustAgree(roost);
    }

    [Test]
    public async Task One_that_takes_too_long_is_told_so_and_tried_again()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var gate = new Gate();
        int tries = 0;
        var engine = new Telling(async context =>
        {
            if (++tries == 1) await gate.UntilFiredAsync(context.CancellationToken);
            context.CancellationToken.ThrowIfCancellationRequested();
        });
        await using RoostRuntime roost = await OpenAsync(clock, engine);
        await roost.EnqueueAsync(new WorkItem("telling") { Id = "fails" });
        Task<IdleState> running = roost.RunUntilIdleAsync();
        await gate.Reached;

        clock.Advance(Minute);
        DateTimeOffset next = (await running.Soon()).Due!.Value;
        clock.SetUtcNow(next);
        await roost.RunUntilIdleAsync();

        tries.Should().Be(2);
        roost.EventsOf("fails").Should().Contain("end_told");
    }

    [Test]
    public async Task It_holds_up_neither_the_items_own_end_nor_other_work()
    {
        var gate = new Gate();
        var engine = new Telling(_ => gate.PassAsync());
        await using RoostRuntime roost = await OpenAsync(null, engine);
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await roost.EnqueueAsync(new WorkItem("telling") { Id = "fails" });
        await gate.Reached;

        (await roost.WaitAsync("fails").Soon()).State.Should().Be(WorkState.Failed);
        await roost.EnqueueAsync(new WorkItem("telling") { Id = "other" });
        (await roost.WaitAsync("other").Soon()).State.Should().Be(WorkState.Done);

        gate.Open();
        await stop.CancelAsync();
        await loop;
        roost.EventsOf("fails").Should().Contain("end_told", "a loop that stops lets it end");
    }

    [Test]
    public async Task A_script_that_runs_one_item_tells_of_its_end_before_it_returns()
    {
        var engine = new Telling();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), engine);
        await roost.EnqueueAsync(new WorkItem("telling") { Id = "fails" });

        (await roost.RunUntilDoneAsync("fails")).State.Should().Be(WorkState.Failed);

        engine.Told.Should().ContainSingle();
    }

    [Test]
    public async Task An_engine_of_a_scope_is_told_within_one_and_an_engine_on_snapshots_gets_the_last()
    {
        var raw = new RawTelling();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        int scopes = 0;
        roost.AddScopedEngine(() =>
        {
            scopes++;
            return new(raw);
        });
        await roost.EnqueueAsync(new WorkItem("raw-telling") { Id = "it" });

        await roost.RunUntilIdleAsync();

        raw.Told.Should().Be("2 at version 2");
        scopes.Should().Be(4, "to learn its id, for two steps, and to tell it");
    }

    [Test]
    public async Task An_engine_that_does_not_ask_is_told_nothing_and_nothing_is_stored()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(),
            ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("no")),
            new RawEngine((_, _, _) => Outcome.Fail("no"))
        );
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.EnqueueAsync(new WorkItem("raw") { Id = "raw" });
        await roost.RunUntilIdleAsync();
        roost.EventsOf("it")[^1].Should().Be("failed");
        roost.EventsOf("raw")[^1].Should().Be("failed");
        Host.UntoldEnds(roost).Should().Be(0);
    }

    [Test]
    public async Task A_purge_drops_what_was_not_told_yet()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, new Telling());
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(new WorkItem("telling") { Id = "it" });
        await roost.CancelAsync("it");
        Host.UntoldEnds(roost).Should().Be(1);
        clock.Advance(Minute);

        (await roost.PurgeAsync(new(TimeSpan.FromSeconds(1)))).Items.Should().Be(1);

        Host.UntoldEnds(roost).Should().Be(0);
        MustAgree(roost);
    }

    private sealed class RawTelling : IEngine
    {
        public string? Told { get; private set; }

        public string EngineId => "raw-telling";

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => Task.FromResult(Snapshot.First(item, 1));

        public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context) => Task.FromResult(Outcome.Fail("no", snapshot.Next(2)));

        public Task OnEndedAsync(Snapshot? last, EndContext context)
        {
            Told = $"{last!.DataAs<int>()} at version {last.Version}";
            return Task.CompletedTask;
        }
    }
}
