using System.Diagnostics;
using System.Globalization;
using Microsoft.Playwright;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>
/// What an operator comes for, from the overview on: no task may take more clicks than it does today. The seconds, from the first click to the
/// answer on the screen, are written to the test's output and held to nothing.
/// </summary>
[TestFixture]
internal sealed class ConsoleTaskTests
{
    private const int Rounds = 5;

    private readonly ConsoleEngine engine = new();
    private HeadlessBrowser browser = null!;
    private ConsoleHost host = null!;
    private IPage page = null!;
    private int clicks;

    [SetUp]
    public async Task OpenAsync()
    {
        browser = await HeadlessBrowser.StartAsync();
        host = await ConsoleHost.StartAsync(null, engine, ConsoleSignalTests.Waiter());
        page = await browser.OpenAsync();
        await page.SignInAsync(host.Server.Link);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        if (host is not null) await host.DisposeAsync();
        if (browser is not null) await browser.DisposeAsync();
    }

    [Test]
    public async Task Why_an_item_does_not_run_takes_two_clicks()
    {
        await HoldAndBlockAsync(async (holder, blocked) => await MeasureAsync("why is this item not running", 2, async () =>
        {
            await ClickAsync(".tile.blocked");
            await ClickAsync($"a[title='{blocked}']");
            await ShowsAsync(".situation", $"blocked: domain:example.com is held by {holder}");
        }));
    }

    [Test]
    public async Task Sending_what_an_item_waits_for_takes_three_clicks()
    {
        string id = "";
        await MeasureAsync("send what this item waits for", 3, async () =>
        {
            await ClickAsync(".tile.waiting");
            await ClickAsync($"a[title='{id}']");
            await ClickAsync("#signal button");
            await ShowsAsync("[role=status]", "The signal was sent.");
        }, before: async () =>
        {
            id = await host.Roost.EnqueueAsync(new WorkItem("scripted"));
            await host.Roost.RunUntilIdleAsync();
        });
    }

    [Test]
    public async Task What_the_last_step_changed_takes_two_clicks()
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe"));
        await host.Roost.RunUntilIdleAsync();
        await MeasureAsync("what did its last step change", 2, async () =>
        {
            await ClickAsync("nav a[href='/work']");
            await ClickAsync($"a[title='{id}']");
            await ShowsAsync(".diff tbody tr", "count");
        });
    }

    [Test]
    public async Task Retrying_all_that_failed_with_one_error_takes_three_clicks()
    {
        await MeasureAsync("retry all that failed with this error", 3, async () =>
        {
            await ClickAsync(".tile.failed");
            await ClickAsync(".group:has-text('answered 429') summary:has-text('Retry all')");
            await ClickAsync("details.action[open] button:has-text('Retry')");
            await ShowsAsync("[role=status]", "queued again.");
        }, before: async () =>
        {
            await host.Roost.EnqueueAsync(
            [
                .. Enumerable.Range(0, 20).Select(n =>
                    new WorkItem("probe", new { what = $"fail The service answered 429 to request {n}" }) { MaxAttempts = 1 }),
            ]);
            await host.Roost.RunUntilIdleAsync();
        });
    }

    [Test]
    public async Task Who_holds_a_resource_takes_one_click()
    {
        await HoldAndBlockAsync(async (holder, _) => await MeasureAsync("who holds this resource", 1, async () =>
        {
            await ClickAsync("nav a[href='/resources']");
            await page.Locator($"tr:has-text('domain:example.com') td:nth-child(2) a[title='{holder}']").WaitForAsync();
        }));
    }

    [Test]
    public async Task How_far_a_batch_is_takes_no_click_for_a_queue_and_two_for_the_children_of_an_item()
    {
        string parent = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "wait" }));
        await host.Roost.EnqueueAsync([
            .. Enumerable.Range(0, 40).Select(n => new WorkItem("probe", new { what = n % 4 == 0 ? "wait" : "" }) { ParentId = parent, Queue = "default" }),
        ]);
        await host.Roost.RunUntilIdleAsync();
        await MeasureAsync("how far is this batch (a queue)", 0, () => ShowsAsync(".far li", "30 of 41 ended"));
        await MeasureAsync("how far is this batch (children)", 2, async () =>
        {
            await ClickAsync("nav a[href='/work']");
            await ClickAsync("tbody tr:first-child a");
            await ShowsAsync(".batch .figures", "75 % ended");
        });
    }

    private async Task HoldAndBlockAsync(Func<string, string, Task> task)
    {
        using var stop = new CancellationTokenSource();
        string holder = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "hold" }) { Resources = ["domain:example.com"] });
        Task worker = host.Roost.RunAsync(stop.Token);
        await engine.Held.Task.WaitAsync(TimeSpan.FromSeconds(30));
        string blocked = await host.Roost.EnqueueAsync(new WorkItem("probe") { Resources = ["domain:example.com"] });
        while ((await host.Roost.GetAsync(blocked)).BlockedOn is null) await Task.Yield();
        await task(holder, blocked);
        await stop.CancelAsync();
        await worker;
    }

    private async Task MeasureAsync(string task, int expected, Func<Task> work, Func<Task>? before = null)
    {
        var seconds = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            if (before is not null) await before();
            await page.GotoAsync(host.Root.AbsoluteUri);
            clicks = 0;
            var watch = Stopwatch.StartNew();
            await work();
            seconds.Add(watch.Elapsed.TotalSeconds);
            clicks.Should().Be(expected);
        }
        TestContext.Out.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{task}: {expected} clicks, {seconds.Order().ElementAt(Rounds / 2):0.00} s (median of {Rounds})")
        );
    }

    private async Task ClickAsync(string what)
    {
        clicks++;
        await page.Locator(what).First.ClickAsync();
    }

    private async Task ShowsAsync(string where, string what) =>
        await Assertions.Expect(page.Locator(where).Filter(new() { HasText = what }).First).ToBeVisibleAsync();
}
