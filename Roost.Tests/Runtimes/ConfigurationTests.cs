using Microsoft.Extensions.Configuration;

namespace Roost.Tests;

/// <summary>Options that a host binds from its configuration.</summary>
[TestFixture]
internal sealed class ConfigurationTests
{
    [Test]
    public void Queues_that_are_bound_take_the_place_of_the_default()
    {
        RoostOptions bound = Bind(("Queues:0", "bulk"), ("Queues:1", "mail"), ("Concurrency", "3"), ("LeaseTime", "00:01:00"));
        bound.Queues.Should().Equal("bulk", "mail");
        bound.Concurrency.Should().Be(3);
        bound.LeaseTime.Should().Be(TimeSpan.FromMinutes(1));
        Bind(("Concurrency", "3")).Queues.Should().BeNull("then the default queue alone is served");
    }

    [Test]
    public async Task A_runtime_serves_the_bound_queues_alone()
    {
        await using RoostRuntime roost = RoostRuntime.CreateTemporary(Bind(("Queues:0", "bulk")));
        roost.AddEngine(Support.ScriptedEngine.CountingTo(1));
        string served = await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "bulk" });
        string other = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        (await roost.GetAsync(served)).Summary.State.Should().Be(WorkState.Done);
        (await roost.GetAsync(other)).Summary.State.Should().Be(WorkState.Queued);
    }

    private static RoostOptions Bind(params (string Key, string Value)[] values) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(values.Select(each => KeyValuePair.Create(each.Key, (string?)each.Value)))
            .Build()
            .Get<RoostOptions>()!;
}
