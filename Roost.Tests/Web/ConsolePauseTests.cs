using System.Net;
using Microsoft.Playwright;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>What the console shows of pauses, and that its forms begin and end them, without script as well.</summary>
[TestFixture]
internal sealed class ConsolePauseTests
{
    private const string Item = "paused-item", Why = "the vendor is down, token=sk-hidden1234567890";

    private ConsoleHost host = null!;

    [SetUp]
    public async Task StartAsync()
    {
        host = await ConsoleHost.StartAsync(null, ScriptedEngine.CountingTo(1));
        await host.Roost.EnqueueAsync([new WorkItem("scripted") { Id = Item }, new WorkItem("scripted") { Id = "other-item" }]);
    }

    [TearDown]
    public async Task StopAsync() => await host.DisposeAsync();

    [Test]
    public async Task A_paused_item_is_counted_listed_and_shown_with_who_and_why()
    {
        await host.Roost.PauseAsync(PauseTarget.Item(Item), Why, "ops", DateTimeOffset.UtcNow.AddHours(2));

        (await host.ReadAsync("/")).Should().MatchRegex("<a class=\"tile paused *\" href=\"/work\\?paused=yes\"><span class=\"figure\">1</span>");
        (await host.ReadAsync("/work?paused=yes")).Should().Contain(Item).And.NotContain("other-item").And.Contain("<span class=\"badge paused\"");
        (await host.ReadAsync("/engines")).Should().Contain("<td class=\"r num \" data-name=\"Paused\">1</td>");
        string page = await host.ReadAsync(ConsoleHost.ItemAddress(Item));
        page.Should().Contain("<span class=\"badge paused\">paused</span>").And.Contain("paused by ops until ")
            .And.Contain("<dt>Paused</dt><dd>by ops since ")
            .And.Contain(">Resume<").And.NotContain("sk-hidden").And.Contain("roost resume --by me");
    }

    [TestCase("item", Item, "/work/item?id=" + Item)]
    [TestCase("engine", "scripted", "/engines")]
    [TestCase("queue", "default", "/engines")]
    [TestCase("file", "", "/")]
    public async Task The_forms_pause_and_resume(string scope, string name, string address)
    {
        (await SendAsync("pause", address, scope, name, new() { ["reason"] = "why", ["by"] = "ops", ["for"] = "2h" })).Should().Contain("Paused: nothing more");

        (await host.ReadAsync(address)).Should().Contain("by ops since").And.Contain("why");
        (await host.Roost.ListPausesAsync()).Items.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Reason = "why", By = "ops" });
        (await host.Roost.GetAsync(Item)).Pauses.Should().ContainSingle().Which.Until.Should()
            .BeCloseTo(DateTimeOffset.UtcNow.AddHours(2), TimeSpan.FromMinutes(2));
        (await SendAsync("resume", address, scope, name, new() { ["by"] = "ops" })).Should().Contain("Resumed.");
        (await SendAsync("resume", address, scope, name, new() { ["by"] = "ops" })).Should().Contain("It was not paused.");
        (await host.Roost.ListPausesAsync()).Items.Should().BeEmpty();
    }

    [TestCase("reason", "", "reason: is empty")]
    [TestCase("by", "", "by: is empty")]
    [TestCase("for", "30", "a number needs its unit")]
    [TestCase("for", "0s", "for: is &quot;0s&quot;")]
    [TestCase("scope", "world", "scope: is none")]
    public async Task What_is_refused_is_told_and_nothing_is_paused(string field, string value, string says)
    {
        var fields = new Dictionary<string, string> { ["reason"] = "why", ["by"] = "ops", ["for"] = "" };
        (string scope, fields[field]) = (field == "scope" ? value : "item", value);

        (await SendAsync("pause", ConsoleHost.ItemAddress(Item), scope, Item, fields)).Should().MatchRegex($"class=\"note bad\"[^>]*>[^<]*{says}");

        (await host.Roost.ListPausesAsync()).Items.Should().BeEmpty();
    }

    [Test]
    public async Task A_paused_file_is_told_on_every_page()
    {
        await host.Roost.PauseAsync(PauseTarget.File, "moving house", "ops");

        foreach (string page in (string[])["/", "/work", "/inbox", "/dead-letters", "/events", "/resources", "/artifacts", "/engines", "/system"])
            (await host.ReadAsync(page)).Should().Contain("This file is paused by ops").And.Contain("moving house").And.Contain("Resume this file");
    }

    [Test]
    public async Task A_read_only_console_shows_it_and_changes_nothing()
    {
        await host.Roost.PauseAsync(PauseTarget.Engine("scripted"), "why", "ops");
        await using ConsoleHost looking = await ConsoleHost.StartAsync(options => options with { Runtime = host.Roost, ReadOnly = true });

        (await looking.ReadAsync("/engines")).Should().Contain("Engine scripted is paused by ops").And.NotContain(">Resume<");
        using HttpResponseMessage answer = await looking.PostAsync("resume", new() { ["scope"] = "engine", ["id"] = "scripted", ["by"] = "me" });
        answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await host.Roost.ListPausesAsync()).Items.Should().ContainSingle();
    }

    [Test]
    public async Task Without_script_on_a_phone_an_item_is_paused_and_resumed()
    {
        await using HeadlessBrowser browser = await HeadlessBrowser.StartAsync();
        IPage page = await browser.OpenAsync(new() { JavaScriptEnabled = false, ViewportSize = new() { Width = 390, Height = 844 } });
        await page.SignInAsync(host.Server.Link);
        await page.GotoAsync(new Uri(host.Root, ConsoleHost.ItemAddress(Item)).AbsoluteUri);

        await page.Locator("summary", new() { HasTextString = "Pause" }).ClickAsync();
        await page.GetByLabel("Your name").FillAsync("ops");
        await page.Locator("form[action='/actions/pause'] input[name=reason]").FillAsync("why");
        await page.Locator("form[action='/actions/pause'] button").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Paused");
        await page.Locator("summary", new() { HasTextString = "Resume" }).ClickAsync();
        await page.GetByLabel("Your name").FillAsync("ops");
        await page.Locator("form[action='/actions/resume'] button").ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Resumed.");
        (await host.Roost.ListPausesAsync()).Items.Should().BeEmpty();
    }

    private async Task<string> SendAsync(string verb, string address, string scope, string name, Dictionary<string, string> fields)
    {
        (fields["scope"], fields["id"], fields["back"]) = (scope, name, address);
        using HttpResponseMessage answer = await host.PostAsync(verb, fields, form: await host.FormTokenAsync(address));
        return await host.ReadAsync(answer.Headers.Location!.OriginalString);
    }
}
