using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>How far a step says that it is, and the rules of what a step may say.</summary>
internal sealed class ProgressTests(StoreHost host) : StreamFixture(host)
{
    /// <summary>Bad input is the step's fault, and would be in each try.</summary>
    private async Task RefusedAsync(Action<StepContext> say, string field)
    {
        await using RoostRuntime roost = await OpenAsync(Lazy, null, OneStep(context =>
        {
            say(context);
            return Task.CompletedTask;
        }));
        WorkSummary item = await RunAsync(roost);
        (item.State, item.FailReason).Should().Be((WorkState.Failed, FailReasons.InvalidStep));
        item.Error.Should().Contain(field);
    }

    [Test]
    public async Task Progress_is_what_was_said_last_and_lasts_over_steps()
    {
        await using RoostRuntime roost = await OpenAsync(Lazy, null, ScriptedEngine.From((state, context) =>
        {
            if (state == 0)
            {
                context.Report(0.1);
                context.Report("warming up");
                context.Report(0.4, "page 12 of 30");
            }
            return state == 1 ? ScriptedEngine.Finish(2) : ScriptedEngine.GoOn(state + 1);
        }));

        await RunAsync(roost);

        WorkProgress expected = new() { Fraction = 0.4, Text = "page 12 of 30", Version = 1, At = (await roost.GetAsync("it")).Summary.Progress!.At };
        (await roost.GetAsync("it")).Summary.Progress.Should().Be(expected);
        (await roost.ListAsync()).Items.Single().Progress.Should().Be(expected);
    }

    [TestCase(-0.01)]
    [TestCase(1.01)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public async Task A_fraction_is_from_0_to_1(double fraction) =>
        await RefusedAsync(context => context.Report(fraction), "fraction");

    [Test]
    public void A_fraction_is_told_in_percent_and_what_is_not_all_is_never_100()
    {
        for (int n = 0; n <= 100; n++) Told(n / 100.0).Should().Be($"{n} %");
        Told(0.9999999999999).Should().Be("99 %");
        Told(0.005).Should().Be("0 %");

        static string Told(double fraction) => new WorkProgress { Fraction = fraction, Version = 1, At = TestRuntime.Start }.ToString();
    }

    [Test]
    public async Task Texts_of_progress_and_names_of_streams_have_their_rules()
    {
        await RefusedAsync(context => context.Report(0.5, ""), "text");
        await RefusedAsync(context => context.Report(new string('x', 1001)), "text");
        await RefusedAsync(context => context.Report("a\0b"), "text");
        await RefusedAsync(context => context.OpenStream(""), "name");
        await RefusedAsync(context => context.OpenStream(" x"), "name");
        await RefusedAsync(context =>
        {
            for (int n = 0; n < 64; n++) context.OpenStream($"{n}");
            context.Invoking(it => it.OpenStream("64")).Should().Throw<InvalidInputException>();
            context.OpenStream("63");
            context.OpenStream("64");
        }, "name");
    }

    [Test]
    public async Task A_step_that_has_ended_says_nothing_more()
    {
        StepContext? ended = null;
        StepStream? open = null, closed = null;
        await using RoostRuntime roost = await OpenAsync(Lazy, null, OneStep(async context =>
        {
            (ended, open, closed) = (context, context.OpenStream("open"), context.OpenStream("closed"));
            await closed.DisposeAsync();
            closed.Invoking(stream => stream.Write("x")).Should().Throw<ConflictException>().WithMessage("*closed*");
        }));
        (await RunAsync(roost)).State.Should().Be(WorkState.Done);

        await open!.Awaiting(stream => stream.FlushAsync()).Should().ThrowAsync<ConflictException>().WithMessage("*has ended*");
        open!.Invoking(stream => stream.Write("x")).Should().Throw<ConflictException>().WithMessage("*has ended*");
        ended!.Invoking(context => context.Report(1)).Should().Throw<ConflictException>().WithMessage("*has ended*");
        ended!.Invoking(context => context.OpenStream("late")).Should().Throw<ConflictException>().WithMessage("*has ended*");
    }
}
