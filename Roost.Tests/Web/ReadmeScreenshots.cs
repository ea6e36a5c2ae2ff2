using Microsoft.Playwright;
using Roost.Samples.Takeover;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>
/// Takes the README's pictures: a watchlist item whose worker is killed with SIGKILL half-way, carried on by a second worker, among other work,
/// as <c>roost ui</c> shows it. <c>ROOST_SCREENSHOTS=1 dotnet test --filter ReadmeScreenshots</c>
/// </summary>
[TestFixture]
internal sealed class ReadmeScreenshots
{
    private const int Width = 1280;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Dictionary<string, string> Environment = new() { ["no_proxy"] = "127.0.0.1" };

    private CommandFolder roost = null!;

    [SetUp]
    public void SetUp()
    {
        if (System.Environment.GetEnvironmentVariable("ROOST_SCREENSHOTS") is null)
            Assert.Ignore("ROOST_SCREENSHOTS=1 takes the pictures of the README anew; that takes minutes.");
        roost = new();
    }

    [TearDown]
    public void TearDown() => roost?.Dispose();

    [Test]
    public async Task The_pictures_of_the_console_are_taken()
    {
        await using HeadlessBrowser browser = await HeadlessBrowser.StartAsync();
        await using var watched = new DemonstrationPage(holdRequest: 3);
        string id = await EnqueueWatchAsync(watched.Url);
        await KillHalfWayAsync(watched);
        await using CommandProcess worker = Start("worker");
        Task drained = DrainAsync(worker);
        (await roost.RunAsync("wait", id, "--timeout", "60s")).Ends(0);

        await using var slow = new DemonstrationPage(holdRequest: 1);
        await using (var file = new RoostRuntime(roost.Database)) await OtherWork.AddAsync(file, slow);
        await using CommandProcess ui = Start("ui");
        string line = (await ui.ReadLineAsync())!;
        var link = new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]);
        await ShootAsync(browser, link, ColorScheme.Light, "/", "overview.png", "main");
        await ShootAsync(browser, link, ColorScheme.Light, ConsoleHost.ItemAddress(id), "detail.png", ".columns:has(.json)");
        await worker.SignalAsync("TERM");
        await drained;
    }

    private async Task<string> EnqueueWatchAsync(string url) =>
        (await roost.RunAsync("enqueue", "--engine", "watchlist", "--resource", "domain:localhost", "--payload",
            $$"""{"url":"{{url}}","claim":"{{DemonstrationPage.Claim}}","checks_required":4,"delay_seconds":3}""")).Ends(0).Word;

    private async Task KillHalfWayAsync(DemonstrationPage watched)
    {
        await using CommandProcess worker = Start("worker", "--engines", "watchlist");
        await watched.Held.WaitAsync(Patience);
        await worker.SignalAsync("KILL");
        await worker.EndAsync();
    }

    private CommandProcess Start(params string[] arguments) => CommandProcess.Start(roost.Folder, Environment, arguments);

    private static async Task DrainAsync(CommandProcess process)
    {
        while (await process.ReadLineAsync() is not null) { }
    }

    private static async Task ShootAsync(HeadlessBrowser browser, Uri link, ColorScheme scheme, string address, string name, string last)
    {
        IPage page = await browser.OpenAsync(new() { ViewportSize = new() { Width = Width, Height = 900 }, ColorScheme = scheme, DeviceScaleFactor = 1.5f });
        await page.SignInAsync(link);
        await page.GotoAsync(new Uri(link, address).AbsoluteUri);
        LocatorBoundingBoxResult end = (await page.Locator(last).BoundingBoxAsync())!;
        await page.ScreenshotAsync(
            new()
            {
                Path = SourceTree.PathOf("docs", "pictures", name),
                FullPage = true,
                Clip = new() { Width = Width, Height = end.Y + end.Height },
            }
        );
        await page.CloseAsync();
    }
}
