using Microsoft.Extensions.Time.Testing;
using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>A step that saves nothing and asks to be tried again.</summary>
internal sealed class RetryAfterTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Test]
    public async Task The_same_version_is_tried_again_after_the_delay_and_nothing_is_charged_or_saved()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var tries = new List<string>();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((state, context) =>
        {
            tries.Add($"{context.Version} {context.Attempt} {context.RetryAfters} {context.Now:mm:ss} {context.IdempotencyKey}");
            if (context.RetryAfters == 2) return ScriptedEngine.Finish(state + 1);
            context.AddEvent("called");
            context.AddArtifactText("answer.txt", "busy");
            context.AddChild(new WorkItem("other"));
            return Outcome.RetryAfter(Minute, "429 from the service");
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start + Minute);
        WorkDetail waiting = await roost.GetAsync(id);
        (waiting.Failures, waiting.RetryAfters, waiting.RetryWhy, waiting.DueAt).Should().Be((0, 1, "429 from the service", TestRuntime.Start + Minute));
        waiting.Situation.Should().Be("delayed until 2026-01-01 00:01:00Z after its step asked to be tried again: 429 from the service, but no worker runs; " +
            "it needs one that serves engine scripted in queue default");
        clock.Advance(Minute);
        await roost.RunUntilIdleAsync();
        (await roost.GetAsync(id)).Situation.Should().Contain("asked to be tried again 2 times in a row: 429");
        clock.Advance(Minute);
        await roost.RunUntilIdleAsync();

        string key = tries[0].Split(' ')[^1];
        tries.Should().Equal($"1 1 0 00:00 {key}", $"1 1 1 01:00 {key}", $"1 1 2 02:00 {key}");
        roost.EventsOf(id).Should().Equal("enqueued", "claimed", "stepped", "retry_after", "claimed", "retry_after", "claimed", "done");
        WorkEvent second = roost.Events(EventKinds.RetryAfter)[^1];
        second.Data!.Value.GetRawText().Should().Be("""{"delay_ms":60000,"why":"429 from the service","times":2}""");
        WorkDetail done = await roost.GetAsync(id);
        (done.Summary.State, done.Summary.Version, done.RetryAfters, done.RetryWhy).Should().Be((WorkState.Done, 2, 0, null));
        done.Artifacts.Should().BeEmpty();
        done.Children.Should().BeEmpty();
        done.LastFailure.Should().BeNull();
        MustAgree(roost);
    }

    [Test]
    public async Task Beyond_the_limit_each_is_a_failed_try_with_the_delay_that_was_asked_for()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        int tries = 0;
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxRetryAfters = 3, MaxAttempts = 2 }, clock, ScriptedEngine.From((_, _) =>
        {
            tries++;
            return Outcome.RetryAfter(Minute, "not there yet");
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        for (int i = 1; i <= 4; i++)
        {
            (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start + (i * Minute));
            clock.Advance(Minute);
        }
        (await roost.GetAsync(id)).Should().BeEquivalentTo(new { Failures = 1, RetryAfters = 3, LastFailure = new { Reason = FailReasons.RetryAfter } });
        (await roost.RunUntilIdleAsync()).Due.Should().BeNull();

        tries.Should().Be(5);
        roost.EventsOf(id)[3..].Where(kind => kind != "claimed").Should().Equal("retry_after", "retry_after", "retry_after", "step_failed", "failed");
        WorkFailure failure = (await roost.GetDeadLetterAsync(id)).Failure;
        (failure.Reason, failure.Attempt).Should().Be((FailReasons.MaxAttempts, 2));
        failure.Message.Should().ContainAll("3 times in a row", "MaxRetryAfters", "not there yet");

        await roost.RetryAsync(id);
        (await roost.RunUntilIdleAsync()).Due.Should().Be(clock.GetUtcNow() + Minute);
        (await roost.GetAsync(id)).Should().BeEquivalentTo(new { Failures = 0, RetryAfters = 1 }, "a retry begins anew");
        MustAgree(roost);
    }

    [Test]
    public async Task A_version_that_is_saved_begins_the_count_anew_and_a_failed_try_does_not()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var counts = new List<string>();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((state, context) =>
        {
            counts.Add($"{context.Version}.{context.Attempt}.{context.RetryAfters}");
            if (context.RetryAfters == 0) return Outcome.RetryAfter(TimeSpan.Zero, "at once");
            if (context.Attempt == 1) throw new InvalidOperationException("once");
            return state == 1 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunThroughAsync(clock);

        counts.Should().Equal("1.1.0", "1.1.1", "1.2.1", "2.1.0", "2.1.1", "2.2.1");
        MustAgree(roost);
    }

    [Test]
    public async Task While_it_waits_others_have_its_names_unless_it_holds_them_for_life()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((state, context) =>
            context.Item.Id.StartsWith("asks", StringComparison.Ordinal) ? Outcome.RetryAfter(Minute, "later") : ScriptedEngine.Finish(state)));
        await roost.EnqueueAsync([
            new WorkItem("scripted") { Id = "asks for a step", Resources = ["step"], Priority = 1 },
            new WorkItem("scripted") { Id = "asks for life", Resources = ["life"], ResourceHold = ResourceHold.Life, Priority = 1 },
            new WorkItem("scripted") { Id = "step", Resources = ["step"] },
            new WorkItem("scripted") { Id = "life", Resources = ["life"] },
        ]);

        await roost.RunUntilIdleAsync();

        roost.StateOf("step").Should().Be(WorkState.Done);
        (await roost.GetAsync("life")).BlockedOn.Should().Be("life");
        MustAgree(roost);
    }

    [Test]
    public async Task Whoever_was_asked_to_cancel_ends_cancelled_and_whose_deadline_has_passed_ends_overdue()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        RoostRuntime? roost = null;
        await using RoostRuntime opened = roost = await OpenAsync(clock, new ScriptedEngine(async (_, context) =>
        {
            if (context.Item.Id == "cancelled") await roost!.CancelAsync("cancelled");
            else clock.Advance(2 * Minute);
            return Outcome.RetryAfter(TimeSpan.FromDays(1), "later");
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "cancelled" });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "overdue", Deadline = TestRuntime.Start + Minute, Priority = -1 });

        await roost.RunUntilIdleAsync();

        roost.StateOf("cancelled").Should().Be(WorkState.Cancelled);
        (await roost.GetDeadLetterAsync("overdue")).Failure.Reason.Should().Be(FailReasons.DeadlineExceeded);
        roost.EventsOf("overdue")[^2..].Should().Equal("retry_after", "failed");
        MustAgree(roost);
    }

    [Test]
    public async Task A_deadline_goes_on_while_it_waits()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((_, _) => Outcome.RetryAfter(TimeSpan.FromDays(1), "later")));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = TestRuntime.Start + Minute });
        await roost.RunUntilIdleAsync();

        clock.Advance(2 * Minute);
        await roost.RunUntilIdleAsync();

        (await roost.GetDeadLetterAsync(id)).Failure.Reason.Should().Be(FailReasons.DeadlineExceeded);
    }

    [Test]
    public async Task Made_ready_by_hand_it_is_tried_at_once()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        int tries = 0;
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((_, _) =>
        {
            tries++;
            return Outcome.RetryAfter(TimeSpan.FromDays(1), "later");
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();

        (await roost.RequeueNowAsync(id)).Should().BeTrue();
        (await roost.GetAsync(id)).RetryWhy.Should().BeNull("it does not wait for it any more");
        await roost.RunUntilIdleAsync();

        tries.Should().Be(2);
        (await roost.GetAsync(id)).RetryAfters.Should().Be(2);
        MustAgree(roost);
    }

    [Test]
    public async Task A_try_that_asks_for_another_acquits_an_item_that_was_interrupted()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock);
        await EnqueueInterruptedAsync(roost, new WorkItem("scripted") { Id = "it" });
        clock.Advance(TimeSpan.FromMinutes(10));
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));
        LeasedWork alone = (await ghost.ClaimAsync()).Single();

        (await ghost.RetryAfterAsync(alone)).Should().BeTrue();
        clock.Advance(TimeSpan.FromMinutes(10));
        LeasedWork again = (await ghost.ClaimAsync()).Single();

        (alone.Solo, again.Solo, again.Interruptions, again.RetryAfters).Should().Be((true, false, 2, 1));
        await ghost.LeaveAsync();
    }

    [TestCase("", "why: is empty")]
    [TestCase("late", "delay: is -00:00:01")]
    public async Task What_breaks_a_rule_of_it_ends_the_item_at_once_and_names_the_field(string why, string says)
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(),
            new RawEngine((_, _, _) => Outcome.RetryAfter(why.Length == 0 ? Minute : -TimeSpan.FromSeconds(1), why))
        );
        string id = await roost.EnqueueAsync(new WorkItem("raw"));

        await roost.RunUntilIdleAsync();

        WorkFailure failure = (await roost.GetDeadLetterAsync(id)).Failure;
        (failure.Reason, failure.Attempt).Should().Be((FailReasons.InvalidStep, 1));
        failure.Message.Should().StartWith(says);
    }

    [Test]
    public async Task A_long_reason_is_cut_to_what_a_person_reads()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(),
            ScriptedEngine.From((_, _) => Outcome.RetryAfter(Minute, new string('x', 5000) + "\0"))
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        (await roost.GetAsync(id)).RetryWhy.Should().Be(new string('x', 1000) + "…");
    }

    [Test]
    public async Task An_engine_has_it_among_its_own_outcomes()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), new Asking());
        string id = await roost.EnqueueAsync(new WorkItem("asking"));
        await roost.RunUntilIdleAsync();
        (await roost.GetAsync(id)).RetryWhy.Should().Be("busy");
    }

    private sealed class Asking : Engine<int>
    {
        public override string EngineId => "asking";

        protected override int Init(WorkItem item) => 0;

        protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(RetryAfter(Minute, "busy"));
    }
}
