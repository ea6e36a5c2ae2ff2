using System.Text.Json.Serialization;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Work that is enqueued by its engine's class, and the handle to it.</summary>
[TestFixture]
internal sealed partial class WorkHandleTests
{
    private sealed record Sum(int Of, int To = 0);

    private abstract class Adder(string id) : Engine<Sum>
    {
        public override string EngineId => id;

        protected override Sum Init(WorkItem item) => item.PayloadAs<Sum>();

        protected override Task<Outcome> StepAsync(Sum state, StepContext context) => Task.FromResult(
            context.Wake?.Signal is { } more ? Done(state with { To = state.To + more.PayloadAs<int>() })
            : state.Of < 0 ? Fail("It is below zero.")
            : WaitFor("more", state with { To = state.Of }));
    }

    private sealed class Small() : Adder("small");

    private sealed class Other(string id) : Adder(id);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Sum))]
    [JsonSerializable(typeof(int))]
    private sealed partial class Context : JsonSerializerContext;

    [Test]
    public async Task It_enqueues_by_the_engines_own_id_reads_the_state_signals_and_waits_for_the_last()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, new Small());

        WorkHandle work = await roost.EnqueueAsync<Small>(new Sum(2), item => item with { IdempotencyKey = "two", Priority = 3 });

        WorkHandle again = await roost.EnqueueAsync<Small, Sum>(new Sum(2), Context.Default.Sum, item => item with { IdempotencyKey = "two" });
        (work.Created, again.Created, again.Id, work.ToString()).Should().Be((true, false, work.Id, work.Id));
        WorkSummary item = (await work.GetAsync()).Summary;
        (item.Engine, item.Priority).Should().Be(("small", 3));
        await roost.RunUntilIdleAsync();
        (await work.GetStateAsync<Sum>()).Should().Be(new Sum(2, 2)).And.Be(await work.GetStateAsync(Context.Default.Sum));
        await work.SignalAsync("more", 40);
        await roost.RunUntilIdleAsync();
        (await work.WaitAsync<Sum>(Gate.Patience)).Should().Be(new Sum(2, 42)).And.Be(await work.WaitAsync(Context.Default.Sum, Gate.Patience));
    }

    [Test]
    public async Task Whoever_waits_for_the_state_of_what_is_not_done_is_told_how_it_has_ended()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, new Small());
        WorkHandle failed = await roost.EnqueueAsync<Small>(new Sum(-1)), cancelled = await roost.EnqueueAsync<Small>(new Sum(1));
        await roost.RunUntilIdleAsync();
        (await cancelled.CancelAsync("no need")).Should().BeTrue();

        WorkNotDoneException told = (await failed.Invoking(it => it.WaitAsync<Sum>()).Should().ThrowAsync<WorkNotDoneException>()).Which;
        told.Message.Should().Be($"Work item {failed} of engine \"small\" is failed, not done (engine_failed): It is below zero.");
        told.Work.State.Should().Be(WorkState.Failed);
        (await failed.WaitAsync()).State.Should().Be(WorkState.Failed);
        await cancelled.Invoking(it => it.WaitAsync<Sum>()).Should().ThrowAsync<WorkNotDoneException>().WithMessage("*is cancelled, not done*");
        await roost.GetHandle("nowhere").Invoking(it => it.WaitAsync<Sum>()).Should().ThrowAsync<NotFoundException>();
        WorkHandle fresh = await roost.EnqueueAsync<Small>(new Sum(1));
        await fresh.Invoking(it => it.GetStateAsync<Sum>()).Should().ThrowAsync<NotFoundException>("it has none yet");
    }

    [Test]
    public async Task The_engine_is_the_one_of_that_class_else_the_one_that_derives_from_it()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, new Small());
        roost.GetEngineId<Small>().Should().Be("small");
        roost.GetEngineId<Adder>().Should().Be("small");
        roost.GetEngineId<IEngine>().Should().Be("small");
        roost.Invoking(it => it.GetEngineId<Other>()).Should().Throw<ConflictException>().WithMessage("*Other is not registered*AddEngine*");
        roost.AddEngine(() => new Other("second"));

        roost.GetEngineId<Other>().Should().Be("second");
        roost.Invoking(it => it.GetEngineId<Adder>()).Should().Throw<ConflictException>().WithMessage("*under several ids (second, small)*");
        await roost.Invoking(it => it.EnqueueAsync<Adder>(new Sum(1))).Should().ThrowAsync<ConflictException>();
        await roost.Invoking(it => it.EnqueueAsync<Small>(new Sum(1), _ => null!)).Should().ThrowAsync<InvalidInputException>().WithMessage("with: *");
        (await roost.GetCountsAsync()).Total.Total.Should().Be(0);
    }

    [Test]
    public void Settings_are_checked_without_a_file_and_engines_by_the_settings_that_they_are_meant_for()
    {
        FluentActions.Invoking(() => RoostRuntime.Check(new RoostOptions { Path = "roost.db", Concurrency = 0 }))
            .Should().Throw<InvalidInputException>().WithMessage("Concurrency: *");
        FluentActions.Invoking(() => RoostRuntime.Check(new RoostOptions())).Should().Throw<InvalidInputException>().WithMessage("Path: *");
        RoostRuntime.Check(new RoostOptions { Path = "no/such/folder/roost.db" });
        var knowing = new RoostOptions { Json = new() { TypeInfoResolver = Context.Default } };
        RoostRuntime.EngineIdsOf(roost => roost.AddEngine(new Small()), knowing).Should().Equal("small");
        FluentActions.Invoking(() => RoostRuntime.EngineIdsOf(roost => roost.AddEngine(new UnknownStateEngine()), knowing))
            .Should().Throw<InvalidInputException>().WithMessage("state: of engine \"unknown\" has no usable JSON metadata*");
    }

    private sealed class UnknownStateEngine : Engine<Uri>
    {
        public override string EngineId => "unknown";

        protected override Uri Init(WorkItem item) => new("about:blank");

        protected override Task<Outcome> StepAsync(Uri state, StepContext context) => Task.FromResult(Done(state));
    }
}
