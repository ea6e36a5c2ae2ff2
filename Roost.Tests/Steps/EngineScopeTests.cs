using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>An engine that is made for a step goes with it.</summary>
[TestFixture]
internal sealed class EngineScopeTests
{
    private sealed class Made
    {
        public int Engines, Disposed, DisposedAsync, Running, Early;
    }

    private sealed class DisposableEngine(Made made, Func<int, StepContext, Task<Outcome>> step) : Engine<int>, IDisposable
    {
        public override string EngineId => "own";

        public void Dispose()
        {
            Interlocked.Increment(ref made.Disposed);
            if (Volatile.Read(ref made.Running) > 0) Interlocked.Increment(ref made.Early);
        }

        protected override int Init(WorkItem item) => 0;

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            Interlocked.Increment(ref made.Running);
            try
            {
                return await step(state, context);
            }
            finally
            {
                Interlocked.Decrement(ref made.Running);
            }
        }
    }

    private sealed class Scope(Made made, bool throws = false) : IAsyncDisposable, IDisposable
    {
        public void Dispose() => throw new InvalidOperationException("This one is to be disposed asynchronously.");

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            Interlocked.Increment(ref made.DisposedAsync);
            if (throws) throw new TimeoutException("The connection is gone.");
        }
    }

    [Test]
    public async Task Every_engine_that_a_factory_made_is_disposed_once_after_its_step()
    {
        var made = new Made();
        await using (RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock()))
        {
            roost.AddEngine(() =>
            {
                Interlocked.Increment(ref made.Engines);
                return new DisposableEngine(made, (state, context) => context.Item.Priority == 1 && context.Attempt == 1
                    ? throw new TimeoutException("Once.")
                    : Task.FromResult(state == 4 ? ScriptedEngine.Finish(5) : ScriptedEngine.GoOn(state + 1)));
            });
            made.Disposed.Should().Be(1, "one was made to learn its id");
            for (int i = 0; i < 10; i++) await roost.EnqueueAsync(new WorkItem("own") { Priority = i % 2 });
            await roost.RunThroughAsync((FakeTimeProvider)roost.Options.TimeProvider);
            roost.Totals().Done.Should().Be(10);
        }
        made.Engines.Should().Be(1 + (10 * 6) + (5 * 5), "each of five items has failed each of its five steps once");
        made.Disposed.Should().Be(made.Engines);
    }

    [Test]
    public async Task A_scope_is_disposed_asynchronously_and_what_that_throws_is_logged_and_changes_nothing()
    {
        var made = new Made();
        var log = new KeptLog();
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { LoggerFactory = log }, TestRuntime.Clock());
        roost.AddScopedEngine(() => new(ScriptedEngine.CountingTo(2), new Scope(made, throws: made.Engines++ > 0)));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();

        roost.StateOf(id).Should().Be(WorkState.Done);
        made.DisposedAsync.Should().Be(made.Engines).And.Be(4);
        log.Lines.Should().HaveCount(3).And.OnlyContain(line => line.Contains(id) && line.EndsWith("The connection is gone."));
    }

    [Test]
    public async Task An_abandoned_step_keeps_its_engine_until_its_code_has_returned()
    {
        var made = new Made();
        var gate = new Gate();
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions
            {
                StepTimeout = TimeSpan.FromSeconds(1),
                StepTimeoutGrace = TimeSpan.FromSeconds(1),
                MaxAttempts = 1,
            },
            clock
        );
        roost.AddEngine(() => new DisposableEngine(made, async (_, _) =>
        {
            await gate.PassAsync();
            return ScriptedEngine.Finish(1);
        }));
        await roost.EnqueueAsync(new WorkItem("own") { Id = "hangs" });
        Task idle = roost.RunUntilIdleAsync();
        await gate.Reached;
        await idle.WhileTimePasses(clock);
        roost.StateOf("hangs").Should().Be(WorkState.Failed);
        made.Disposed.Should().Be(2, "the first, and that of the step that made the first state");

        gate.Open();
        await Waiting.Until(() => Volatile.Read(ref made.Disposed) == 3);
        made.Early.Should().Be(0);
    }

    [Test]
    public async Task A_shared_engine_is_its_hosts_to_dispose()
    {
        var made = new Made();
        await using (RoostRuntime roost = TestRuntime.Create(null, new DisposableEngine(made, (_, _) => Task.FromResult(ScriptedEngine.Finish(1)))))
        {
            await roost.EnqueueAsync(new WorkItem("own"));
            await roost.RunUntilIdleAsync();
        }
        made.Disposed.Should().Be(0);
    }

    [Test]
    public void A_factory_that_makes_nothing_or_the_wrong_thing_is_refused_at_once()
    {
        using RoostRuntime roost = TestRuntime.Create(null);
        roost.Invoking(it => it.AddEngine(() => null!)).Should().Throw<InvalidInputException>().WithMessage("*null*");
        roost.Invoking(it => it.AddScopedEngine(() => null!)).Should().Throw<InvalidInputException>().WithMessage("*null*");
        roost.Invoking(it => it.AddScopedEngine(() => new(null!))).Should().Throw<InvalidInputException>().WithMessage("*null*");
    }

    [Test]
    public void Engines_that_are_skipped_are_named_with_the_reason()
    {
        var log = new KeptLog();
        using RoostRuntime roost = TestRuntime.Create(new RoostOptions { LoggerFactory = log }, null);
        roost.AddEngines(typeof(PublicEngine).Assembly, type => ScriptedEngine.CountingTo(1, id: type.Name));
        log.Lines.Should().ContainSingle().Which.Should().Contain($"{typeof(ScriptedEngine).FullName} is not public");

        roost
            .Invoking(it => it.AddEngines(typeof(RoostRuntime).Assembly))
            .Should()
            .Throw<InvalidInputException>()
            .WithMessage("*no public class that implements IEngine*");
        roost
            .Invoking(it => it.AddEngines(typeof(PublicEngine).Assembly, _ => null!))
            .Should()
            .Throw<InvalidInputException>()
            .WithMessage("*returned null for*");
    }
}
