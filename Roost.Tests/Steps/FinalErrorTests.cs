using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What is wrong with the program and not with the world is final at once: another try would do, and pay for, the same again.</summary>
[TestFixture]
internal sealed class FinalErrorTests
{
    private sealed record Order(int Amount);

    private sealed class Unwritable
    {
        public Func<int> Function { get; } = () => 1;
    }

    private sealed class Silent : Engine<string>
    {
        public override string EngineId => "raw";

        protected override Task<Outcome> StepAsync(string state, StepContext context) => Task.FromResult(Done(state));
    }

    /// <summary>A typed engine whose first state and step are functions of the test.</summary>
    private sealed class Typed(Func<WorkItem, string> first, Func<string, StepContext, Outcome> step) : Engine<string>
    {
        public override string EngineId => "raw";

        protected override string Init(WorkItem item) => first(item);

        protected override Task<Outcome> StepAsync(string state, StepContext context) => Task.FromResult(step(state, context));

        public static Outcome Next(string state) => Continue(state);

        public static Outcome GiveUp(string reason) => Fail(reason);
    }

    /// <summary>An engine whose state has a second shape that nothing leads to.</summary>
    private sealed class Forgetful : IEngine
    {
        public string EngineId => "raw";

        public int StateVersion { get; init; } = 1;

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => Task.FromResult(Snapshot.First(item, 0));

        public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context) =>
            Task.FromResult(Outcome.Continue(snapshot.Next(1), TimeSpan.FromHours(1)));

        public Snapshot Migrate(Snapshot older) => null!;
    }

    private static IEnumerable<TestCaseData> Steps()
    {
        yield return Raw("No_outcome", "return Continue", (_, _, _) => null!);
        yield return Raw("No_snapshot", "return the next snapshot", (_, _, _) => Outcome.Continue(null!));
        yield return Raw("A_snapshot_of_another_item", "Snapshot.Next", (_, _, _) => Outcome.Continue(Snapshot.First(new WorkItem("raw") { Id = "other" }, 1)));
        yield return Raw("A_snapshot_of_another_version", "Snapshot.Next", (snapshot, _, _) => Outcome.Done(snapshot));
        yield return Raw("A_raw_state_that_is_too_large", "artifact", (snapshot, _, _) => Outcome.Continue(snapshot.Next(new string('x', 5000))));
        yield return Raw("A_raw_state_that_does_not_serialize", "cannot be written", (snapshot, _, _) => Outcome.Continue(snapshot.Next(new Unwritable())));
        yield return Raw("A_state_read_as_another_type", "cannot be read", (snapshot, _, _) => Outcome.Done(snapshot.Next(snapshot.DataAs<Order>())));
        yield return Raw("A_step_without_a_name", "step: is empty", (snapshot, _, _) => Outcome.Continue(snapshot.Next(1, " ")));
        yield return Raw("A_negative_delay", "after", (snapshot, _, _) => Outcome.Continue(snapshot.Next(1), TimeSpan.FromSeconds(-1)));
        yield return Raw("A_failure_without_a_reason", "say why", (_, _, _) => Outcome.Fail(""));
        yield return Raw("A_payload_that_does_not_fit_its_type", "Payload", (snapshot, item, _) => Outcome.Done(snapshot.Next(item.PayloadAs<Order>())));
        yield return Raw("A_payload_that_does_not_fit_read_in_a_task", "Payload", (_, item, _) =>
            Task.Run(Outcome () => throw new InvalidOperationException($"{item.PayloadAs<Order>()}")).Result
        );
        yield return Raw("A_payload_that_does_not_fit_read_by_reflection", "Payload", (_, item, _) =>
            (Outcome)typeof(WorkItem).GetMethod(nameof(WorkItem.PayloadAs), Type.EmptyTypes)!.MakeGenericMethod(typeof(Order)).Invoke(item, null)!);
        yield return Raw("An_artifact_added_twice", "own name", (snapshot, _, context) =>
        {
            context.AddArtifactText("a.txt", "1");
            context.AddArtifactText("a.txt", "2");
            return Outcome.Done(snapshot.Next(1));
        });
        yield return Raw("An_artifact_with_a_bad_name", "..", (snapshot, _, context) => Adding(snapshot, () => context.AddArtifactText("../a.txt", "1")));
        yield return Raw("An_artifact_that_does_not_serialize", "cannot be written", (snapshot, _, context) =>
            Adding(snapshot, () => context.AddArtifact("a.json", new Unwritable()))
        );
        yield return Raw("An_artifact_with_half_a_letter", "surrogate", (snapshot, _, context) =>
            Adding(snapshot, () => context.AddArtifactText("a.txt", "\ud800"))
        );
        yield return Raw("An_artifact_with_a_relative_address", "relative", (snapshot, _, context) =>
            Adding(snapshot, () => context.AddArtifactUri("a.txt", new Uri("x", UriKind.Relative)))
        );
        yield return Raw("An_event_without_a_kind", "kind", (snapshot, _, context) => Adding(snapshot, () => context.AddEvent("")));
        yield return Raw("An_event_that_does_not_serialize", "cannot be written", (snapshot, _, context) =>
            Adding(snapshot, () => context.AddEvent("e", new Unwritable()))
        );
        yield return Raw("A_child_that_breaks_a_rule", "MaxAttempts", (snapshot, _, context) =>
            Adding(snapshot, () => context.AddChild(new WorkItem("raw") { MaxAttempts = 0 }))
        );
        yield return Raw("A_child_whose_id_is_taken", "exists already", (snapshot, item, context) =>
            Adding(snapshot, () => context.AddChild(new WorkItem("raw") { Id = item.Id }))
        );
        yield return Case("No_override", new Silent(), "override one of them");
        yield return Case("No_first_snapshot", new RawEngine((_, _, _) => null!, _ => null!), "snapshot");
        yield return Case("No_first_state", new Typed(_ => null!, (state, _) => Typed.Next(state)), "first state");
        yield return Case("A_first_state_that_is_too_large", new Typed(_ => new string('x', 5000), (state, _) => Typed.Next(state)), "artifact");
        yield return Case("No_next_state", new Typed(_ => "", (_, _) => Typed.Next(null!)), "next state");
        yield return Case("A_state_that_is_too_large", new Typed(_ => "", (_, _) => Typed.Next(new string('x', 5000))), "artifact");
        yield return Case("No_reason", new Typed(_ => "", (_, _) => Typed.GiveUp("")), "say why");
    }

    [TestCaseSource(nameof(Steps))]
    public async Task What_no_further_try_can_help_is_tried_once(IEngine engine, string says)
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 5, MaxJsonBytes = 2048 }, clock, engine);
        string id = await roost.EnqueueAsync(new WorkItem("raw", new { amount = "many" }));

        await roost.RunThroughAsync(clock);

        DeadLetter letter = await roost.GetDeadLetterAsync(id);
        letter.Failure.Reason.Should().Be("invalid_step");
        letter.Failure.Attempt.Should().Be(1);
        string.Join(' ', letter.Failure.Causes.Select(cause => cause.Message).Prepend(letter.Failure.Message)).Should().Contain(says);
        roost.EventsOf(id).Should().NotContain("step_failed").And.EndWith("failed");
        FileAudit.MustAgree(roost.Path);
    }

    [Test]
    public async Task A_state_of_5_MB_does_not_run_the_paid_step_again()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        int paid = 0;
        await using RoostRuntime roost = TestRuntime.Create(clock, new Typed(_ => "", (_, _) =>
        {
            paid++;
            return Typed.Next(new string('x', 5 * 1024 * 1024));
        }));
        string id = await roost.EnqueueAsync(new WorkItem("raw"));

        await roost.RunThroughAsync(clock);

        paid.Should().Be(1);
        (await roost.GetAsync(id)).Summary.Error.Should().Contain("5,242,882 bytes").And.Contain("artifact");
    }

    [Test]
    public async Task A_migration_that_returns_nothing_is_tried_once()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(clock, new Forgetful());
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        await roost.RunUntilIdleAsync();
        await using RoostRuntime newer = TestRuntime.Beside(roost, new Forgetful { StateVersion = 2 });

        await newer.RunThroughAsync(clock);

        (await newer.GetDeadLetterAsync(id)).Failure.Should().BeEquivalentTo(new { Reason = "invalid_step", Attempt = 1 });
    }

    [Test]
    public async Task A_final_error_is_told_as_such_beyond_the_deadline_too()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(clock, new RawEngine((_, _, _) =>
        {
            clock.Advance(TimeSpan.FromHours(2));
            return null!;
        }));
        string id = await roost.EnqueueAsync(new WorkItem("raw") { Deadline = clock.GetUtcNow().AddHours(1) });

        await roost.RunThroughAsync(clock);

        (await roost.GetDeadLetterAsync(id)).Failure.Reason.Should().Be("invalid_step");
    }

    private static IEnumerable<TestCaseData> OwnErrors()
    {
        yield return Own("An_exception_of_its_own", (_, _) => throw new InvalidOperationException("the world"));
        yield return Own("A_payload_of_another_item", (_, _) => $"{new WorkItem("raw", new { amount = "few" }).PayloadAs<Order>()}");
        yield return Own("A_call_of_the_runtime_that_was_refused", (roost, _) =>
            roost.EnqueueAsync(new WorkItem("raw") { MaxAttempts = 0 }).GetAwaiter().GetResult()
        );
        yield return Own("An_item_that_exists", (roost, item) => roost.EnqueueAsync(new WorkItem("raw") { Id = item.Id }).GetAwaiter().GetResult());
        yield return Own("A_snapshot_made_of_another_item", (_, _) => $"{Snapshot.First(new WorkItem("raw") { Id = "other" }, new Unwritable())}");
        yield return Own("A_missing_feature", (_, _) => throw new NotSupportedException("this page"));
        yield return Own("An_exception_around_a_payload_that_does_not_fit", (_, item) =>
        {
            try { return $"{item.PayloadAs<Order>()}"; }
            catch (InvalidInputException e) { throw new IOException("read anew later", e); }
        });
    }

    [TestCaseSource(nameof(OwnErrors))]
    public async Task What_its_own_code_throws_keeps_its_tries(Func<RoostRuntime, WorkItem, string> step)
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        RoostRuntime roost = null!;
        roost = TestRuntime.Create(
            new RoostOptions { MaxAttempts = 3 },
            clock,
            new RawEngine((_, item, _) => throw new InvalidOperationException(step(roost, item)))
        );
        await using RoostRuntime closing = roost;
        string id = await roost.EnqueueAsync(new WorkItem("raw", new { amount = "many" }));

        await roost.RunThroughAsync(clock);

        (await roost.GetDeadLetterAsync(id)).Failure.Should().BeEquivalentTo(new { Reason = FailReasons.MaxAttempts, Attempt = 3 });
    }

    private static Outcome Adding(Snapshot snapshot, Action add)
    {
        add();
        return Outcome.Done(snapshot.Next(1));
    }

    private static TestCaseData Raw(string name, string says, Func<Snapshot, WorkItem, StepContext, Outcome> step) => Case(name, new RawEngine(step), says);

    private static TestCaseData Case(string name, IEngine engine, string says) => new TestCaseData(engine, says).SetName($"{name}_is_tried_once");

    private static TestCaseData Own(string name, Func<RoostRuntime, WorkItem, string> step) => new TestCaseData(step).SetName($"{name}_keeps_its_tries");
}
