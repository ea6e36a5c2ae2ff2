using System.Diagnostics;
using Roost.Samples.Demo;
using Roost.Testing;

namespace Roost.Tests;

/// <summary>Weeks of an agent's life in a test, the same each time.</summary>
[TestFixture]
internal sealed class VirtualTimeTests
{
    [Test]
    public async Task Three_weeks_of_reminders_pass_at_once_and_one_seed_gives_one_history()
    {
        long since = Stopwatch.GetTimestamp();

        IReadOnlyList<string> first = await ThreeWeeksAsync(seed: 7), second = await ThreeWeeksAsync(seed: 7), other = await ThreeWeeksAsync(seed: 8);

        first.Should().Equal(second);
        first.Should().NotEqual(other, "another seed draws other ids");
        first.Count(line => line.Contains(" engine.reminded ", StringComparison.Ordinal)).Should().Be(2);
        first[^1].Should().StartWith("20.23:59:59 done ", "an interrupted step runs again at once");
        Stopwatch.GetElapsedTime(since).Should().BeLessThan(TimeSpan.FromMinutes(1), "it is no three weeks");
    }

    [Test]
    public async Task Items_that_fail_and_wait_in_between_come_in_one_order_with_one_jitter()
    {
        static async Task<IReadOnlyList<string>> Run(int seed)
        {
            await using RoostTest test = RoostTest.Create(seed);
            test.AddEngine(() => new OneStep((kept, context) =>
                context.Attempt < 3 ? throw new IOException("not yet") : kept.N < 3 ? Outcome.Continue(kept with { N = kept.N + 1 }) : Outcome.Done(kept)));
            for (int i = 0; i < 5; i++) await test.EnqueueAsync(new WorkItem("one") { Id = $"item-{i}" });
            await test.AdvanceAsync(TimeSpan.FromHours(1));
            return await test.ListEventLinesAsync();
        }

        IReadOnlyList<string> one = await Run(1);

        one.Should().Equal(await Run(1));
        one.Should().NotEqual(await Run(2), "the waits between tries have another jitter");
        one.Count(line => line.Contains(" done ", StringComparison.Ordinal)).Should().Be(5);
        one.Count(line => line.Contains(" step_failed ", StringComparison.Ordinal)).Should().Be(5 * 4 * 2);
    }

    [Test]
    public async Task An_interrupted_step_saves_nothing_and_is_told_when_it_runs_again()
    {
        var seen = new List<string>();
        await using RoostTest test = RoostTest.Create();
        test.AddEngine(new OneStep((kept, context) =>
        {
            seen.Add($"{context.Version}.{context.Interruptions} {context.IdempotencyKey}");
            return kept.N == 0 ? Outcome.Continue(kept with { N = 1 }, TimeSpan.FromDays(1)) : Outcome.Done(kept);
        }));
        string id = await test.EnqueueAsync(new WorkItem("one"));

        await test.InterruptAsync(id); // While it makes its first state.
        (await test.Runtime.GetAsync(id)).Summary.Version.Should().Be(0);
        await test.RunUntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromHours(23));
        seen.Should().ContainSingle("it is not due yet").Which.Should().StartWith("1.0 ");
        test.Runtime.Options.TimeProvider.GetUtcNow().Should().Be(RoostTest.DefaultStart.AddHours(23));
        await test.AdvanceAsync(TimeSpan.FromMinutes(59));
        await test.Awaiting(one => one.InterruptAsync(id)).Should().ThrowAsync<InvalidOperationException>().WithMessage($"No step of work item {id} has*");
        test.MoveTo(RoostTest.DefaultStart.AddDays(1));
        await test.InterruptAsync(id);

        (await test.RunUntilDoneAsync(id)).State.Should().Be(WorkState.Done);

        seen.Select(one => one.Split(' ')[0]).Should().Equal("1.0", "2.0", "2.1");
        seen[1].Split(' ')[1].Should().Be(seen[2].Split(' ')[1], "a step has one key");
        (await test.ListEventLinesAsync()).Count(line => line.Contains(" interrupted ", StringComparison.Ordinal)).Should().Be(2);
        (await RoostRuntime.CheckFileAsync(test.Runtime.Path)).Should().OnlyContain(check => check.Status == CheckStatus.Ok);
    }

    [Test]
    public async Task An_item_that_no_time_brings_on_is_told_and_so_is_one_that_takes_too_long()
    {
        await using RoostTest test = RoostTest.Create().AddEngine(() => new DemoEngine())
            .AddEngine(new OneStep((kept, context) => context.Wake is null ? Outcome.WaitFor(kept, new() { Signals = ["go"] }) : Outcome.Done(kept)));
        string waits = await test.EnqueueAsync(new WorkItem("one"));
        string slow = await test.EnqueueAsync(new WorkItem("demo", new { delay_seconds = 86_400 }));

        await test.Awaiting(one => one.RunUntilDoneAsync(slow, within: TimeSpan.FromHours(30))).Should().ThrowAsync<TimeoutException>()
            .WithMessage($"Work item {slow} has not ended within 1.06:00:00 of virtual time: *");
        (await test.RunUntilDoneAsync(slow)).State.Should().Be(WorkState.Done);
        await test.Awaiting(one => one.RunUntilDoneAsync(waits)).Should().ThrowAsync<TimeoutException>()
            .WithMessage($"Work item {waits} has not ended, and no time brings it on: waiting for the signal go*");
        await test.SignalAsync(waits, "go");
        (await test.RunUntilDoneAsync(waits)).State.Should().Be(WorkState.Done);
        await test.Awaiting(one => one.AnswerAsync(waits, true)).Should().ThrowAsync<InvalidOperationException>().WithMessage("*has no open question*");
    }

    [Test]
    public void A_clock_or_a_file_of_ones_own_is_refused()
    {
        FluentActions.Invoking(() => RoostTest.Create(options: new() { TimeProvider = new Microsoft.Extensions.Time.Testing.FakeTimeProvider() }))
            .Should().Throw<InvalidInputException>().WithMessage("TimeProvider: *");
        FluentActions.Invoking(() => RoostTest.Create(options: new() { Path = "a.db" })).Should().Throw<InvalidInputException>().WithMessage("Path: *");
    }

    /// <summary>An approval that is asked for, reminded of each week, and given after three; what it does then fails once.</summary>
    private static async Task<IReadOnlyList<string>> ThreeWeeksAsync(int seed)
    {
        await using RoostTest test = RoostTest.Create(seed);
        test.AddEngine(() => new Reminding());
        string id = await test.EnqueueAsync(new WorkItem("reminding"));
        await test.AdvanceAsync(TimeSpan.FromDays(20));
        (await test.FindAskAsync(id))!.Question.Should().Be("May it go on? Asked for the 3rd time.");
        await test.AdvanceAsync(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        await test.AnswerAsync(id, true, by: "ann");
        await test.InterruptAsync(id);
        await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        (await test.RunUntilDoneAsync(id)).State.Should().Be(WorkState.Done);
        (await test.GetStateAsync<Kept>(id))!.Text.Should().Be("ann");
        return await test.ListEventLinesAsync();
    }

    private sealed class Reminding : Engine<Kept>
    {
        public override string EngineId => "reminding";

        protected override Kept Init(WorkItem item) => new();

        protected override Task<Outcome> StepAsync(Kept state, StepContext context)
        {
            if (context.Wake?.Answer is { } answer) return Task.FromResult(Done(state with { Text = answer.By }));
            if (context.Wake is not null) context.AddEvent("reminded", new { state.N });
            string times = state.N switch { 0 => "", 1 => " Asked for the 2nd time.", _ => " Asked for the 3rd time." };
            return Task.FromResult(Ask<bool>(state with { N = state.N + 1 }, $"May it go on?{times}", within: TimeSpan.FromDays(7), step: "ask"));
        }
    }
}
