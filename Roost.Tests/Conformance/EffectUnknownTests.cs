using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Whatever a step does with a call of which nobody knows whether it has happened, it is asked about, and under the key that it was given.</summary>
internal sealed class EffectUnknownTests(StoreHost host) : EffectFixture(host)
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task A_step_that_catches_that_its_call_was_stopped_and_goes_on_has_failed_and_its_next_try_asks(bool cancels)
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var gate = new Gate();
        int calls = 0;
        await using RoostRuntime roost = await OpenAsync(Quick, clock, OneStep(async context =>
        {
            try
            {
                await context.OnceAsync("pay", async token =>
                {
                    Interlocked.Increment(ref calls);
                    await gate.UntilFiredAsync(token);
                    token.ThrowIfCancellationRequested();
                }, Asking);
            }
            catch (OperationCanceledException) { }
            context.AddEvent("went_on");
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", Timeout = TimeSpan.FromMinutes(1) });
        Task<IdleState> running = roost.RunUntilIdleAsync();
        await gate.Reached;

        if (cancels) await roost.CancelAsync("it");
        else clock.Advance(TimeSpan.FromMinutes(1));
        await running.Soon();
        clock.Advance(TimeSpan.FromSeconds(1));
        await roost.RunUntilIdleAsync().Soon();

        (await EffectsAsync(roost)).Single().State.Should().Be(EffectState.Unknown);
        roost.Events("engine.went_on").Should().BeEmpty("nothing of that try lands");
        calls.Should().Be(1);
        if (cancels) roost.Detail("it").Summary.State.Should().Be(WorkState.Cancelled);
        else
        {
            (await roost.ListAsksAsync()).Items.Single().Effect.Should().Be("pay");
            roost.EventData("it", EventKinds.StepFailed).Should().Contain("not known whether effect").And.Contain(FailReasons.TimedOut);
        }
        MustAgree(roost);
    }

    [Test]
    public async Task An_answer_that_cannot_be_read_as_the_result_is_asked_for_again()
    {
        var gate = new Gate();
        string? key = null;
        Color[] got = [];
        await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(async context =>
        {
            Dictionary<Color, int> counts = await context.OnceAsync("count", async (given, token) =>
            {
                key = given;
                await gate.UntilFiredAsync(token);
                token.ThrowIfCancellationRequested();
                return new Dictionary<Color, int>();
            }, Asking);
            got = [.. counts.Keys];
        }));
        await StopWithinCallAsync(roost, gate);
        AskInfo first = (await roost.ListAsksAsync()).Items.Single();

        await roost.AnswerAsync(first.Id, new { outcome = "happened", result = new { nope = 1 } }, by: "ann");
        await roost.RunUntilIdleAsync().Soon();

        AskInfo second = (await roost.ListAsksAsync()).Items.Single();
        second.Id.Should().NotBe(first.Id);
        second.Question.Should().ContainAll(key!, "answered before", "nope");
        (await EffectsAsync(roost)).Single().Should().Match<EffectInfo>(effect => effect.State == EffectState.Unknown && effect.ToldBy == null);
        await roost.AnswerAsync(second.Id, new { outcome = "happened", result = new { Red = 1 } }, by: "ann");
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);
        got.Should().Equal(Color.Red);
        MustAgree(roost);
    }

    private enum Color
    {
        None,
        Red,
    }

    [TestCase("99999999999")]
    [TestCase("-2147483649")]
    [TestCase("1.5")]
    public async Task An_answer_that_a_number_cannot_hold_is_refused(string result)
    {
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(context => context.OnceAsync("count", async (_, token) =>
        {
            await gate.UntilFiredAsync(token);
            token.ThrowIfCancellationRequested();
            return 1;
        }, Asking)));
        await StopWithinCallAsync(roost, gate);
        string ask = (await roost.ListAsksAsync()).Items.Single().Id;

        await roost.Awaiting(it => it.AnswerAsync(ask, JsonElement.Parse($$"""{"outcome":"happened","result":{{result}}}"""), by: "ann"))
            .Should().ThrowAsync<InvalidInputException>();

        (await roost.ListAsksAsync()).Items.Single().State.Should().Be(AskState.Open);
    }

    [Test]
    public async Task A_plain_retry_keeps_that_it_is_not_known()
    {
        var gate = new Gate();
        int tries = 0, probes = 0, calls = 0;
        await using RoostRuntime roost = await OpenAsync(Quick with { MaxAttempts = 1 }, null, OneStep(async context =>
        {
            int mine = Interlocked.Increment(ref tries);
            await context.OnceAsync("pay", async (_, token) =>
            {
                Interlocked.Increment(ref calls);
                if (mine == 1) await gate.UntilFiredAsync(token);
                token.ThrowIfCancellationRequested();
            }, new()
            {
                Interrupted = Effect.Probe((_, _) =>
                    Interlocked.Increment(ref probes) == 1 ? throw new IOException("The outside is away.") : Task.FromResult<bool?>(true)),
            });
        }));
        await StopWithinCallAsync(roost, gate);
        roost.Detail("it").Summary.State.Should().Be(WorkState.Failed, "its probe has thrown, and it has one try");

        await roost.RetryAsync("it");

        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);
        (calls, probes).Should().Be((1, 2));
    }

    [Test]
    public async Task After_the_step_is_over_it_says_nothing_more()
    {
        var refused = new List<string>();
        await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(async context =>
        {
            StepStream before = context.OpenStream("before");
            before.Write("words");
            if (context.Attempt == 1)
            {
                await PayAsync(context, 1);
                throw new IOException("The first try fails.");
            }
            try
            {
                await PayAsync(context, 2);
            }
            catch (RoostException) { }
            Try("Report", () => context.Report(0.9, "after"));
            Try("OpenStream", () => context.OpenStream("after"));
            Try("Write", () => before.Write("after"));
            Try("FlushAsync", () => before.FlushAsync().GetAwaiter().GetResult());
            Try("AddEvent", () => context.AddEvent("after"));
        }));

        WorkSummary ended = await RunAsync(roost);

        ended.FailReason.Should().Be(FailReasons.EffectMismatch);
        refused.Should().Equal("Report", "OpenStream", "Write", "FlushAsync", "AddEvent");
        ended.Progress.Should().BeNull();
        (await roost.ListStreamsAsync("it")).Items.Select(stream => stream.Name).Should().Equal("before");

        static Task<int> PayAsync(StepContext context, int amount) =>
            context.OnceAsync("pay", _ => Task.FromResult(1), new() { Arguments = new { amount } });

        void Try(string what, Action act)
        {
            try
            {
                act();
            }
            catch (RoostException)
            {
                refused.Add(what);
            }
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Arguments_are_compared_where_both_tries_have_them(bool first)
    {
        int calls = 0;
        await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(async context =>
        {
            bool has = first == (context.Attempt == 1);
            await context.OnceAsync("pay", _ => Task.FromResult(++calls), has ? new() { Arguments = new { a = 1 } } : new());
            if (context.Attempt == 1) throw new IOException("The first try fails.");
        }));

        (await RunAsync(roost)).State.Should().Be(WorkState.Done);
        calls.Should().Be(1);
    }
}
