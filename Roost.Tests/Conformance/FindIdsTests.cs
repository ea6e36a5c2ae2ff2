using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class FindIdsTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task An_id_is_found_whole_by_its_beginning_and_by_its_end()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        foreach (string id in new[] { "abc", "abcd-1", "abcd-2", "xyz-2" }) await roost.EnqueueAsync(new WorkItem("any") { Id = id });

        (await roost.FindIdsAsync("abc")).Should().Equal("abc");
        (await roost.FindIdsAsync("abcd")).Should().Equal("abcd-1", "abcd-2");
        (await roost.FindIdsAsync("d-2")).Should().Equal("abcd-2");
        (await roost.FindIdsAsync("abcd", limit: 1)).Should().HaveCount(1);
    }

    [Test]
    public async Task Wildcards_and_letters_of_another_case_mean_themselves()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync(new WorkItem("any") { Id = "item-one" });

        foreach (string part in new[] { "it%", "it_m", "ITEM", "em*" }) (await roost.FindIdsAsync(part)).Should().BeEmpty();
    }

    [Test]
    public async Task Less_than_three_letters_are_no_part()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync(new WorkItem("any") { Id = "item" });

        (await roost.FindIdsAsync("it")).Should().BeEmpty();
        (await roost.FindIdsAsync("ite")).Should().Equal("item");
    }

    [Test]
    public async Task Engines_are_told_and_taken_out_again()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(1, id: "b"), ScriptedEngine.CountingTo(1, id: "a"));
        string served = await roost.EnqueueAsync(new WorkItem("a")), other = await roost.EnqueueAsync(new WorkItem("b"));
        roost.EngineIds.Should().Equal("a", "b");

        roost.RemoveEngine("b").Should().BeTrue();
        roost.RemoveEngine("b").Should().BeFalse();
        await roost.RunUntilIdleAsync().Soon();

        (await roost.GetAsync(served)).Summary.State.Should().Be(WorkState.Done);
        (await roost.GetAsync(other)).Summary.State.Should().Be(WorkState.Queued);
    }

    [Test]
    public async Task The_last_sequence_is_that_of_the_last_event()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        (await roost.GetLastSequenceAsync()).Should().Be(0);

        await roost.EnqueueAsync(new WorkItem("any"));

        (await roost.ListEventsAsync()).Items[^1].Sequence.Should().Be(await roost.GetLastSequenceAsync());
    }
}
