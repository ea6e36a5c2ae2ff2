using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>The console as a person uses it, in a real browser where one is installed.</summary>
[TestFixture]
internal sealed class ConsoleBrowserTests
{
    private readonly ConsoleEngine engine = new();
    private readonly List<string> complaints = [];
    private HeadlessBrowser browser = null!;
    private ConsoleHost host = null!;
    private IPage page = null!;
    private CancellationTokenSource stop = null!;
    private Task worker = Task.CompletedTask;

    [OneTimeSetUp]
    public async Task StartBrowserAsync() => browser = await HeadlessBrowser.StartAsync();

    [OneTimeTearDown]
    public async Task StopBrowserAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
    }

    [SetUp]
    public async Task OpenAsync()
    {
        host = await ConsoleHost.StartAsync(null, engine, ConsoleSignalTests.Waiter());
        stop = new();
        page = await browser.OpenAsync();
        complaints.Clear();
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.Contains("status of 4", StringComparison.Ordinal))
                complaints.Add(message.Text);
        };
        page.PageError += (_, error) => complaints.Add(error);
        await page.SignInAsync(host.Server.Link);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await page.CloseAsync();
        await stop.CancelAsync();
        await worker;
        stop.Dispose();
        await host.DisposeAsync();
        complaints.Should().BeEmpty();
    }

    [Test]
    public async Task Every_page_shows_without_a_complaint_of_the_browser()
    {
        await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "artifacts" }));
        await host.Roost.RunUntilIdleAsync();
        foreach (
            (string name, string title) in new[]
            {
                ("Work", "Work"),
                ("Inbox", "Inbox"),
                ("Dead letters", "Dead letters"),
                ("Events", "Events"),
                ("Resources", "Resources and leases"),
                ("Artifacts", "Artifacts"),
                ("Engines", "Engines"),
                ("System", "System"),
                ("Overview", "Overview"),
            }
        )
        {
            await page.GetByRole(AriaRole.Navigation, new() { Name = "Pages", Exact = true })
                .GetByRole(AriaRole.Link, new() { Name = name, Exact = true })
                .ClickAsync();
            await Assertions.Expect(page).Not.ToHaveURLAsync(new Regex("token"));
            await Assertions.Expect(page).ToHaveTitleAsync($"{title} · Roost");
        }
    }

    [Test]
    public async Task The_token_leaves_the_address_and_the_history()
    {
        page.Url.Should().Be(host.Root.AbsoluteUri);
        await page.GotoAsync(new Uri(host.Root, "/work").AbsoluteUri);
        while (await page.GoBackAsync() is not null) page.Url.Should().NotContain("token");
    }

    [Test]
    public async Task Nothing_is_wider_than_a_phone()
    {
        await page.SetViewportSizeAsync(375, 700);
        string failed = await FailAsync("A long error: " + new string('x', 300)),
            good =
                await host.Roost.EnqueueAsync(
                    new WorkItem("probe", new { what = "artifacts", text = new string('y', 300) })
                    {
                        Id = new string('z', 200),
                        Resources = ["domain:" + new string('w', 100)],
                    }
                );
        string waiting = await host.Roost.EnqueueAsync(new WorkItem("scripted"));
        await host.Roost.RunUntilIdleAsync();
        await host.Roost.SignalAsync(waiting, new string('n', 250), new { text = new string('y', 300) }, new string('i', 250));
        await host.Roost.EnqueueAsync(new WorkItem("nobody"));
        string[] addresses =
        [
            "/",
            "/work",
            "/work?engine=probe",
            "/work?q=nothing",
            "/inbox",
            "/dead-letters",
            "/dead-letters?all=1",
            "/events",
            "/resources",
            "/artifacts",
            "/engines",
            "/system",
            "/system?check=quick",
            "/nowhere",
            ConsoleHost.ItemAddress(failed),
            ConsoleHost.ItemAddress(good),
            ConsoleHost.ItemAddress(waiting),
            $"/work/item/artifact?id={good}&name=report.json",
        ];
        foreach (string address in addresses)
        {
            await page.GotoAsync(new Uri(host.Root, address).AbsoluteUri);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).Should().BeLessThanOrEqualTo(375, address);
        }
    }

    [Test]
    public async Task A_command_is_copied_as_it_is_shown()
    {
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await OpenItemAsync(await host.Roost.EnqueueAsync(new WorkItem("probe") { Id = "it's \"one\"" }));
        ILocator command = page.Locator(".command").First;
        await command.GetByRole(AriaRole.Button, new() { Name = "Copy" }).ClickAsync();
        await Assertions.Expect(command.GetByRole(AriaRole.Button)).ToHaveTextAsync("Copied");
        string copied = await page.EvaluateAsync<string>("navigator.clipboard.readText()");
        copied.Should().Be(await command.Locator("code").TextContentAsync()).And.Contain("'it'\\''s \"one\"'");
    }

    [Test]
    public async Task The_numbers_of_an_open_page_follow_without_a_reload()
    {
        await page.EvaluateAsync("window.stays = true");
        await host.Roost.EnqueueAsync(new WorkItem("probe"));
        await Assertions.Expect(page.Locator(".tile").First.Locator(".figure")).ToHaveTextAsync("1", new() { Timeout = 20_000 });
        worker = host.Roost.RunAsync(stop.Token);
        await Assertions.Expect(page.Locator(".tile.done .figure")).ToHaveTextAsync("1", new() { Timeout = 20_000 });
        (await page.EvaluateAsync<bool>("window.stays === true")).Should().BeTrue();
    }

    [Test]
    public async Task A_hostile_item_runs_nothing_on_any_page()
    {
        string id = await host.Roost.EnqueueAsync(
            new WorkItem("probe", new { what = "fail " + ConsoleEngine.Markup, note = ConsoleEngine.Markup })
            {
                Id = ConsoleEngine.Markup[..40],
                MaxAttempts = 1,
                Resources = ["<b>x</b>"],
            }
        );
        string good = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "artifacts" }));
        await host.Roost.RunUntilIdleAsync();
        foreach (
            string address in new[]
            {
                ConsoleHost.ItemAddress(id),
                ConsoleHost.ItemAddress(good),
                "/",
                "/work?q=%3Cimg",
                "/dead-letters",
                "/events",
                "/artifacts",
                $"/work/item/artifact?id={good}&name=page.html",
                $"/work/item/artifact?id={good}&name=report.json",
            }
        )
        {
            await page.GotoAsync(new Uri(host.Root, address).AbsoluteUri);
            (await page.Locator("main img:not(.preview), main script, main b:has-text('x')").CountAsync()).Should().Be(0, address);
            (await page.TitleAsync()).Should().NotBe("owned", address);
        }
    }

    [Test]
    public async Task A_delayed_item_is_requeued_reprioritised_and_cancelled()
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "wait" }) { Delay = TimeSpan.FromHours(1) });
        await OpenItemAsync(id);
        await ActAsync("Requeue now", "Requeue now", "It is ready now.");
        await page.Locator("summary", new() { HasTextString = "Priority" }).ClickAsync();
        await page.Locator("details[open] input[name=priority]").FillAsync("7");
        await page.Locator("details[open] form button").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Its priority is 7 now.");
        await ActAsync("Cancel", "Cancel", "Cancelled.", "not needed");
        WorkDetail item = await host.Roost.GetAsync(id);
        (item.Summary.State, item.Summary.Priority, item.CancelReason).Should().Be((WorkState.Cancelled, 7, "not needed"));
    }

    [Test]
    public async Task A_running_items_lease_is_released_by_force()
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "hold" }) { Resources = ["domain:example.com"] });
        worker = host.Roost.RunAsync(stop.Token);
        await engine.Held.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await page.GotoAsync(new Uri(host.Root, "/resources").AbsoluteUri);
        await Assertions.Expect(page.GetByText("domain:example.com")).ToBeVisibleAsync();
        await ActAsync("Release", "Release lease", "Its lease was released");
        (await host.Roost.ListEventsAsync(id)).Items.Select(one => one.Kind).Should().Contain(EventKinds.Released);
    }

    [Test]
    public async Task A_dead_letter_is_retried_and_another_discarded()
    {
        string first = await FailAsync("out of luck"), second = await FailAsync("out of luck");
        await OpenItemAsync(first);
        await Assertions.Expect(page.Locator(".failure")).ToContainTextAsync("out of luck");
        await ActAsync("Retry", "Retry", "It is queued again");
        await OpenItemAsync(second);
        await ActAsync("Discard", "Discard", "It was given up.");
        (await host.Roost.GetAsync(first)).Summary.State.Should().Be(WorkState.Queued);
        (await host.Roost.GetAsync(second)).Summary.State.Should().Be(WorkState.Cancelled);
    }

    [Test]
    public async Task All_that_failed_alike_are_retried_at_once_and_the_others_stay()
    {
        for (int i = 0; i < 3; i++) await FailAsync($"The service answered 429 to request {i}");
        string other = await FailAsync("Something else");
        await page.GotoAsync(new Uri(host.Root, "/dead-letters").AbsoluteUri);
        await Assertions.Expect(page.Locator(".group")).ToHaveCountAsync(2);
        await ActAsync("Retry all", "Retry all 3", "3 queued again.");
        (await host.Roost.GetCountsAsync()).Total.Should().BeEquivalentTo(new { Ready = 3L, Failed = 1L });
        await ActAsync("Discard all", "Discard 1", "1 given up.");
        (await host.Roost.GetAsync(other)).Summary.State.Should().Be(WorkState.Cancelled);
    }

    [Test]
    public async Task Two_versions_are_compared_value_by_value()
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe"));
        await host.Roost.RunUntilIdleAsync();
        await OpenItemAsync(id);
        await page.Locator("select[name=from]").SelectOptionAsync("1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();
        await Assertions.Expect(page.Locator(".diff tbody tr")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator(".diff tbody tr")).ToContainTextAsync("count");
    }

    [Test]
    public async Task A_page_follows_what_happens_and_keeps_what_is_open_and_typed()
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { deep = new { a = new { b = new { c = 1 } } } }));
        await OpenItemAsync(id);
        await page.Locator("summary", new() { HasTextString = "Cancel" }).ClickAsync();
        await page.Locator("details[open] input[name=reason]").FillAsync("half a reas");
        worker = host.Roost.RunAsync(stop.Token);
        await Assertions.Expect(page.Locator(".situation .badge")).ToHaveTextAsync("done", new() { Timeout = 20_000 });
        await page.GotoAsync(new Uri(host.Root, "/work").AbsoluteUri);
        await page.Locator("#search").FillAsync("typed");
        string late = await host.Roost.EnqueueAsync(new WorkItem("nobody"));
        await Assertions.Expect(page.Locator($"a[title='{late}']")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        (await page.Locator("#search").InputValueAsync()).Should().Be("typed");
    }

    [Test]
    public async Task Slash_searches_and_a_question_mark_shows_the_keys()
    {
        string id = await FailAsync("a very particular error");
        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(page.Locator("#help")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("particular");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator($"a[title='{id}']")).ToBeVisibleAsync();
    }

    private async Task OpenItemAsync(string id) => await page.GotoAsync(new Uri(host.Root, ConsoleHost.ItemAddress(id)).AbsoluteUri);

    private async Task ActAsync(string action, string button, string said, string? reason = null)
    {
        await page.Locator("details.action > summary").GetByText(action, new() { Exact = true }).First.ClickAsync();
        if (reason is not null) await page.Locator("details.action[open] input[name=reason]").FillAsync(reason);
        await page.Locator("details.action[open]").GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync(said);
    }

    private async Task<string> FailAsync(string message)
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail " + message }) { MaxAttempts = 1 });
        await host.Roost.RunUntilIdleAsync();
        return id;
    }
}
