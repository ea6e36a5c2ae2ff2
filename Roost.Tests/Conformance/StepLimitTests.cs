using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>An item that may commit so many steps and no more.</summary>
internal sealed class StepLimitTests(StoreHost host) : ConformanceTests(host)
{
    [TestCase(0, 1)]
    [TestCase(0, 3)]
    [TestCase(1000, 3)]
    public async Task The_last_step_that_it_may_commit_is_saved_and_makes_a_dead_letter_where_it_would_go_on(int delayMs, int steps)
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        int calls = 0;
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((state, _) =>
        {
            calls++;
            return ScriptedEngine.GoOn(state + 1, TimeSpan.FromMilliseconds(delayMs));
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { MaxSteps = steps });

        await roost.RunThroughAsync(clock);

        calls.Should().Be(steps);
        DeadLetter letter = await roost.GetDeadLetterAsync(id);
        letter.Failure.Reason.Should().Be(FailReasons.MaxSteps);
        letter.Failure.Message.Should().ContainAll($"committed {steps} steps", "MaxSteps");
        letter.Snapshot!.DataAs<int>().Should().Be(steps);
        roost.EventsOf(id)[^2..].Should().Equal("stepped", "failed");
        (await roost.GetAsync(id)).MaxSteps.Should().Be(steps);
        MustAgree(roost);
    }

    [Test]
    public async Task An_item_that_ends_with_its_last_step_is_done()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(3));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { MaxSteps = 3 });
        await roost.RunUntilIdleAsync();
        roost.StateOf(id).Should().Be(WorkState.Done);
        MustAgree(roost);
    }

    [Test]
    public async Task A_retry_allows_as_many_again_wherever_the_item_failed()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var versions = new List<int>();
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 1, SlotTime = TimeSpan.Zero, Concurrency = 1 },
            clock,
            ScriptedEngine.From((state, context) =>
            {
                versions.Add(context.Version);
                if (versions.Count == 2) throw new InvalidOperationException("once");
                return ScriptedEngine.GoOn(state + 1);
            })
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { MaxSteps = 3 });

        await roost.RunUntilIdleAsync();
        versions.Should().Equal(1, 2);
        await roost.RetryAsync(id);
        await roost.RunUntilIdleAsync();
        versions.Should().Equal(1, 2, 2, 3, 4);
        (await roost.GetDeadLetterAsync(id)).Failure.Reason.Should().Be(FailReasons.MaxSteps);
        await roost.RetryAsync(id);
        await roost.RunUntilIdleAsync();

        versions.Should().Equal(1, 2, 2, 3, 4, 5, 6, 7);
        MustAgree(roost);
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(1_000_000_001)]
    public async Task A_limit_out_of_range_is_refused_by_name(int steps)
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        InvalidInputException refused = (
            await FluentActions.Awaiting(() => roost.EnqueueAsync(new WorkItem("scripted") { MaxSteps = steps })).Should().ThrowAsync<InvalidInputException>()
        ).Which;
        refused.Field.Should().Be("MaxSteps");
        (await roost.ListAsync()).Items.Should().BeEmpty();
    }
}
