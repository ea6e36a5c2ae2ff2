using System.Reflection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>A dead letter says the cause: every exception within the error, with its message, stack and data.</summary>
[TestFixture]
internal sealed class CauseTests
{
    private static readonly RoostOptions OneTry = new() { MaxAttempts = 1 };

    private sealed class Unspeakable : Exception
    {
        public Unspeakable(Exception? inner) : base("", inner) { }

        public override string Message => throw new NotSupportedException();

        public override string? StackTrace => throw new NotSupportedException();

        public override System.Collections.IDictionary Data => throw new NotSupportedException();
    }

    /// <summary>Writes an exception whole, as most logs do.</summary>
    private sealed class WritingLog : TestLog
    {
        public override void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            try { _ = $"{exception}"; }
            catch (NotSupportedException) { }
        }
    }

    private static class Broken
    {
        public static readonly int Value = int.Parse("no number", System.Globalization.CultureInfo.InvariantCulture);
    }

    [Test]
    public async Task Each_exception_within_is_kept_with_type_message_and_stack()
    {
        WorkFailure failure = await FailureOfAsync(() =>
        {
            try { Refuse(); }
            catch (InvalidOperationException e) { throw new IOException("See the inner exception", e); }
        });

        failure
            .Should()
            .BeEquivalentTo(
                new
                {
                    ErrorType = "System.IO.IOException",
                    Message = "See the inner exception",
                    CauseType = "System.InvalidOperationException",
                    CauseMessage = "the port is closed",
                    CausesLeftOut = 0,
                }
            );
        failure.Stack.Should().Contain(nameof(CauseTests));
        FailureCause cause = failure.Causes.Should().ContainSingle().Subject;
        cause.Should().BeEquivalentTo(new { Depth = 1, Type = "System.InvalidOperationException", Message = "the port is closed" });
        cause.Stack.Should().Contain(nameof(Refuse));
    }

    [Test]
    public async Task What_reflection_tasks_and_type_initializers_put_around_an_error_does_not_hide_it()
    {
        (await FailureOfAsync(() => _ = Broken.Value))
            .Should()
            .BeEquivalentTo(new { ErrorType = "System.TypeInitializationException", CauseType = "System.FormatException" });
        (await FailureOfAsync(() => typeof(CauseTests).GetMethod(nameof(Refuse), BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, null)))
            .Should()
            .BeEquivalentTo(new { ErrorType = "System.Reflection.TargetInvocationException", CauseMessage = "the port is closed" });
        (await FailureOfAsync(() => Task.Run(Refuse).Wait()))
            .Should()
            .BeEquivalentTo(new { ErrorType = "System.AggregateException", CauseMessage = "the port is closed" });
    }

    [Test]
    public async Task All_that_an_aggregate_holds_is_kept_and_the_cause_is_the_first_that_is_no_cancellation()
    {
        WorkFailure failure = await FailureOfAsync(() => throw new AggregateException("three",
            new OperationCanceledException("cancelled with it"), new IOException("b", new FormatException("c")), new ArgumentException("d")));

        failure.Causes.Select(cause => (cause.Depth, cause.Message)).Should().Equal((1, "cancelled with it"), (1, "b"), (2, "c"), (1, "d"));
        (failure.CauseType, failure.CauseMessage).Should().Be(("System.FormatException", "c"));
        WorkFailure types = await FailureOfAsync(() => throw new ReflectionTypeLoadException([], [null, new FileNotFoundException("Some.dll")]));
        types.CauseMessage.Should().Be("Some.dll");
    }

    [Test]
    public async Task The_simple_values_of_its_data_are_kept()
    {
        WorkFailure failure = await FailureOfAsync(() =>
            throw new IOException("x", new FormatException("y") { Data = { ["row"] = 7 } })
            {
                Data =
                {
                    ["url"] = new Uri("https://example.com/a"),
                    ["status"] = 429,
                    ["when"] = TestRuntime.Start,
                    ["none"] = null,
                    ["kind"] = DayOfWeek.Friday,
                    ["object"] = new object(),
                    [5] = true,
                    ["nul"] = "a\0b\ud800",
                },
            }
        );

        failure.Data.Should().BeEquivalentTo(new Dictionary<string, string?>
        {
            ["url"] = "https://example.com/a",
            ["status"] = "429",
            ["when"] = "2026-01-01T00:00:00.0000000+00:00",
            ["none"] = null,
            ["kind"] = "Friday",
            ["5"] = "true",
            ["nul"] = "a\ufffdb\ufffd",
        });
        failure.Causes[0].Data.Should().BeEquivalentTo(new Dictionary<string, string?> { ["row"] = "7" });
    }

    [Test]
    public async Task A_deep_chain_keeps_its_top_and_its_bottom_and_says_how_many_lie_between()
    {
        Exception chain = new FormatException("the bottom");
        for (int i = 0; i < 5_000; i++) chain = new IOException($"{i}", chain);

        WorkFailure failure = await FailureOfAsync(() => throw chain);

        failure.CauseMessage.Should().Be("the bottom");
        failure.Causes.Should().HaveCount(31);
        failure.CausesLeftOut.Should().Be(5_001 - 32);
        failure.Causes.Select(cause => cause.Depth).Should().Equal([.. Enumerable.Range(1, 23), .. Enumerable.Range(4_993, 8)]);
    }

    [Test]
    public async Task Long_texts_are_cut_and_the_bottom_has_its_own_first()
    {
        Exception chain = new FormatException("bottom " + new string('y', 100_000));
        for (int i = 0; i < 100; i++) chain = new IOException(new string('x', 100_000), chain) { Data = { ["much"] = new string('z', 100_000) } };

        WorkFailure failure = await FailureOfAsync(() => throw chain);

        failure.Message.Should().HaveLength(10_001);
        failure.CauseMessage.Should().StartWith("bottom yyy").And.HaveLength(4_001);
        failure.Causes[^1].Message.Should().Be(failure.CauseMessage);
        failure.Causes.Sum(cause => cause.Message.Length + (cause.Stack?.Length ?? 0) + cause.Data.Sum(pair => pair.Value!.Length)).Should().BeLessThan(70_000);
    }

    private static IEnumerable<TestCaseData> HostileOnes()
    {
        yield return Hostile("Exceptions_that_throw_when_they_are_asked", () => new IOException("x", new Unspeakable(new Unspeakable(null))));
        yield return Hostile("A_circle", () =>
        {
            var circle = new AggregateException("round", new FormatException("a"));
            typeof(AggregateException)
                .GetField("_innerExceptions", BindingFlags.NonPublic | BindingFlags.Instance)!
                .SetValue(circle, new Exception[] { new FormatException("a"), circle });
            return circle;
        });
        yield return Hostile("Aggregates_that_hold_each_other_twice", () =>
        {
            Exception all = new FormatException("a");
            for (int i = 0; i < 200; i++) all = new AggregateException("twice", all, all);
            return all;
        });
        yield return Hostile("A_chain_of_a_hundred_thousand", () =>
        {
            Exception chain = new FormatException("the bottom");
            for (int i = 0; i < 100_000; i++) chain = new IOException("x", chain);
            return chain;
        });
        yield return Hostile("An_aggregate_of_a_hundred_thousand", () =>
            new AggregateException("many", Enumerable.Range(0, 100_000).Select(i => new FormatException($"{i}")))
        );
    }

    [TestCaseSource(nameof(HostileOnes))]
    public async Task Hostile_exceptions_fail_their_item_and_not_the_loop(Func<Exception> make)
    {
        using var log = new WritingLog();
        Exception hostile = make();
        await using RoostRuntime roost = TestRuntime.Create(
            OneTry with
            {
                LoggerFactory = log,
            },
            null,
            new RawEngine((_, _, _) => throw hostile),
            ScriptedEngine.CountingTo(1)
        );
        string bad = await roost.EnqueueAsync(new WorkItem("raw")),
            good = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilIdleAsync();

        (await roost.GetDeadLetterAsync(bad)).Failure.Causes.Should().NotBeEmpty();
        (await roost.WaitAsync(good)).State.Should().Be(WorkState.Done);
        FileAudit.MustAgree(roost.Path);
    }

    [Test]
    public async Task A_list_tells_the_bottom_alone_and_filters_find_it()
    {
        await using RoostRuntime roost = Failing(() => throw new IOException("See the inner exception", new FormatException("port 80")));
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        await roost.RunUntilIdleAsync();

        DeadLetter letter = (await roost.ListDeadLettersAsync(new() { ErrorType = "System.FormatException", Error = "PORT 80" })).Items.Single();

        letter.Item.Id.Should().Be(id);
        letter.Failure.Should().BeEquivalentTo(new { CauseType = "System.FormatException", CauseMessage = "port 80", Stack = (string?)null });
        letter.Failure.Causes.Should().BeEmpty();
        (await roost.ListDeadLettersAsync(new() { ErrorType = "System.IO.IOException", Error = "inner" })).Items.Should().ContainSingle();
        (await roost.ListEventsAsync(id))
            .Items.Single(one => one.Kind == EventKinds.Failed)
            .Data!.Value.GetProperty("cause_message")
            .GetString()
            .Should()
            .Be("port 80");
    }

    [Test]
    public async Task The_error_of_a_try_says_its_cause_and_the_next_error_has_none_of_it()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(clock, new RawEngine((_, _, context) =>
            throw (context.Attempt == 1 ? new IOException("a", new FormatException("b") { Data = { ["c"] = 1 } }) : new IOException("alone"))));
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        DateTimeOffset? due = (await roost.RunUntilIdleAsync()).Due;
        (await roost.GetAsync(id)).LastFailure!.CauseMessage.Should().Be("b");

        clock.SetUtcNow(due!.Value);
        await roost.RunUntilIdleAsync();

        (await roost.GetAsync(id)).LastFailure.Should().BeEquivalentTo(new { Message = "alone", CauseMessage = (string?)null, CauseType = (string?)null });
        (await roost.GetAsync(id)).LastFailure!.Causes.Should().BeEmpty();
    }

    private static void Refuse() => throw new InvalidOperationException("the port is closed");

    private static RoostRuntime Failing(Action step) => TestRuntime.Create(OneTry, null, new RawEngine((snapshot, _, _) =>
    {
        step();
        return Outcome.Done(snapshot.Next(1));
    }));

    private static async Task<WorkFailure> FailureOfAsync(Action step)
    {
        await using RoostRuntime roost = Failing(step);
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        await roost.RunUntilIdleAsync();
        FileAudit.MustAgree(roost.Path);
        return (await roost.GetDeadLetterAsync(id)).Failure;
    }

    private static TestCaseData Hostile(string name, Func<Exception> make) => new TestCaseData(make).SetName($"{name}_fail_their_item_and_not_the_loop");
}
