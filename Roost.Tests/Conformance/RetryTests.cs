using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class RetryTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [TestCase(1, 1)]
    [TestCase(2, 2)]
    [TestCase(3, 4)]
    [TestCase(6, 32)]
    [TestCase(7, 60)]
    [TestCase(1000, 60)]
    [TestCase(int.MaxValue, 60)]
    public void The_wait_doubles_up_to_the_longest_and_is_random_in_its_upper_half(int attempt, int seconds)
    {
        RetryPolicy.Delay(attempt, Second, TimeSpan.FromMinutes(1), 0).Should().Be(TimeSpan.FromSeconds(seconds) / 2);
        RetryPolicy.Delay(attempt, Second, TimeSpan.FromMinutes(1), 0.5).Should().Be(TimeSpan.FromSeconds(seconds) * 0.75);
        RetryPolicy
            .Delay(attempt, Second, TimeSpan.FromMinutes(1), 0.9999999)
            .Should()
            .BeLessThanOrEqualTo(TimeSpan.FromSeconds(seconds))
            .And.BeGreaterThan(TimeSpan.FromSeconds(seconds) * 0.99);
    }

    [Test]
    public void The_longest_allowed_waits_do_not_overflow() =>
        RetryPolicy
            .Delay(int.MaxValue, TimeSpan.FromDays(1), TimeSpan.FromDays(7), 0.9999999)
            .Should()
            .BeLessThanOrEqualTo(TimeSpan.FromDays(7))
            .And.BePositive();

    [Test]
    public void No_base_delay_means_no_wait() => RetryPolicy.Delay(9, TimeSpan.Zero, TimeSpan.FromMinutes(1), 0.7).Should().Be(TimeSpan.Zero);

    [Test]
    public async Task A_failed_try_waits_within_the_bounds_before_the_next()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((_, _) => throw new InvalidOperationException("no")));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        foreach (int whole in (int[])[1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000])
        {
            DateTimeOffset? due = (await roost.RunUntilIdleAsync()).Due;
            (due - clock.GetUtcNow())!.Value.TotalMilliseconds.Should().BeInRange(whole / 2.0, whole);
            clock.SetUtcNow(due!.Value);
        }
        (await roost.RunUntilIdleAsync()).Due.Should().BeNull();
        roost.StateOf(id).Should().Be(WorkState.Failed);
    }

    [Test]
    public async Task Failures_are_counted_for_each_version_and_a_success_resets_them()
    {
        var clock = TestRuntime.Clock();
        var attempts = new List<string>();
        var engine = ScriptedEngine.From((state, context) =>
        {
            attempts.Add($"{state}.{context.Attempt}");
            if (context.Attempt < 3) throw new InvalidOperationException("not yet");
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 3 }, clock, engine);
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunThroughAsync(clock);

        attempts.Should().Equal("0.1", "0.2", "0.3", "1.1", "1.2", "1.3", "2.1", "2.2", "2.3");
        roost.StateOf(id).Should().Be(WorkState.Done);
        roost.Detail(id).LastFailure.Should().BeNull();
    }

    [Test]
    public async Task The_last_error_is_gone_once_a_later_try_of_a_kept_lease_succeeded()
    {
        var clock = TestRuntime.Clock();
        RoostRuntime? reading = null;
        var engine = ScriptedEngine.From((state, context) =>
        {
            if (state == 0 && context.Attempt == 1) throw new InvalidOperationException("once");
            if (state == 1) reading!.Detail(context.Item.Id).LastFailure.Should().BeNull("the try before this step has succeeded");
            return ScriptedEngine.GoOn(state + 1, state == 2 ? TimeSpan.FromHours(1) : default);
        });
        await using RoostRuntime roost = await OpenAsync(clock, engine);
        reading = roost;
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        clock.SetUtcNow((await roost.RunUntilIdleAsync()).Due!.Value);
        roost.Detail(id).LastFailure.Should().NotBeNull();

        await roost.RunUntilIdleAsync();

        roost.StatesOf(id)[^1].Should().Be("3");
        roost.Detail(id).LastFailure.Should().BeNull();
        roost.Detail(id).Failures.Should().Be(0);
    }

    [Test]
    public async Task The_last_try_makes_a_dead_letter_that_says_all_about_it()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 2 },
            clock,
            ScriptedEngine.From((_, _) => throw new FormatException("half a number"))
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunThroughAsync(clock);

        roost.EventsOf(id).Should().Equal("enqueued", "claimed", "stepped", "step_failed", "claimed", "failed");
        WorkFailure failure = (await roost.GetDeadLetterAsync(id)).Failure;
        failure.Should().BeEquivalentTo(
            new { Reason = FailReasons.MaxAttempts, ErrorType = "System.FormatException", Message = "half a number", Attempt = 2, Version = 1 });
        failure.Stack.Should().Contain(nameof(RetryTests));
    }

    [Test]
    public async Task An_items_own_limit_of_attempts_goes_before_the_runtimes()
    {
        var clock = TestRuntime.Clock();
        int calls = 0;
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((_, _) => throw new InvalidOperationException($"{++calls}")));
        await roost.EnqueueAsync(new WorkItem("scripted") { MaxAttempts = 7 });

        await roost.RunThroughAsync(clock);

        calls.Should().Be(7);
    }

    [Test]
    public async Task An_engines_own_cancellation_is_a_failed_try_like_any_other()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 },
            clock,
            ScriptedEngine.From((_, _) => throw new OperationCanceledException("its own"))
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunThroughAsync(clock);

        (await roost.WaitAsync(id)).Error.Should().Be("its own");
    }

    public static IEnumerable<TestCaseData> BadOutcomes()
    {
        static TestCaseData Case(string name, string says, Func<Snapshot, WorkItem, Task<Outcome>> step) =>
            new(says, step) { TestName = $"A_bad_outcome_ends_the_step_at_once_and_saves_nothing({name})" };
        yield return Case("null outcome", "StepAsync: is null", (_, _) => Task.FromResult<Outcome>(null!));
        yield return Case("null task", "StepAsync: is null", (_, _) => null!);
        yield return Case("null snapshot", "next: is null", (_, _) => Task.FromResult(Outcome.Done(null!)));
        yield return Case("another item's snapshot", "belongs to work item other", (_, item) =>
            Task.FromResult(Outcome.Done(Snapshot.First(item with { Id = "other" }, 1)))
        );
        yield return Case("the same version", "has version 1 where 2 is expected", (snapshot, _) => Task.FromResult(Outcome.Done(snapshot)));
        yield return Case("two versions ahead", "has version 3 where 2 is expected", (snapshot, _) => Task.FromResult(Outcome.Done(snapshot.Next(1).Next(2))));
        yield return Case("state that does not serialize", "state: ", (snapshot, _) =>
            Task.FromResult(Outcome.Done(snapshot.Next(new { Self = (Action)(() => { }) })))
        );
        yield return Case("state that is too large", "limit (RoostOptions.MaxJsonBytes) is 1,024", (snapshot, _) =>
            Task.FromResult(Outcome.Done(snapshot.Next(new string('x', 2000))))
        );
        yield return Case("empty step name", "step: is empty", (snapshot, _) => Task.FromResult(Outcome.Done(snapshot.Next(1, " "))));
        yield return Case("negative delay", "after: is -00:00:01", (snapshot, _) => Task.FromResult(Outcome.Continue(snapshot.Next(1), -Second)));
        yield return Case("endless delay", "after: is ", (snapshot, _) => Task.FromResult(Outcome.Continue(snapshot.Next(1), TimeSpan.MaxValue)));
        yield return Case("failure without a reason", "reason: is empty", (_, _) => Task.FromResult(Outcome.Fail("")));
    }

    [TestCaseSource(nameof(BadOutcomes))]
    public async Task A_bad_outcome_ends_the_step_at_once_and_saves_nothing(string says, Func<Snapshot, WorkItem, Task<Outcome>> step)
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxJsonBytes = 1024 }, TestRuntime.Clock(), new RawEngine(step));
        string id = await roost.EnqueueAsync(new WorkItem("raw"));

        WorkSummary ended = await roost.RunUntilDoneAsync(id).Soon();

        ended.FailReason.Should().Be(FailReasons.InvalidStep);
        ended.Error.Should().Contain(says);
        ended.Version.Should().Be(1, "nothing of a bad outcome is saved");
        (await roost.ListHistoryAsync(id)).Should().ContainSingle();
    }

    [Test]
    public async Task A_step_that_throws_before_its_first_await_has_failed_like_any_other()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 },
            TestRuntime.Clock(),
            new RawEngine((_, _) => throw new InvalidOperationException("at once"))
        );

        (await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("raw"))).Soon())
            .Should()
            .BeEquivalentTo(
                new
                {
                    FailReason = FailReasons.MaxAttempts,
                    Error = "at once",
                    Version = 1,
                }
            );
    }

    [Test]
    public async Task A_factory_that_throws_is_a_failed_try_and_the_next_makes_another_engine()
    {
        var clock = TestRuntime.Clock();
        int made = 0;
        await using RoostRuntime roost = await OpenAsync(clock);
        roost.AddEngine(() => ++made == 2 ? throw new InvalidOperationException("out of engines") : ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunThroughAsync(clock);

        roost.EventsOf(id).Should().Equal("enqueued", "claimed", "step_failed", "claimed", "stepped", "done");
    }

    [Test]
    public async Task Init_has_tries_of_its_own()
    {
        var clock = TestRuntime.Clock();
        int calls = 0;
        var engine = new ScriptedEngine((state, context) =>
        {
            context.Attempt.Should().Be(1);
            return Task.FromResult(ScriptedEngine.Finish(state));
        })
        {
            First = _ => ++calls < 3 ? throw new InvalidOperationException("no state yet") : 7,
        };
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 3 }, clock, engine);
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunThroughAsync(clock);

        roost.StateOf(id).Should().Be(WorkState.Done);
        roost.StatesOf(id).Should().Equal("7", "7");
    }

    [Test]
    public async Task An_item_whose_init_never_succeeds_is_a_dead_letter_without_a_snapshot_and_its_retry_inits_again()
    {
        var clock = TestRuntime.Clock();
        bool works = false;
        var engine = new ScriptedEngine((state, _) => Task.FromResult(ScriptedEngine.Finish(state)))
        {
            First = _ => works ? 1 : throw new InvalidOperationException("no state"),
        };
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 2 }, clock, engine);
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunThroughAsync(clock);
        roost.StateOf(id).Should().Be(WorkState.Failed);
        (await roost.ListHistoryAsync(id)).Should().BeEmpty();

        works = true;
        await roost.RetryAsync(id, "fixed");

        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task Failing_for_good_needs_no_further_try_and_keeps_the_state_before()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("no such page")));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        WorkSummary ended = await roost.RunUntilDoneAsync(id).Soon();

        ended.Should().BeEquivalentTo(new { State = WorkState.Failed, Version = 1, FailReason = FailReasons.EngineFailed, Error = "no such page" });
        roost.EventsOf(id).Should().Equal("enqueued", "claimed", "stepped", "failed");
    }

    [Test]
    public async Task Failing_for_good_may_save_a_last_state()
    {
        await using RoostRuntime roost = await OpenAsync(
            TestRuntime.Clock(),
            new RawEngine((snapshot, _) => Task.FromResult(Outcome.Fail("over", snapshot.Next("last words", "post mortem"))))
        );
        string id = await roost.EnqueueAsync(new WorkItem("raw"));

        WorkSummary ended = await roost.RunUntilDoneAsync(id).Soon();

        ended
            .Should()
            .BeEquivalentTo(
                new
                {
                    State = WorkState.Failed,
                    Version = 2,
                    Step = "post mortem",
                    FailReason = FailReasons.EngineFailed,
                    Error = "over",
                }
            );
    }

    [Test]
    public async Task A_step_that_fails_for_good_may_name_an_artifact_as_the_step_before_did()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.From((state, context) =>
        {
            context.AddArtifactText("log.txt", $"step {state}");
            return state == 0 ? ScriptedEngine.GoOn(1) : ScriptedEngine.GiveUp("over");
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        (await roost.RunUntilDoneAsync(id).Soon()).FailReason.Should().Be(FailReasons.EngineFailed);
        roost.ArtifactCount().Should().Be(2, "what an earlier step attached is immutable");

        await roost.RetryAsync(id);
        (await roost.RunUntilDoneAsync(id).Soon()).FailReason.Should().Be(FailReasons.EngineFailed);
    }

    [Test]
    public async Task A_retried_dead_letter_starts_with_a_clean_record()
    {
        var clock = TestRuntime.Clock();
        var attempts = new List<int>();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 2 }, clock, ScriptedEngine.From((state, context) =>
        {
            attempts.Add(context.Attempt);
            return attempts.Count < 4 ? throw new InvalidOperationException("no") : ScriptedEngine.GoOn(state, TimeSpan.FromHours(1));
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunThroughAsync(clock);

        await roost.RetryAsync(id);
        clock.SetUtcNow((await roost.RunUntilIdleAsync()).Due!.Value);
        await roost.RunUntilIdleAsync();

        attempts.Should().Equal(1, 2, 1, 2);
        roost.Detail(id).LastFailure.Should().BeNull();
    }

    [Test]
    public async Task A_dead_letters_error_no_longer_shows_once_its_retry_has_succeeded_in_a_step()
    {
        bool works = false;
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 1 }, TestRuntime.Clock(), ScriptedEngine.From((state, _) =>
            works ? ScriptedEngine.GoOn(state, TimeSpan.FromHours(1)) : throw new InvalidOperationException("no")));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();

        works = true;
        await roost.RetryAsync(id);
        await roost.RunUntilIdleAsync();

        roost.Detail(id).LastFailure.Should().BeNull();
    }

    [Test]
    public async Task The_idempotency_key_is_the_same_for_every_try_of_one_step_and_different_for_any_other()
    {
        var clock = TestRuntime.Clock();
        var keys = new List<string>();
        ScriptedEngine Engine() => ScriptedEngine.From((state, context) =>
        {
            keys.Add(context.IdempotencyKey);
            if (context.Attempt == 1) throw new InvalidOperationException("again");
            return state == 1 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime roost = await OpenAsync(clock, Engine());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "same" });
        await roost.RunThroughAsync(clock);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "other" });
        await roost.RunThroughAsync(clock);
        await using RoostRuntime file = await OpenAsync(clock, Engine());
        await file.EnqueueAsync(new WorkItem("scripted") { Id = "same" });
        await file.RunThroughAsync(clock);

        keys.Should().HaveCount(12).And.OnlyContain(key => key.Length == 32);
        for (int i = 0; i < 12; i += 2) keys[i].Should().Be(keys[i + 1]);
        keys.Distinct().Should().HaveCount(6);
    }

    [Test]
    public async Task What_an_engine_says_in_its_error_cannot_break_the_record_of_it()
    {
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1 },
            TestRuntime.Clock(),
            ScriptedEngine.From((_, _) => throw new InvalidOperationException("a\0b\ud800" + new string('x', 50_000))),
            ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("c\0d\udc00"), "other")
        );
        string thrown = await roost.EnqueueAsync(new WorkItem("scripted"));
        string given = await roost.EnqueueAsync(new WorkItem("other"));

        (await roost.RunUntilDoneAsync(thrown).Soon()).Error.Should().StartWith("a\uFFFDb").And.HaveLength(10_001);
        (await roost.RunUntilDoneAsync(given).Soon()).Error.Should().StartWith("c\uFFFDd");
    }

    private sealed class RawEngine(Func<Snapshot, WorkItem, Task<Outcome>> step) : IEngine
    {
        public string EngineId => "raw";

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => Task.FromResult(Snapshot.First(item, 0));

        public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context) => step(snapshot, item);
    }
}
