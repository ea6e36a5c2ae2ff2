using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What an engine does wrong fails its item, with a message that says so, and never the loop.</summary>
[TestFixture, NonParallelizable] // Its listeners throw at every runtime of the process.
internal sealed class BadEngineTests
{
    private sealed class Unwritable
    {
        public Func<int> Function { get; } = () => 1;
    }

    private sealed class Unspeakable : Exception
    {
        public override string Message => throw new NotSupportedException();

        public override string? StackTrace => throw new NotSupportedException();
    }

    private static IEnumerable<TestCaseData> Engines()
    {
        yield return Case("No_outcome", (_, _) => null!, "StepAsync", "null", "return Continue");
        yield return Case("No_snapshot", (_, _) => Outcome.Continue(null!), "null");
        yield return Case(
            "The_snapshot_of_another_item",
            (_, item) => Outcome.Continue(Snapshot.First(new WorkItem("raw") { Id = "other" }, 1)),
            "belongs to work item other",
            "Snapshot.Next"
        );
        yield return Case("The_same_snapshot_again", (snapshot, _) => Outcome.Continue(snapshot), "version 1", "2 is expected", "Snapshot.Next");
        yield return Case("A_snapshot_of_an_old_version", (snapshot, item) => Outcome.Continue(Snapshot.First(item, 0)), "version 1", "2 is expected");
        yield return Case("A_snapshot_of_a_later_version", (snapshot, _) => Outcome.Continue(snapshot.Next(1).Next(2)), "version 3", "2 is expected");
        yield return Case(
            "A_state_that_cannot_be_written",
            (snapshot, _) => Outcome.Continue(snapshot.Next(new Unwritable())),
            "state",
            "Unwritable",
            "cannot be written"
        );
        yield return Case(
            "A_state_over_the_limit",
            (snapshot, _) => Outcome.Continue(snapshot.Next(new string('x', 5000))),
            "state",
            "5,002",
            "2,048",
            "artifact"
        );
        yield return Case("A_state_with_a_NUL", (snapshot, _) => Outcome.Continue(snapshot.Next("a\0b")), "state", "NUL");
        yield return Case("An_empty_step_name", (snapshot, _) => Outcome.Continue(snapshot.Next(1, "")), "step", "empty");
        yield return Case("A_negative_delay", (snapshot, _) => Outcome.Continue(snapshot.Next(1), TimeSpan.FromSeconds(-1)), "after", "negative");
        yield return Case("A_failure_without_a_reason", (_, _) => Outcome.Fail(""), "reason", "empty");
        yield return Case("A_cancellation_of_its_own", (_, _) => throw new OperationCanceledException("mine"), "mine");
        yield return Case("An_exception_that_throws_when_it_is_asked_what_it_is", (_, _) => throw new Unspeakable(), "NotSupported");
        yield return Case("An_exception_with_text_that_cannot_be_stored", (_, _) => throw new InvalidOperationException("a\0b\ud800c"), "a", "b", "c");
    }

    [TestCaseSource(nameof(Engines))]
    public async Task A_bad_step_fails_its_item_and_not_the_loop(Func<Snapshot, WorkItem, Outcome> step, string[] parts)
    {
        var engine = new RawEngine((snapshot, item, _) => step(snapshot, item));
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { MaxAttempts = 1, MaxJsonBytes = 2048 },
            null,
            engine,
            ScriptedEngine.CountingTo(1)
        );
        string bad = await roost.EnqueueAsync(new WorkItem("raw"));
        string good = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilIdleAsync();

        WorkSummary ended = await roost.WaitAsync(bad);
        ended.State.Should().Be(WorkState.Failed);
        ended.Version.Should().Be(1, "nothing of the bad step was saved");
        ended.Error.Should().ContainAll(parts);
        (await roost.WaitAsync(good)).State.Should().Be(WorkState.Done);
        FileAudit.MustAgree(roost.Path);
    }

    private sealed class Moody : Engine<int>
    {
        private bool isRegistered;

        public override string EngineId => Once("moody");

        public override int StateVersion => Once(1);

        public override int? MaxConcurrency => Once((int?)2);

        public override OnInterrupted OnInterrupted => Once(OnInterrupted.Retry);

        public void Register() => isRegistered = true;

        protected override int Init(WorkItem item) => 0;

        protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(Done(state));

        private T Once<T>(T value) => isRegistered ? throw new InvalidOperationException("asked again") : value;
    }

    [Test]
    public async Task What_an_engine_says_of_itself_is_asked_for_once_so_that_none_of_its_code_runs_in_a_transaction()
    {
        var engine = new Moody();
        await using RoostRuntime roost = TestRuntime.Create(null, engine);
        engine.Register();
        string id = await roost.EnqueueAsync(new WorkItem("moody"));

        (await roost.RunUntilDoneAsync(id)).State.Should().Be(WorkState.Done);
    }

    private sealed class Loose : Engine<JsonElement>
    {
        public override string EngineId => "loose";

        protected override JsonElement Init(WorkItem item) => JsonDocument.Parse("""{"a":1,"a":2}""").RootElement;

        protected override Task<Outcome> StepAsync(JsonElement state, StepContext context) => Task.FromResult(Done(state));
    }

    [Test]
    public async Task A_state_given_as_JSON_is_checked_as_a_payload_is()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 1 }, null, new Loose());
        string id = await roost.EnqueueAsync(new WorkItem("loose"));

        (await roost.RunUntilDoneAsync(id)).Error.Should().StartWith("state: ").And.Contain("duplicate");
    }

    [Test]
    public void Options_that_allow_deeper_JSON_than_is_stored_are_refused()
    {
        Func<RoostRuntime> open = () => new RoostRuntime(new RoostOptions { Path = "roost.db", Json = new(JsonSerializerDefaults.Web) { MaxDepth = 200 } });

        open.Should().Throw<InvalidInputException>().WithMessage("Json: *200 levels*64*");
    }

    [Test]
    public async Task A_listener_of_traces_or_metrics_that_throws_disturbs_no_work()
    {
        using var tracing = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Roost",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = _ => throw new InvalidOperationException("tracing"),
        };
        ActivitySource.AddActivityListener(tracing);
        using var metering = new MeterListener
        {
            InstrumentPublished = (instrument, it) =>
            {
                if (instrument.Meter.Name == "Roost")
                    it.EnableMeasurementEvents(instrument);
            },
        };
        metering.SetMeasurementEventCallback<long>((_, _, _, _) => throw new InvalidOperationException("metering"));
        metering.SetMeasurementEventCallback<double>((_, _, _, _) => throw new InvalidOperationException("metering"));
        metering.Start();
        var seen = new List<Activity?>();
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, _) =>
        {
            seen.Add(Activity.Current);
            return state < 3 ? ScriptedEngine.GoOn(state + 1) : ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        WorkSummary ended = await roost.RunUntilDoneAsync(id).Soon();

        ended.State.Should().Be(WorkState.Done);
        roost.EventsOf(id).Should().NotContain("released");
        seen.Should().HaveCount(4).And.OnlyContain(activity => activity == Activity.Current, "no step is the parent of the next");
    }

    [Test]
    public async Task No_first_snapshot_fails_the_item()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 1 }, null, new RawEngine((_, _, _) => null!, _ => null!));
        string id = await roost.EnqueueAsync(new WorkItem("raw"));

        WorkSummary ended = await roost.RunUntilDoneAsync(id);

        ended.State.Should().Be(WorkState.Failed);
        ended.Version.Should().Be(0);
        ended.Error.Should().Contain("null");
    }

    [TestCase("", "EngineId", "empty")]
    [TestCase("a\tb", "EngineId", "U+0009")]
    public async Task An_engine_with_a_bad_id_is_not_added(string id, string field, string found)
    {
        await using RoostRuntime roost = TestRuntime.Create(null);

        roost
            .Invoking(it => it.AddEngine(ScriptedEngine.CountingTo(1, id: id)))
            .Should()
            .Throw<InvalidInputException>()
            .WithMessage($"*{found}*")
            .Which.Field.Should()
            .Be(field);
    }

    [Test]
    public async Task An_engine_id_over_256_characters_is_refused()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);

        roost
            .Invoking(it => it.AddEngine(ScriptedEngine.CountingTo(1, id: new string('e', 257))))
            .Should()
            .Throw<InvalidInputException>()
            .WithMessage("*257*256*")
            .Which.Field.Should()
            .Be("EngineId");
    }

    [Test]
    public async Task An_engine_id_is_given_once()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));

        roost.Invoking(it => it.AddEngine(ScriptedEngine.CountingTo(2))).Should().Throw<ConflictException>().WithMessage("*scripted*registered already*");
    }

    [Test]
    public async Task A_state_version_of_zero_is_refused()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);

        roost
            .Invoking(it => it.AddEngine(new ScriptedEngine((_, _) => null!) { Version = 0 }))
            .Should()
            .Throw<InvalidInputException>()
            .WithMessage("*scripted*0*1 or more*")
            .Which.Field.Should()
            .Be("StateVersion");
    }

    private static TestCaseData Case(string name, Func<Snapshot, WorkItem, Outcome> step, params string[] parts) =>
        new TestCaseData(step, parts).SetName(name + "_fails_the_item_and_not_the_loop");
}
