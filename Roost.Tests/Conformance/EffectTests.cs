using System.Collections.Concurrent;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Outside calls of a step: recorded once, not made again, and kept as long as what came of them.</summary>
internal sealed class EffectTests(StoreHost host) : EffectFixture(host)
{
    [Test]
    public async Task A_result_is_recorded_and_the_call_is_not_made_by_a_further_try()
    {
        var outside = new Outside();
        var seen = new List<Quote>();
        await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(async context =>
        {
            seen.Add(await context.OnceAsync("quote", (key, _) => outside.Call("quote", key, new Quote(7))));
            if (context.Attempt < 3) throw new IOException("after it");
        }));

        (await RunAsync(roost)).State.Should().Be(WorkState.Done);

        outside.Count("quote").Should().Be(1);
        seen.Should().Equal(new Quote(7), new Quote(7), new Quote(7));
        EffectInfo effect = (await EffectsAsync(roost)).Single();
        (effect.Name, effect.Path, effect.Number, effect.Version, effect.State, effect.Key, effect.Result!.Value.GetRawText()).Should()
            .Be(("quote", "quote", 1, 1, EffectState.Recorded, outside.Keys("quote")[0], """{"amount":7,"currency":"EUR"}"""));
        effect.EndedAt.Should().BeOnOrAfter(effect.BegunAt);
        MustAgree(roost);
    }

    [Test]
    public async Task The_three_lines_of_the_guide_compile_and_run()
    {
        var outside = new Outside();
        var keys = new List<string>();
        await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(async context =>
        {
            Quote q = await context.OnceAsync("quote", ct => outside.Call("quote", "", new Quote(7)));
            await context.OnceAsync("pay", (key, ct) => outside.Call("pay", key, q.Amount), new() { Interrupted = Effect.Ask });
            string key = context.KeyFor("mail");
            await context.OnceAsync("tell", async ct => await Task.Yield());
            await context.OnceAsync("tell", async (key, ct) =>
            {
                await Task.Yield();
                keys.Add(key);
            }, new() { Interrupted = Effect.Probe((key, ct) => Task.FromResult<bool?>(null)) });
            await context.OnceAsync("find", (key, ct) => Task.FromResult(new Receipt(key)), new()
            {
                Interrupted = Effect.Probe<Receipt>(async (key, ct) => await Task.FromResult<string?>(key) is { } found
                    ? Probed.Happened(new Receipt(found))
                    : Probed.DidNot),
            });
            keys.Add(key);
            if (context.Attempt == 1) throw new IOException("once");
        }));

        (await RunAsync(roost)).State.Should().Be(WorkState.Done);

        (outside.Count("quote"), outside.Count("pay")).Should().Be((1, 1));
        keys.Should().HaveCount(3);
        keys[1].Should().Be(keys[2], "a key that is not recorded is the same for each try");
        (await EffectsAsync(roost)).Select(effect => $"{effect.Path} {effect.Result}").Should()
            .Equal("quote {\"amount\":7,\"currency\":\"EUR\"}", "pay 7", "tell ", "tell#2 ", $"find {{\"id\":\"{(await EffectsAsync(roost))[^1].Key}\"}}");
    }

    [Test]
    public async Task Keys_go_by_where_a_call_stands_and_are_the_same_for_each_try()
    {
        var tries = new List<string[]>();
        await using RoostRuntime roost = await OpenAsync(Quick, null, new ScriptedEngine(async (state, context) =>
        {
            var keys = new ConcurrentDictionary<string, string>();
            Task<int> Make(string name, string key)
            {
                keys[name] = key;
                return context.Attempt == 1 ? Task.FromException<int>(new IOException("nothing is recorded")) : Task.FromResult(1);
            }

            async Task<int> Outer(string key, CancellationToken _)
            {
                keys["outer"] = key;
                await Quiet(context.OnceAsync("a", (key, _) => Make("outer/a", key)), context.OnceAsync("b/#\\", (key, _) => Make("outer/b", key)));
                await Quiet(context.OnceAsync("a", (key, _) => Make("outer/a#2", key)));
                return context.Attempt == 1 ? throw new IOException("nor this") : 1;
            }

            await Quiet(context.OnceAsync("outer", Outer), context.OnceAsync("a", (key, _) => Make("a", key)));
            keys["a#2, a key alone"] = context.KeyFor("a");
            await Quiet(context.OnceAsync("a", (key, _) => Make("a#3", key)));
            keys["the step"] = context.IdempotencyKey;
            tries.Add([.. keys.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")]);
            if (context.Attempt == 1) throw new IOException("once more");
            return state == 1 ? ScriptedEngine.Finish(2) : ScriptedEngine.GoOn(1);
        }));

        (await RunAsync(roost)).State.Should().Be(WorkState.Done);

        tries.Should().HaveCount(4);
        tries[0].Should().HaveCount(8).And.Equal(tries[1]);
        tries[2].Should().Equal(tries[3]);
        tries[0].Concat(tries[2]).Select(one => one.Split('=')[1]).Should().OnlyHaveUniqueItems().And.AllSatisfy(key =>
            key.Should().MatchRegex("^[0-9a-f]{32}$"));
        (await EffectsAsync(roost)).Where(effect => effect.Version == 1).Select(effect => effect.Path).Should()
            .BeEquivalentTo("outer", "outer/a", @"outer/b\/\#\\", "outer/a#2", "a", "a#3");
        MustAgree(roost);

        static async Task Quiet(params Task[] calls) => await ((Task)Task.WhenAll(calls)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [Test]
    public async Task Two_open_calls_of_one_name_are_refused_and_so_is_a_bad_name()
    {
        foreach (Func<StepContext, Task> step in (Func<StepContext, Task>[])[
            context => Task.WhenAll(context.OnceAsync("a", Slow), context.OnceAsync("a", Slow)),
            context => context.OnceAsync(" ", Slow),
            context => context.OnceAsync("a", Slow, new() { For = "" }),
            context => context.OnceAsync("a", Slow, new() { Interrupted = null! }),
            context => context.OnceAsync("a", Slow, new() { Interrupted = Effect.Probe<Quote>((_, _) => Task.FromResult<Probed<Quote>>(Probed.Unknown)) }),
            context => context.OnceAsync("a", Slow, new() { Arguments = new IOException("no data") }),
            context => context.OnceAsync<int>("a", (CancellationToken _) => null!),
            context => Task.FromResult(context.KeyFor("")),
            context =>
            {
                _ = context.OnceAsync("a", Never);
                return Task.CompletedTask;
            }])
        {
            await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(step));
            WorkSummary end = await RunAsync(roost);
            (end.State, end.FailReason).Should().Be((WorkState.Failed, FailReasons.InvalidStep), end.Error);
            MustAgree(roost);
        }

        static async Task<int> Slow(CancellationToken _)
        {
            await Task.Yield();
            return 1;
        }

        static async Task<int> Never(CancellationToken token)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return 1;
        }
    }

    private sealed class InitEngine(Outside outside) : Engine<Receipt>
    {
        public override string EngineId => "scripted";

        protected override async Task<Receipt> InitAsync(WorkItem item, StepContext context)
        {
            Receipt made = await context.OnceAsync("open", (key, _) => outside.Call("open", key, new Receipt(key)));
            return context.Attempt == 1 ? throw new IOException("once") : made;
        }

        protected override async Task<Outcome> StepAsync(Receipt state, StepContext context) =>
            Done(await context.OnceAsync("open", (key, _) => outside.Call("open", key, state)));
    }

    [Test]
    public async Task The_first_state_may_come_of_an_effect()
    {
        var outside = new Outside();
        await using RoostRuntime roost = await OpenAsync(Quick, null, new InitEngine(outside));

        (await RunAsync(roost)).State.Should().Be(WorkState.Done);

        outside.Keys("open").Should().HaveCount(2).And.OnlyHaveUniqueItems();
        roost.StatesOf("it")[0].Should().Be($"{{\"id\":\"{outside.Keys("open")[0]}\"}}");
        (await EffectsAsync(roost)).Select(effect => effect.Version).Should().Equal(0, 1);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Other_arguments_than_recorded_are_final_even_where_the_code_catches(bool catches)
    {
        var outside = new Outside();
        await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(async context =>
        {
            try
            {
                await context.OnceAsync("pay", (key, _) => outside.Call("pay", key, 1), new() { Arguments = new { amount = context.Attempt } });
            }
            catch (RoostException) when (catches) { }
            if (context.Attempt == 1) throw new IOException("once");
        }));

        WorkSummary end = await RunAsync(roost);

        (end.State, end.FailReason, outside.Count("pay")).Should().Be((WorkState.Failed, FailReasons.EffectMismatch, 1));
        end.Error.Should().ContainAll("\"pay\"", """{"amount":2} instead of {"amount":1}""");
        MustAgree(roost);
    }

    [Test]
    public async Task The_same_arguments_in_another_order_are_the_same()
    {
        var outside = new Outside();
        await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(async context =>
        {
            object arguments = context.Attempt == 1 ? new { a = 1, b = 2 } : new { b = 2, a = 1 };
            await context.OnceAsync("pay", (key, _) => outside.Call("pay", key, 1), new() { Arguments = arguments });
            if (context.Attempt == 1) throw new IOException("once");
        }));

        (await RunAsync(roost)).State.Should().Be(WorkState.Done);
        (await EffectsAsync(roost)).Single().Arguments!.Value.GetRawText().Should().Be("""{"a":1,"b":2}""");
    }

    [Test]
    public async Task A_result_that_cannot_be_recorded_is_final()
    {
        var outside = new Outside();
        foreach ((Func<StepContext, Task> step, int calls) in (IEnumerable<(Func<StepContext, Task>, int)>)[
            (context => context.OnceAsync("x", (key, _) => outside.Call("x", key, new string('x', 2000))), 1),
            (context => context.OnceAsync("x", (key, _) => outside.Call("x", key, "half of a pair: \ud800")), 1),
            (context => context.OnceAsync("x", (key, _) => outside.Call("x", key, new Half())), 0)])
        {
            await using RoostRuntime roost = await OpenAsync(Quick with { MaxJsonBytes = 1024 }, null, OneStep(step));
            int before = outside.Count("x");
            WorkSummary end = await RunAsync(roost);
            (end.State, end.FailReason, outside.Count("x") - before).Should().Be((WorkState.Failed, FailReasons.EffectUnrecordable, calls), end.Error);
            (await EffectsAsync(roost)).Should().BeEmpty();
            MustAgree(roost);
        }
    }

    [Test]
    public async Task A_recorded_result_that_does_not_read_as_what_is_asked_for_is_final()
    {
        var outside = new Outside();
        await using RoostRuntime roost = await OpenAsync(Quick, null, OneStep(async context =>
        {
            if (context.Attempt > 1) await context.OnceAsync("x", (key, _) => outside.Call("x", key, new Quote(1)));
            await context.OnceAsync("x", (key, _) => outside.Call("x", key, "text"));
            throw new IOException("once");
        }));

        WorkSummary end = await RunAsync(roost);

        (end.FailReason, outside.Count("x")).Should().Be((FailReasons.EffectMismatch, 1));
    }

    [Test]
    public async Task Where_the_lease_is_lost_nothing_is_recorded_and_the_step_is_over()
    {
        var outside = new Outside();
        var first = new Gate();
        RoostRuntime? open = null;
        var late = new TaskCompletionSource();
        await using RoostRuntime roost = open = await OpenAsync(Quick, null, OneStep(async context =>
        {
            bool isLate = !first.Reached.IsCompleted;
            if (isLate) first.Reach();
            try
            {
                await context.OnceAsync("pay", async (key, _) =>
                {
                    int made = await outside.Call("pay", key, 1);
                    if (isLate) await open!.ReleaseLeaseAsync("it", cancellationToken: CancellationToken.None);
                    return made;
                });
            }
            catch (RoostException) when (isLate)
            {
                await context.Invoking(it => it.OnceAsync("more", (key, _) => outside.Call("more", key, 1))).Should().ThrowAsync<RoostException>();
                context.Invoking(it => it.AddEvent("late")).Should().Throw<RoostException>();
                context.Invoking(it => it.KeyFor("late")).Should().Throw<RoostException>();
                late.SetResult();
            }
        }));

        WorkSummary end = await RunAsync(roost);
        await late.Task.Soon();

        (end.State, outside.Count("more")).Should().Be((WorkState.Done, 0));
        outside.Keys("pay").Should().HaveCount(2, "a call that may be repeated is, under its key");
        outside.Keys("pay").Distinct().Should().ContainSingle();
        roost.EventsOf("it").Should().NotContain("engine.late");
        MustAgree(roost);
    }

    [Test]
    public async Task A_result_that_comes_after_the_steps_time_is_recorded_while_its_lease_holds()
    {
        var clock = TestRuntime.Clock();
        var outside = new Outside();
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(Quick with { StepTimeout = TimeSpan.FromMinutes(1) }, clock, OneStep(async context =>
        {
            await context.OnceAsync("pay", async (key, token) =>
            {
                await gate.UntilFiredAsync(token);
                return await outside.Call("pay", key, 1);
            }, Asking);
            context.CancellationToken.ThrowIfCancellationRequested();
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task<WorkSummary> running = roost.RunUntilDoneAsync("it");
        await gate.Reached;

        await running.WhileTimePasses(clock, TimeSpan.FromSeconds(5));

        ((await running).State, outside.Count("pay")).Should().Be((WorkState.Done, 1));
        roost.EventsOf("it").Should().Contain(EventKinds.StepFailed);
        MustAgree(roost);
    }

    [Test]
    public async Task An_exception_of_the_call_in_a_step_that_lives_takes_back_that_it_had_begun()
    {
        var outside = new Outside();
        RoostRuntime? open = null;
        await using RoostRuntime roost = open = await OpenAsync(Quick, null, OneStep(async context =>
        {
            await context.OnceAsync("pay", async (key, _) =>
            {
                (await EffectsAsync(open!)).Single().State.Should().Be(EffectState.Running);
                int made = await outside.Call("pay", key, 1);
                return context.Attempt == 1 ? throw new IOException("refused") : made;
            }, Asking);
        }));

        ((await RunAsync(roost)).State, outside.Count("pay")).Should().Be((WorkState.Done, 2));
        MustAgree(roost);
    }

    [Test]
    public async Task A_retry_keeps_what_was_recorded_and_a_fresh_one_drops_it_and_begins_other_keys()
    {
        var outside = new Outside();
        bool isBroken = true;
        await using RoostRuntime roost = await OpenAsync(Quick with { MaxAttempts = 1 }, null, OneStep(async context =>
        {
            await context.OnceAsync("pay", (key, _) => outside.Call("pay", key, 1));
            if (isBroken) throw new IOException("broken");
        }));

        (await RunAsync(roost)).State.Should().Be(WorkState.Failed);
        await roost.RetryAsync("it");
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Failed);
        outside.Count("pay").Should().Be(1);
        await roost.RetryFreshAsync("it", "the bank has lost it");
        roost.EventData("it", EventKinds.Retried).Should().Be("""{"fresh":true,"reason":"the bank has lost it"}""");
        isBroken = false;
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);

        outside.Keys("pay").Should().HaveCount(2).And.OnlyHaveUniqueItems();
        MustAgree(roost);
    }

    [Test]
    public async Task A_step_that_asks_to_be_tried_again_keeps_what_it_has_recorded()
    {
        var outside = new Outside();
        await using RoostRuntime roost = await OpenAsync(Quick, null, new ScriptedEngine(async (state, context) =>
        {
            await context.OnceAsync("pay", (key, _) => outside.Call("pay", key, 1));
            return context.RetryAfters == 0 ? Outcome.RetryAfter(TimeSpan.Zero, "not yet") : ScriptedEngine.Finish(1);
        }));

        ((await RunAsync(roost)).State, outside.Count("pay")).Should().Be((WorkState.Done, 1));
    }

    [Test]
    public async Task A_loop_that_stops_leaves_an_effect_unknown_and_records_what_comes_in_time()
    {
        var outside = new Outside();
        var gate = new Gate();
        int tries = 0;
        await using RoostRuntime roost = await OpenAsync(Quick with { DrainTime = TimeSpan.FromMilliseconds(50) }, null, OneStep(async context =>
        {
            bool isFirst = Interlocked.Increment(ref tries) == 1;
            await context.OnceAsync("first", async (key, token) =>
            {
                if (isFirst) await gate.UntilFiredAsync(token);
                return await outside.Call("first", key, 1);
            }, Asking);
            await context.OnceAsync("second", (key, _) => outside.Call("second", key, 1), Asking);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using var stop = new CancellationTokenSource();
        Task running = roost.RunAsync(stop.Token);
        await gate.Reached;
        await stop.CancelAsync();
        await running.Soon();

        outside.Calls.Select(call => call.Name).Should().Equal(["first"], "no call begins once the step is told to stop, and none is left unknown for that");
        (await EffectsAsync(roost)).Select(effect => (effect.Path, effect.State)).Should().Equal(("first", EffectState.Recorded));
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);
        outside.Calls.Select(call => call.Name).Should().Equal("first", "second");
        MustAgree(roost);
    }

    [Test]
    public async Task What_was_recorded_is_kept_as_long_as_the_version_that_its_step_made()
    {
        await using RoostRuntime roost = await TenStepsAsync(lastOfEffects: 9);

        (await EffectsAsync(roost)).Select(effect => effect.Version + 1).Should().Equal(2, 9, 10, 11);
        Page<EffectInfo> first = await roost.ListEffectsAsync("it", 3);
        (await roost.ListEffectsAsync("it", 3, first.Next)).Items.Should().ContainSingle();
        await FluentActions.Awaiting(() => roost.ListEffectsAsync("none")).Should().ThrowAsync<NotFoundException>();
        (await roost.PurgeAsync(new(TimeSpan.Zero))).Items.Should().Be(1);
        MustAgree(roost);
    }

    [Test]
    public async Task What_was_recorded_goes_with_its_version_though_the_steps_since_make_no_effects()
    {
        await using RoostRuntime roost = await TenStepsAsync(lastOfEffects: 4);

        (await EffectsAsync(roost)).Select(effect => effect.Version + 1).Should().Equal(2);
        MustAgree(roost);
    }

    /// <summary>Ten steps, of which the first so many make an effect each; the first two versions and the last three are kept.</summary>
    private async Task<RoostRuntime> TenStepsAsync(int lastOfEffects)
    {
        var few = new RoostOptions { HistoryFirst = 2, HistoryLast = 3 };
        RoostRuntime roost = await OpenAsync(few, null, new ScriptedEngine(async (state, context) =>
        {
            if (state <= lastOfEffects) await context.OnceAsync("count", _ => Task.FromResult(state));
            return state == 9 ? ScriptedEngine.Finish(10) : ScriptedEngine.GoOn(state + 1);
        }));

        (await RunAsync(roost)).State.Should().Be(WorkState.Done);

        int[] kept = [.. (await roost.ListHistoryAsync("it")).Select(version => version.Version).Order()];
        kept.Should().Equal(1, 2, 9, 10, 11);
        return roost;
    }
}
