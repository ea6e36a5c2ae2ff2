using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class RunningTests
{
    [Test]
    public async Task An_item_is_stepped_to_its_end()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(3));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        WorkSummary ended = await roost.RunUntilDoneAsync(id);

        ended.State.Should().Be(WorkState.Done);
        ended.Version.Should().Be(4, "the first snapshot and three steps");
    }

    [Test]
    public async Task A_delay_is_waited_for_on_the_runtimes_clock()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = TestRuntime.Create(clock, ScriptedEngine.CountingTo(3, TimeSpan.FromHours(1)));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunThroughAsync(clock);

        clock.GetUtcNow().Should().Be(TestRuntime.Start.AddHours(2));
        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Done);
    }
}
