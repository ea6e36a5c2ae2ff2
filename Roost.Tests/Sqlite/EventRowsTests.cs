using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The history in the rows of the file.</summary>
[TestFixture]
internal sealed class EventRowsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Test]
    public async Task A_sequence_number_is_never_used_again()
    {
        await using RoostRuntime roost = await WithItemsAsync(3);
        roost.Execute("DELETE FROM roost_event");
        await using RoostRuntime reopened = TestRuntime.Beside(roost);
        await reopened.EnqueueAsync(new WorkItem("e"));
        await roost.EnqueueAsync(new WorkItem("e"));

        (await roost.ListEventsAsync()).Items.Select(one => one.Sequence).Should().Equal(4, 5);
    }

    [Test]
    public async Task Nothing_of_the_file_is_held_open_between_two_events()
    {
        await using RoostRuntime roost = await WithItemsAsync(10);
        await using IAsyncEnumerator<WorkEvent> watch = roost.WatchEventsAsync().GetAsyncEnumerator();
        await NextAsync(watch);
        await roost.EnqueueAsync(new WorkItem("e"));

        roost.Table("PRAGMA wal_checkpoint(TRUNCATE)")[0].Should().Equal(0L, 0L, 0L);
    }

    private static async Task<RoostRuntime> WithItemsAsync(int n, long? cap = null)
    {
        RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxEvents = cap }, TestRuntime.Clock());
        await roost.EnqueueAsync(Enumerable.Range(0, n).Select(i => new WorkItem("e") { Id = $"w{i}" }));
        return roost;
    }

    private static async Task<WorkEvent> NextAsync(IAsyncEnumerator<WorkEvent> watch)
    {
        (await watch.MoveNextAsync().AsTask().WaitAsync(Patience)).Should().BeTrue();
        return watch.Current;
    }
}
