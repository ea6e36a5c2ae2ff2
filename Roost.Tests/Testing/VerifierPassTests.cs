using System.Security.Cryptography;
using System.Text;
using Roost.Samples;
using Roost.Samples.Approval;
using Roost.Samples.Demo;
using Roost.Samples.Fanout;
using Roost.Samples.Watchlist;
using Roost.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Engines that can stand a crash at any step pass, and nothing is said of them that is not so.</summary>
[TestFixture]
internal sealed class VerifierPassTests
{
    [Test]
    public async Task The_demo_passes_through_its_delays()
    {
        VerificationReport report = await EngineVerifier.VerifyAsync(
            () => new DemoEngine(), new WorkItem("demo", new { count_to = 3, delay_seconds = 86_400 }));

        (report.Passed, report.Notes.Count, report.Item!.State, report.Item.Version).Should().Be((true, 0, WorkState.Done, 4));
        (report.Steps, report.Tries, report.CrashesBeforeCommit, report.CrashesAfterCommit).Should().Be((4, 16, 8, 4));
        report.VirtualTime.Should().Be(TimeSpan.FromDays(2));
    }

    [TestCase(true, "deleted, as test has decided")]
    [TestCase(null, "kept: nobody has answered in time")]
    public async Task The_approval_passes_answered_or_not(bool? answer, string result)
    {
        VerificationReport report = await EngineVerifier.VerifyAsync(
            () => new Looked<CleanUp>(new ApprovalEngine(), last => last.Result.Should().Be(result)),
            new WorkItem("approval", new CleanUp(["a", "b"])),
            new() { Answer = ask => answer is { } delete ? new Decision(delete) : null });

        report.Item!.State.Should().Be(WorkState.Done);
        report.Steps.Should().Be(3);
        report.VirtualTime.Should().Be(answer is null ? TimeSpan.FromDays(2) : TimeSpan.Zero);
    }

    [Test]
    public async Task The_watchlist_passes_where_what_it_measures_may_differ_and_only_there()
    {
        using var http = new HttpClient(new StepKeyHandler(new FakeService(answer: "it keeps going")));
        var probe = new PageProbe(http, TimeSpan.FromSeconds(10));
        var item = new WorkItem("watchlist", new Watch("http://page/", "keeps going", ChecksRequired: 3, DelaySeconds: 60));

        VerificationReport report = await EngineVerifier.VerifyAsync(() => new WatchlistEngine(probe), item, new() { Ignore = ["latency_ms"] });

        (report.Item!.State, report.Steps, report.HttpCalls, report.Notes.Count).Should().Be((WorkState.Done, 4, 12, 0));
    }

    [Test]
    public async Task A_folder_and_its_files_pass_together()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["a.md"], "# One\n\ntwo words\n");
        await File.WriteAllTextAsync(folder["b.txt"], "three\n");

        VerificationReport report = await EngineVerifier.VerifyAsync(
            () => new FolderEngine(), new WorkItem("folder", new Folder(Path.GetDirectoryName(folder["a.md"])!)), new() { Engines = [() => new FileEngine()] });

        (report.Item!.State, report.Steps, report.Notes.Count).Should().Be((WorkState.Done, 7, 0));
    }

    [Test]
    public async Task An_order_passes_with_its_payments()
    {
        VerificationReport report = await EngineVerifier.VerifyAsync(
            () => new OrderEngine(),
            new WorkItem("order", new Order(20)),
            new() { Signals = [new("payment", new Payment(12.5m)), new("payment", new Payment(7.5m)), new("unasked")] });

        (report.Item!.State, report.Item.Step, report.VirtualTime).Should().Be((WorkState.Done, "paid", TimeSpan.Zero));
        report.Notes.Should().ContainSingle().Which.Should().Be("Signals that no item has waited for: unasked.");
    }

    [TestCase(KeyPlace.Header)]
    [TestCase(KeyPlace.HyphenatedGuid)]
    [TestCase(KeyPlace.Url)]
    [TestCase(KeyPlace.Body)]
    [TestCase(KeyPlace.Hashed)]
    [TestCase(KeyPlace.SavedBefore)]
    public async Task A_call_with_the_key_passes_wherever_that_stands(KeyPlace place)
    {
        await using var service = new LoopbackService();
        using var http = new HttpClient();

        VerificationReport report = await EngineVerifier.VerifyAsync(() => new Charging(http, service.Address, place), new WorkItem("charging"));

        report.HttpCalls.Should().BeGreaterThanOrEqualTo(4).And.Be(service.Calls, "none was overlooked");
    }

    [Test]
    public async Task What_goes_on_for_ever_passes_where_it_is_to()
    {
        VerificationReport report = await EngineVerifier.VerifyAsync(
            () => new OneStep((kept, _) => Outcome.Continue(kept with { N = kept.N + 1 }, TimeSpan.FromHours(6))),
            new WorkItem("one"),
            new() { IsEndless = true, MaxSteps = 30 });

        (report.Steps, report.Item!.State, report.Item.Version, report.VirtualTime).Should().Be((30, WorkState.Queued, 30, TimeSpan.FromHours(6 * 29)));
    }

    [Test]
    public async Task Calls_at_the_same_time_pass_in_whatever_order_they_are_sent()
    {
        int steps = 0;
        using var http = new HttpClient(new StepKeyHandler(new FakeService()));

        VerificationReport report = await EngineVerifier.VerifyAsync(
            () => new OneStep(async (kept, context) =>
            {
                int[] order = Interlocked.Increment(ref steps) % 2 == 0 ? [1, 2] : [2, 1];
                foreach (int n in order)
                {
                    string hashed = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{context.IdempotencyKey} {n}")));
                    using var request = new HttpRequestMessage(HttpMethod.Post, "http://pay/") { Headers = { { "Request-Key", hashed } } };
                    using HttpResponseMessage answer = await http.SendAsync(request);
                }
                return Outcome.Done(kept);
            }),
            new WorkItem("one"));

        report.HttpCalls.Should().Be(2 * 5, "in four tries, and in one with another key");
    }

    [Test]
    public async Task Calls_pass_that_are_said_to_need_no_key_or_whose_engine_parks()
    {
        using var http = new HttpClient(new StepKeyHandler(new FakeService()));
        Func<OnInterrupted, Func<IEngine>> engine = interrupted => () => new Charging(http, "http://pay/charges", KeyPlace.None, interrupted);
        var item = new WorkItem("charging");

        await EngineVerifier.VerifyAsync(engine(OnInterrupted.Retry), item, new() { HostsWithoutKey = ["PAY"] });
        await EngineVerifier.VerifyAsync(engine(OnInterrupted.Retry), item, new() { MethodsWithoutKey = ["post"] });
        VerificationReport parked = await EngineVerifier.VerifyAsync(engine(OnInterrupted.Park), item);

        parked.CrashesBeforeCommit.Should().Be(0);
        parked.Notes.Should().ContainSingle().Which.Should().Contain("OnInterrupted.Park");
    }

    [Test]
    public async Task A_failed_first_try_passes_be_it_the_engines_or_the_services()
    {
        using var http = new HttpClient(new StepKeyHandler(new FakeService(failing: 1)));
        using var worse = new HttpClient(new StepKeyHandler(new FakeService(failing: 3)));

        VerificationReport engine = await EngineVerifier.VerifyAsync(
            () => new OneStep((kept, context) => context.Attempt == 1 ? throw new IOException("not yet") : Outcome.Done(kept)), new WorkItem("one"));
        await EngineVerifier.VerifyAsync(() => new Charging(http, "http://pay/", KeyPlace.Header), new WorkItem("charging"));
        await EngineVerifier.VerifyAsync(() => new Charging(worse, "http://pay/", KeyPlace.Header), new WorkItem("charging"));

        engine.Steps.Should().Be(3, "the failed one was a step as well");
        engine.VirtualTime.Should().BePositive();
    }

    [Test]
    public async Task A_state_that_keeps_its_childrens_ids_passes_and_a_failed_child_is_its_parents_business()
    {
        VerificationReport report = await EngineVerifier.VerifyAsync(
            () => new OneStep(async (kept, context) =>
            {
                var child = new WorkItem("child") { MaxAttempts = 1 };
                if (context.Wake is null) return Outcome.WaitFor(kept with { Text = context.AddChild(child) }, new() { Children = ChildJoin.All });
                await foreach (Child<Kept> ended in context.ChildrenAsync<Kept>()) ended.Id.Should().Be(kept.Text);
                return Outcome.Done(kept);
            }),
            new WorkItem("one"),
            new() { Engines = [() => new OneStep((Func<Kept, StepContext, Outcome>)((_, _) => throw new IOException("no")), "child")] });

        report.Item!.State.Should().Be(WorkState.Done);
        report.Notes.Should().ContainSingle().Which.Should().Contain("reason max_attempts: no");
    }

    [Test]
    public async Task What_an_engine_does_after_an_interruption_is_noted_and_no_fault()
    {
        VerificationReport report = await EngineVerifier.VerifyAsync(
            () => new OneStep((kept, context) =>
            {
                if (context.Interruptions > 0) context.AddEvent("resumed");
                return Outcome.Done(kept);
            }),
            new WorkItem("one"));

        report.Notes.Should().ContainSingle().Which.Should().Contain("where context.Interruptions is 1 more").And.Contain("events");
    }

    [Test]
    public async Task The_order_of_a_dictionarys_members_is_none_and_the_clock_and_the_key_are_the_same_in_each_try()
    {
        int calls = 0;

        await EngineVerifier.VerifyAsync(
            () => new OneStep((kept, context) =>
            {
                string[] names = Interlocked.Increment(ref calls) % 2 == 0 ? ["a", "b"] : ["b", "a"];
                context.AddArtifact("names.json", names.ToDictionary(name => name, _ => context.Now));
                context.AddEvent("key", new { context.IdempotencyKey });
                return Outcome.Done(kept);
            }),
            new WorkItem("one"));

        calls.Should().Be(4);
    }

    [Test]
    public async Task Streams_mailbox_and_workspace_are_there_in_each_try()
    {
        VerificationReport report = await EngineVerifier.VerifyAsync(
            () => new OneStep(async (kept, context) =>
            {
                if (kept.N == 0)
                {
                    context.Signal(context.Item.Id, "a");
                    context.Signal(context.Item.Id, "b");
                    return Outcome.Continue(kept with { N = 1 });
                }
                string folder = await context.Workspace.EnsureAsync(context.CancellationToken);
                await File.WriteAllTextAsync(Path.Combine(folder, "a.txt"), "a");
                await context.AddArtifactAsync("a.bin", new MemoryStream([1, 2, 3]));
                return Outcome.Done(kept with { N = context.TakeSignals().Count });
            }),
            new WorkItem("one"));

        report.Item!.Version.Should().Be(3);
    }

    [Test]
    public async Task Engines_of_tries_are_disposed_each_and_raw_ones_pass()
    {
        int made = 0, disposed = 0;

        await EngineVerifier.VerifyAsync(() =>
        {
            Interlocked.Increment(ref made);
            return new Raw(() => Interlocked.Increment(ref disposed));
        }, new WorkItem("raw"));

        made.Should().Be(2 + (2 * 3), "one tells of itself, one lasts, and three are fresh in each of two steps");
        disposed.Should().Be(made);
    }

    [Test]
    public async Task Verifications_at_the_same_time_see_their_own_calls_alone()
    {
        using var http = new HttpClient(new FakeService());
        using var shown = new HttpClient(new StepKeyHandler(new FakeService()));

        VerificationReport[] reports = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => EngineVerifier.CheckAsync(
            () => new Charging(i % 2 == 0 ? http : shown, "http://pay/", i % 2 == 0 ? KeyPlace.None : KeyPlace.Header), new WorkItem("charging"))));

        reports.Should().OnlyContain(report => report.Passed);
        reports.Where((_, i) => i % 2 == 0).Should().OnlyContain(report => report.HttpCalls == 0 && report.Notes.Single().StartsWith("4 HTTP calls"));
        reports.Where((_, i) => i % 2 == 1).Should().OnlyContain(report => report.HttpCalls == 4 && report.Notes.Count == 0);
    }

    [Test]
    public async Task One_seed_gives_one_account()
    {
        async Task<string> Account(int seed) => (await EngineVerifier.CheckAsync(
            () => new OneStep((kept, context) => context.Attempt < 4 ? throw new IOException("no") : Outcome.Done(kept with { Text = context.IdempotencyKey })),
            new WorkItem("one"),
            new() { Seed = seed })).ToString();

        (await Account(1)).Should().Be(await Account(1));
        (await Account(1)).Should().NotBe(await Account(2), "the waits between its tries have jitter");
    }

    /// <summary>An engine whose last state is looked at.</summary>
    private sealed class Looked<TState>(IEngine inner, Action<TState> look) : IEngine
    {
        public string EngineId => inner.EngineId;

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => inner.InitSnapshotAsync(item, context);

        public async Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context)
        {
            Outcome outcome = await inner.StepAsync(snapshot, item, context);
            if (outcome.Kind == OutcomeKind.Done) look(outcome.Next!.DataAs<TState>());
            return outcome;
        }
    }

    private sealed class Raw(Action disposed) : IEngine, IAsyncDisposable
    {
        public string EngineId => "raw";

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => Task.FromResult(Snapshot.First(item, new { n = 0 }));

        public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context) => Task.FromResult(Outcome.Done(snapshot.Next(new { n = 1 })));

        public ValueTask DisposeAsync()
        {
            disposed();
            return ValueTask.CompletedTask;
        }
    }
}
