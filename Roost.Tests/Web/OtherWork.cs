using Roost.Samples.Takeover;

namespace Roost.Tests.Web;

/// <summary>Work of every state, for the samples' engines, so that the overview of the README has something to show.</summary>
internal static class OtherWork
{
    private static readonly TimeSpan Spread = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Ends while a step runs, and holds a resource that another item waits for.</summary>
    public static async Task AddAsync(RoostRuntime roost, DemonstrationPage slow)
    {
        await AddCountsAsync(roost);
        foreach (int count in new[] { 0, 0, -3 })
            await roost.EnqueueAsync(new WorkItem("demo", new { message = "count nothing", count_to = count }));
        foreach (string url in new[] { "ftp://example.com/feed", "example.com" })
            await roost.EnqueueAsync(new WorkItem("watchlist", new { url, claim = "Example" }));
        await roost.EnqueueAsync([
            .. Enumerable
                .Range(1, 4)
                .Select(hours => new WorkItem("watchlist", new { url = "https://example.com", claim = "Example" })
                {
                    Delay = TimeSpan.FromHours(6 * hours),
                    Resources = ["domain:example.com"],
                }),
        ]);
        string unwanted = await roost.EnqueueAsync(new WorkItem("demo") { Delay = TimeSpan.FromHours(1) });
        await roost.CancelAsync(unwanted, "not needed any more");

        WorkItem[] same =
        [
            .. Enumerable
                .Range(0, 3)
                .Select(_ => new WorkItem("watchlist", new { url = slow.Url, claim = DemonstrationPage.Claim }) { Resources = ["domain:slow.example"] }),
        ];
        await roost.EnqueueAsync(same);
        await slow.Held.WaitAsync(Patience);
    }

    /// <summary>Steps over some minutes, so that the chart has more than one bar.</summary>
    private static async Task AddCountsAsync(RoostRuntime roost)
    {
        const int Items = 60;
        IReadOnlyList<EnqueueResult> counted = await roost.EnqueueAsync([.. Enumerable.Range(0, Items).Select(i =>
            new WorkItem("demo", new { message = $"count {i + 1}", count_to = 3 + i % 7, delay_seconds = 1 }) { Delay = Spread * i / Items })]);
        foreach (EnqueueResult item in counted) await roost.WaitAsync(item.Id, Patience);
    }
}
