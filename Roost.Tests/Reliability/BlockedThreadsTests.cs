using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Steps that block their threads keep a process from much, and not from showing that it lives.</summary>
[TestFixture, Category("Reliability")]
internal sealed class BlockedThreadsTests : FolderFixture
{
    private const int Items = 32;

    [Test]
    public async Task A_worker_whose_steps_block_every_thread_of_its_pool_keeps_its_leases()
    {
        string path = folder["roost.db"];
        await using RoostRuntime other = new RoostRuntime(new RoostOptions { Path = path, LeaseTime = TimeSpan.FromSeconds(1) }).AddEngine(
            ScriptedEngine.CountingTo(1)
        );
        await other.EnqueueAsync(Enumerable.Range(0, Items).Select(_ => new WorkItem("blocks")));
        using var over = new CancellationTokenSource();
        Task loop = other.RunAsync(over.Token);

        await using ChildProcess blocked = ChildProcess.Start("block", path, "1000", $"{Items}", "4000");
        await blocked.WaitForAsync("idle");
        await over.CancelAsync();
        await loop;

        (await other.GetCountsAsync()).Total.Done.Should().Be(Items);
        other.Events(EventKinds.Interrupted, EventKinds.WorkerLost, EventKinds.Released).Should().BeEmpty("it lived all the time");
        other.ClaimsOf().Should().OnlyHaveUniqueItems();
    }
}
