using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Effects of which nobody knows whether they have happened: the outside is asked, or a person.</summary>
internal sealed class EffectQuestionTests(StoreHost host) : EffectFixture(host)
{
    /// <summary>An item whose step makes an effect and is stopped within its call in the first try; it goes on when its lease is taken from it.</summary>
    private async Task<(RoostRuntime Roost, Outside Outside)> InterruptedAsync(
        EffectOptions options, FakeTimeProvider? clock = null, Func<StepContext, Task>? before = null, bool catches = false, WorkItem? item = null)
    {
        var outside = new Outside();
        var gate = new Gate();
        int tries = 0;
        RoostRuntime roost = await OpenAsync(Quick, clock, OneStep(async context =>
        {
            bool isFirst = Interlocked.Increment(ref tries) == 1;
            if (before is not null) await before(context);
            try
            {
                Receipt receipt = await context.OnceAsync("pay", async (key, token) =>
                {
                    if (isFirst) await gate.UntilFiredAsync(token);
                    token.ThrowIfCancellationRequested();
                    return await outside.Call("pay", key, new Receipt("paid"));
                }, options);
                context.AddEvent("paid", receipt);
            }
            catch (RoostException) when (catches) { }
        }));
        await StopWithinCallAsync(roost, gate, item);
        return (roost, outside);
    }

    private static async Task<AskInfo> AskOfAsync(RoostRuntime roost) => (await roost.ListAsksAsync()).Items.Single();

    [TestCase(false)]
    [TestCase(true)]
    public async Task Where_it_is_not_known_a_person_is_asked_and_the_step_is_over_even_where_its_code_catches(bool catches)
    {
        (RoostRuntime roost, Outside outside) = await InterruptedAsync(
            Asking with { Arguments = new { amount = 7 }, Question = "See the **bank**.", For = "ops" }, catches: catches);
        await using RoostRuntime _ = roost;

        AskInfo ask = await AskOfAsync(roost);
        EffectInfo effect = (await EffectsAsync(roost)).Single();
        (ask.Effect, ask.For, ask.State, effect.State).Should().Be(("pay", "ops", AskState.Open, EffectState.Unknown));
        ask.Question.Should().ContainAll("See the **bank**.", "**pay**", effect.Key, """{"amount":7}""");
        ask.Schema.GetRawText().Should().Be(
            """{"type":"object","properties":{"outcome":{"type":"string","enum":["happened","did_not","fail"]},"result":""" +
            """{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]}},"required":["outcome"],"additionalProperties":false}""");
        WorkDetail waits = roost.Detail("it");
        (waits.Summary.State, waits.Summary.Version, waits.Wait!.AskId).Should().Be((WorkState.Waiting, 1, ask.Id));
        waits.Situation.Should().StartWith($"waiting for an answer to question {ask.Id}");
        MustAgree(roost);

        await roost.AnswerAsync(ask.Id, new { outcome = "happened", result = new { id = "by hand" } }, "someone");
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);

        outside.Count("pay").Should().Be(0);
        roost.EventData("it", "engine.paid").Should().Be("""{"id":"by hand"}""");
        effect = (await EffectsAsync(roost)).Single();
        (effect.State, effect.ToldBy).Should().Be((EffectState.Recorded, "someone"));
        MustAgree(roost);
    }

    [Test]
    public async Task The_answer_that_it_did_not_happen_makes_the_call()
    {
        (RoostRuntime roost, Outside outside) = await InterruptedAsync(Asking);
        await using RoostRuntime _ = roost;
        string key = (await EffectsAsync(roost)).Single().Key;

        await roost.AnswerAsync((await AskOfAsync(roost)).Id, new { outcome = "did_not" }, "someone");
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);

        outside.Keys("pay").Should().Equal(key);
        MustAgree(roost);
    }

    [Test]
    public async Task The_answer_that_it_is_to_fail_makes_a_dead_letter_and_a_retry_asks_again()
    {
        (RoostRuntime roost, Outside outside) = await InterruptedAsync(Asking);
        await using RoostRuntime _ = roost;

        AskInfo first = await AskOfAsync(roost);
        await roost.AnswerAsync(first.Id, new { outcome = "fail" }, "someone", "too old");

        WorkSummary end = roost.Detail("it").Summary;
        (end.State, end.FailReason).Should().Be((WorkState.Failed, FailReasons.EffectUnknown));
        end.Error.Should().ContainAll("pay", "someone", "too old");
        MustAgree(roost);

        await roost.RetryAsync("it");
        await roost.RunUntilIdleAsync().Soon();
        AskInfo second = await AskOfAsync(roost);
        second.Id.Should().NotBe(first.Id);
        outside.Calls.Should().BeEmpty();
        MustAgree(roost);
        await roost.AnswerAsync(second.Id, new { outcome = "fail" }, "someone");

        await roost.RetryFreshAsync("it", "all anew");
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);
        outside.Count("pay").Should().Be(1);
        MustAgree(roost);
    }

    [Test]
    public async Task An_answer_has_to_say_what_it_can_and_no_question_about_an_effect_is_withdrawn()
    {
        (RoostRuntime roost, Outside _) = await InterruptedAsync(Asking);
        await using RoostRuntime closed = roost;
        AskInfo ask = await AskOfAsync(roost);
        string before = Host.Everything(roost);

        foreach ((object? value, string field) in (IEnumerable<(object?, string)>)[
            (null, "value"), (new { outcome = "maybe" }, "value.outcome"), (new { }, "value.outcome"), (new { outcome = "happened" }, "value.result"),
            (new { outcome = "happened", result = new { name = "x" } }, "value.result.id"),
            (new { outcome = "did_not", result = new { id = "x" } }, "value.result"),
            (new { outcome = "fail", why = "x" }, "value.why")])
            (await FluentActions.Awaiting(() => roost.AnswerAsync(ask.Id, value, "someone")).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should()
                .Be(field);
        await FluentActions.Awaiting(() => roost.WithdrawAskAsync(ask.Id, "someone")).Should().ThrowAsync<ConflictException>();
        Host.Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task Of_many_answers_about_an_effect_one_is_accepted()
    {
        const int Answers = 64;
        (RoostRuntime roost, Outside outside) = await InterruptedAsync(Asking);
        await using RoostRuntime _ = roost;
        await using RoostRuntime beside = await BesideAsync(roost);
        string ask = (await AskOfAsync(roost)).Id;

        AnswerResult?[] results = await Task.WhenAll(Enumerable.Range(0, Answers).Select(n => Task.Run(async () =>
        {
            object answer = (n % 3) switch
            {
                0 => new { outcome = "happened", result = new { id = $"{n}" } },
                1 => new { outcome = "did_not" },
                _ => new { outcome = "fail" },
            };
            try
            {
                return (AnswerResult?)await (n % 2 == 0 ? roost : beside).AnswerAsync(ask, answer, $"person {n}");
            }
            catch (AskClosedException)
            {
                return null;
            }
        })));

        results.Should().ContainSingle(result => result != null);
        await roost.RunUntilIdleAsync().Soon();
        int winner = Array.FindIndex(results, result => result is not null);
        (roost.StateOf("it"), outside.Count("pay")).Should().Be((winner % 3) switch
        {
            0 => (WorkState.Done, 0),
            1 => (WorkState.Done, 1),
            _ => (WorkState.Failed, 0),
        });
        if (winner % 3 == 0) roost.EventData("it", "engine.paid").Should().Be($"{{\"id\":\"{winner}\"}}");
        MustAgree(roost);
    }

    [TestCase(true)]
    [TestCase(false)]
    [TestCase(null)]
    public async Task A_probe_asks_the_outside_before_anybody_else(bool? happened)
    {
        var probed = new ConcurrentQueue<string>();
        (RoostRuntime roost, Outside outside) = await InterruptedAsync(new()
        {
            Interrupted = Effect.Probe<Receipt>((key, _) =>
            {
                probed.Enqueue(key);
                return Task.FromResult<Probed<Receipt>>(happened switch
                {
                    true => Probed.Happened(new Receipt("found")),
                    false => Probed.DidNot,
                    null => Probed.Unknown,
                });
            }),
        });
        await using RoostRuntime _ = roost;

        probed.Should().Equal((await EffectsAsync(roost)).Single().Key);
        outside.Count("pay").Should().Be(happened == false ? 1 : 0);
        roost.StateOf("it").Should().Be(happened is null ? WorkState.Waiting : WorkState.Done);
        if (happened == true) roost.EventData("it", "engine.paid").Should().Be("""{"id":"found"}""");
        MustAgree(roost);
    }

    [Test]
    public async Task What_woke_the_step_and_its_mail_are_the_same_after_the_answer()
    {
        var seen = new ConcurrentQueue<string>();
        var gate = new Gate();
        int tries = 0;
        await using RoostRuntime roost = await OpenAsync(Quick, null, new ScriptedEngine(async (state, context) =>
        {
            if (state == 0) return Outcome.WaitFor(1, new Wait { Signals = ["go"] });
            bool isFirst = Interlocked.Increment(ref tries) == 1;
            seen.Enqueue($"{context.Wake!.Signal!.Payload.GetRawText()} {string.Join(',', context.TakeSignals().Select(signal => signal.Name))}");
            await context.OnceAsync("pay", async (_, token) =>
            {
                if (isFirst) await gate.UntilFiredAsync(token);
                token.ThrowIfCancellationRequested();
                return 1;
            }, Asking);
            return ScriptedEngine.Finish(2);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.SignalAsync("it", "before");
        await roost.SignalAsync("it", "go", 7);
        Task<IdleState> running = roost.RunUntilIdleAsync();
        await gate.Reached;
        await roost.SignalAsync("it", "late");
        await roost.ReleaseLeaseAsync("it");
        await running.Soon();
        await roost.SignalAsync("it", "go", 8);
        roost.StateOf("it").Should().Be(WorkState.Waiting, "nothing but the answer ends this wait");
        MustAgree(roost);

        await roost.AnswerAsync((await AskOfAsync(roost)).Id, new { outcome = "did_not" }, "someone");
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);

        seen.Should().HaveCount(3).And.AllBe("7 before");
        (await roost.ListSignalsAsync("it")).Items.Select(signal => signal.Name).Should().Equal("late", "go");
        MustAgree(roost);
    }

    [Test]
    public async Task While_somebody_is_asked_the_item_can_be_cancelled_paused_or_overdue()
    {
        var clock = TestRuntime.Clock();
        var item = new WorkItem("scripted") { Deadline = TestRuntime.Start.AddDays(1) };
        (RoostRuntime roost, Outside outside) = await InterruptedAsync(Asking, clock, item: item);
        await using RoostRuntime _ = roost;
        AskInfo ask = await AskOfAsync(roost);
        await FluentActions.Awaiting(() => roost.RequeueNowAsync("it")).Should().ThrowAsync<ConflictException>();
        await roost.PauseAsync(PauseTarget.Item("it"), "look at it", "someone");
        MustAgree(roost);
        await roost.ResumeAsync(PauseTarget.Item("it"), "someone");

        clock.Advance(TimeSpan.FromDays(2));
        await roost.RunUntilIdleAsync().Soon();
        roost.Detail("it").Summary.FailReason.Should().Be(FailReasons.DeadlineExceeded);
        await FluentActions.Awaiting(() => roost.AnswerAsync(ask.Id, new { outcome = "fail" }, "someone")).Should().ThrowAsync<AskClosedException>();
        MustAgree(roost);

        await roost.RetryAsync("it");
        await roost.RunUntilIdleAsync().Soon();
        (await AskOfAsync(roost)).Id.Should().NotBe(ask.Id);
        await roost.CancelAsync("it");
        (roost.StateOf("it"), (await roost.ListAsksAsync()).Items.Count, outside.Calls.Count()).Should().Be((WorkState.Cancelled, 0, 0));
        MustAgree(roost);
    }

    [Test]
    public async Task A_step_that_is_asked_to_cancel_opens_no_question()
    {
        var gate = new Gate();
        var asked = new Gate();
        int tries = 0;
        await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(async context =>
        {
            bool isFirst = Interlocked.Increment(ref tries) == 1;
            if (!isFirst) await asked.PassAsync();
            await context.OnceAsync("pay", async (_, token) =>
            {
                await gate.UntilFiredAsync(token);
                token.ThrowIfCancellationRequested();
                return 1;
            }, Asking);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task<IdleState> running = roost.RunUntilIdleAsync();
        await gate.Reached;
        await roost.ReleaseLeaseAsync("it");
        await asked.Reached;
        await roost.CancelAsync("it");
        asked.Open();
        await running.Soon();

        (roost.StateOf("it"), (await roost.ListAsksAsync(new() { WorkId = "it" })).Items.Count).Should().Be((WorkState.Cancelled, 0));
        MustAgree(roost);
    }
}
