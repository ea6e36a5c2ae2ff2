using System.Text.Json.Serialization;
using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Outcomes that are made outside of the engine: by a helper, by a lambda of another language.</summary>
[TestFixture]
internal sealed class OutcomeTests
{
    [JsonDerivedType(typeof(Square), "square")]
    private abstract record Shape
    {
        public int Sides { get; init; }
    }

    private sealed record Square : Shape;

    private sealed class Elsewhere<TState>(TState first, Func<TState, StepContext, Outcome> step) : Engine<TState>
    {
        public override string EngineId => "elsewhere";

        protected override TState Init(WorkItem item) => first;

        protected override Task<Outcome> StepAsync(TState state, StepContext context) => Task.FromResult(step(state, context));
    }

    private sealed class Beginning(Func<StepContext, Task> begin) : Engine<int>
    {
        public override string EngineId => "beginning";

        protected override async Task<int> InitAsync(WorkItem item, StepContext context)
        {
            await begin(context);
            return 1;
        }

        protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(Done(state));
    }

    [Test]
    public async Task A_helper_continues_finishes_and_gives_up()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(clock, new Elsewhere<int>(0, Decide));
        await roost.EnqueueAsync(new WorkItem("elsewhere") { Id = "done" });
        await roost.EnqueueAsync(new WorkItem("elsewhere") { Id = "failed", Priority = -1 });
        await roost.RunThroughAsync(clock);

        Snapshot last = await roost.GetSnapshotAsync("done");
        (last.DataAs<int>(), last.Step).Should().Be((2, "last"));
        (await roost.GetSnapshotAsync("done", 2)).Step.Should().Be("counted");
        clock.GetUtcNow().Should().Be(TestRuntime.Start.AddHours(1));
        DeadLetter letter = await roost.GetDeadLetterAsync("failed");
        (letter.Failure.Message, letter.Snapshot!.DataAs<int>()).Should().Be(("No.", -1));

        static Outcome Decide(int state, StepContext context) => context.Item.Id == "failed" ? Outcome.Fail(-1, "No.")
            : state == 0 ? Outcome.Continue(1, TimeSpan.FromHours(1), "counted") : Outcome.Done(2, "last");
    }

    [Test]
    public async Task A_state_of_a_derived_type_is_the_engines_state()
    {
        await using RoostRuntime roost = TestRuntime.Create(
            TestRuntime.Clock(),
            new Elsewhere<Shape>(new Square { Sides = 3 }, (_, _) => Outcome.Done(new Square { Sides = 4 }))
        );
        string id = await roost.EnqueueAsync(new WorkItem("elsewhere"));
        await roost.RunUntilIdleAsync();
        (await roost.GetSnapshotAsync(id)).DataAs<Shape>().Should().Be(new Square { Sides = 4 });
    }

    [Test]
    public async Task A_state_of_another_type_ends_the_item_by_name()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), new Elsewhere<int>(0, (_, _) => Outcome.Done(new Square { Sides = 4 })));
        string id = await roost.EnqueueAsync(new WorkItem("elsewhere"));
        await roost.RunUntilIdleAsync();
        WorkFailure failure = (await roost.GetDeadLetterAsync(id)).Failure;
        failure.Message.Should().ContainAll("Square", "Int32", "give Done the engine's own state");
        failure.Attempt.Should().Be(1);
    }

    [Test]
    public async Task An_engine_on_raw_snapshots_that_returns_a_state_is_told_so()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), new RawEngine((_, _, _) => Outcome.Done(3)));
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        await roost.RunUntilIdleAsync();
        (await roost.GetDeadLetterAsync(id)).Failure.Message.Should().ContainAll("holds a state", "Outcome.Continue(snapshot.Next(...))");
    }

    [Test]
    public async Task The_step_that_makes_the_first_state_has_a_context_as_every_step()
    {
        var keys = new List<(string Key, int Attempt, int Version)>();
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(clock, new Beginning(context =>
        {
            keys.Add((context.IdempotencyKey, context.Attempt, context.Version));
            if (context.Attempt == 1) throw new TimeoutException("Once.");
            context.AddArtifactText("plan.txt", "first");
            context.AddEvent("began", new { context.Attempt });
            context.AddChild(new WorkItem("beginning") { Id = "child", Delay = TimeSpan.FromDays(1) });
            return Task.CompletedTask;
        }));
        await roost.EnqueueAsync(new WorkItem("beginning") { Id = "item" });
        while (await roost.RunUntilIdleAsync() is { Due: { } due } && due < TestRuntime.Start.AddHours(1)) clock.SetUtcNow(due);

        keys.Select(key => (key.Attempt, key.Version)).Should().Equal((1, 0), (2, 0));
        keys.Select(key => key.Key).Distinct().Should().ContainSingle("both are tries of one step");
        (await roost.ListArtifactsOfAsync("item")).Should().ContainSingle().Which.Version.Should().Be(1);
        roost.EventsOf("item").Should().Contain("engine.began");
        (await roost.GetAsync("child")).ParentId.Should().Be("item");
    }
}
