using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>An engine decides by the exception whether and when a step is tried again.</summary>
internal sealed class RetryDecisionTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Test]
    public async Task Never_ends_the_item_with_its_first_try()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), new Deciding((_, _) => RetryDecision.Never));
        string id = await roost.EnqueueAsync(new WorkItem("deciding"));

        await roost.RunUntilIdleAsync();

        WorkFailure failure = (await roost.GetDeadLetterAsync(id)).Failure;
        (failure.Reason, failure.ErrorType, failure.Message, failure.Attempt).Should().Be((FailReasons.NotRetried, "System.FormatException", "bad", 1));
        MustAgree(roost);
    }

    [Test]
    public async Task A_given_time_takes_the_place_of_the_backoff_and_is_charged()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var asked = new List<(string Message, int Attempt)>();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 3 }, clock, new Deciding((error, attempt) =>
        {
            asked.Add((error.Message, attempt));
            return RetryDecision.After(attempt * Minute);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("deciding"));

        (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start + Minute);
        (await roost.GetAsync(id)).Failures.Should().Be(1);
        clock.Advance(Minute);
        (await roost.RunUntilIdleAsync()).Due.Should().Be(clock.GetUtcNow() + (2 * Minute));
        clock.Advance(2 * Minute);
        (await roost.RunUntilIdleAsync()).Due.Should().BeNull();

        asked.Should().Equal(("bad", 1), ("bad", 2), ("bad", 3));
        (await roost.GetDeadLetterAsync(id)).Failure.Reason.Should().Be(FailReasons.MaxAttempts);
        MustAgree(roost);
    }

    [Test]
    public async Task The_default_is_the_backoff()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, new Deciding((_, _) => RetryDecision.Default));
        await roost.EnqueueAsync(new WorkItem("deciding"));
        ((await roost.RunUntilIdleAsync()).Due!.Value - clock.GetUtcNow()).TotalMilliseconds.Should().BeInRange(500, 1000);
    }

    [Test]
    public async Task What_it_throws_itself_is_logged_and_the_default_holds()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var log = new KeptLog();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { LoggerFactory = log }, clock, new Deciding((_, attempt) =>
            attempt == 1 ? throw new InvalidOperationException("I do not know") : RetryDecision.After(-Minute)));
        string id = await roost.EnqueueAsync(new WorkItem("deciding"));

        ((await roost.RunUntilIdleAsync()).Due!.Value - clock.GetUtcNow()).TotalMilliseconds.Should().BeInRange(500, 1000);
        clock.Advance(Minute);
        ((await roost.RunUntilIdleAsync()).Due!.Value - clock.GetUtcNow()).TotalMilliseconds.Should().BeInRange(1000, 2000);

        (await roost.GetAsync(id)).LastFailure.Should().BeEquivalentTo(new { Reason = FailReasons.Error, Message = "bad", Attempt = 2 });
        log.Lines.Should().ContainMatch("*could not decide*I do not know*").And.ContainMatch("*could not decide*delay: is -00:01:00*");
    }

    [Test]
    public async Task It_is_asked_of_the_first_state_and_of_an_engine_of_its_own_scope_while_that_is_open()
    {
        bool isDisposed = false, wasOpen = false;
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        roost.AddScopedEngine(() =>
        {
            isDisposed = false;
            return new EngineScope(new Deciding((_, _) =>
            {
                wasOpen = !isDisposed;
                return RetryDecision.Never;
            }, failsInit: true), new Disposing(() => isDisposed = true));
        });
        string id = await roost.EnqueueAsync(new WorkItem("deciding"));

        await roost.RunUntilIdleAsync();

        (await roost.GetDeadLetterAsync(id)).Should().BeEquivalentTo(new { Item = new { Version = 0 }, Failure = new { Reason = FailReasons.NotRetried } });
        (wasOpen, isDisposed).Should().Be((true, true));
    }

    [Test]
    public async Task It_runs_on_the_thread_pool_wherever_the_step_has_ended()
    {
        bool? onPool = null;
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), new Deciding((_, _) =>
        {
            onPool = Thread.CurrentThread.IsThreadPoolThread;
            return RetryDecision.Never;
        }, fail: () =>
        {
            var source = new TaskCompletionSource();
            new Thread(() => source.SetException(new FormatException("elsewhere"))).Start();
            return source.Task;
        }));
        await roost.EnqueueAsync(new WorkItem("deciding"));
        await roost.RunUntilIdleAsync();
        onPool.Should().BeTrue();
    }

    [Test]
    public async Task What_is_wrong_with_the_program_is_none_of_its_business()
    {
        int asked = 0;
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), new Deciding((_, _) =>
        {
            asked++;
            return RetryDecision.After(Minute);
        }, fail: () => Task.CompletedTask));
        string id = await roost.EnqueueAsync(new WorkItem("deciding"));

        await roost.RunUntilIdleAsync();

        (await roost.GetDeadLetterAsync(id)).Failure.Reason.Should().Be(FailReasons.InvalidStep);
        asked.Should().Be(0);
    }

    [TestCase(-1.0)]
    [TestCase(3654 * 86_400_000.0)]
    public void A_time_out_of_range_is_refused_by_name(double milliseconds) =>
        FluentActions
            .Invoking(() => RetryDecision.After(TimeSpan.FromMilliseconds(milliseconds)))
            .Should()
            .Throw<InvalidInputException>()
            .Which.Field.Should()
            .Be("delay");

    private sealed class Disposing(Action disposed) : IDisposable
    {
        public void Dispose() => disposed();
    }

    /// <summary>Its step fails, or returns nothing.</summary>
    private sealed class Deciding(Func<Exception, int, RetryDecision> decide, bool failsInit = false, Func<Task>? fail = null) : Engine<int>
    {
        public override string EngineId => "deciding";

        protected override int Init(WorkItem item) => failsInit ? throw new FormatException("bad") : 0;

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            if (fail is null) throw new FormatException("bad");
            await fail();
            return null!;
        }

        protected override RetryDecision Retry(Exception exception, int attempt) => decide(exception, attempt);
    }
}
