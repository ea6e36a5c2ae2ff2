using System.Net;
using Microsoft.Playwright;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>What the console shows of waits and signals, and that its form sends them, without script as well.</summary>
[TestFixture]
internal sealed class ConsoleSignalTests
{
    private const string Item = "waiting-item";

    private ConsoleHost host = null!;

    [SetUp]
    public async Task StartAsync()
    {
        host = await ConsoleHost.StartAsync(null, Waiter());
        await host.Roost.EnqueueAsync(new WorkItem("scripted") { Id = Item });
        await host.Roost.RunUntilIdleAsync();
    }

    [TearDown]
    public async Task StopAsync() => await host.DisposeAsync();

    /// <summary>Waits for one of two signals, and is done with what it carries.</summary>
    public static ScriptedEngine Waiter() => ScriptedEngine.From((state, context) =>
        state == 0 ? Outcome.WaitFor(1, new Wait { Signals = ["go", "stop"], Timeout = TimeSpan.FromHours(2) }, "ask") : ScriptedEngine.Finish(state));

    [Test]
    public async Task A_waiting_item_is_counted_listed_and_shown_with_what_it_waits_for()
    {
        (await host.ReadAsync("/")).Should().MatchRegex("<a class=\"tile waiting *\" href=\"/work\\?state=waiting\"><span class=\"figure\">1</span>")
            .And.Contain("0 of 1 ended").And.Contain("aria-label=\"1 waiting\"");
        (await host.ReadAsync("/work?state=waiting")).Should().Contain(Item).And.Contain("<span class=\"badge waiting\">waiting</span>");
        (await host.ReadAsync("/work?state=ready")).Should().NotContain(Item);
        (await host.ReadAsync("/engines")).Should().Contain("<td class=\"r num \" data-name=\"Waiting\">1</td>");
        string page = await host.ReadAsync(ConsoleHost.ItemAddress(Item));
        page.Should().Contain("<p class=\"situation waiting\">").And.Contain("<span>for the signal go or stop until ")
            .And.Contain("<span class=\"chip\">go</span>").And.Contain("<span class=\"chip\">stop</span>")
            .And.MatchRegex("<input id=\"field-name\" name=\"name\" value=\"go\"").And.NotContain("Requeue now").And.NotContain("Mailbox");
        (await host.ReadAsync("/events?kind=waiting")).Should().Contain("<span class=\"dot waiting\"></span>waiting");
    }

    [Test]
    public async Task Its_mailbox_is_shown_with_payloads_masked()
    {
        for (int i = 0; i < 7; i++) await host.Roost.SignalAsync(Item, $"other-{i}", new { amount = i, token = "t-secret" }, $"evt_{i}");

        string page = await host.ReadAsync(ConsoleHost.ItemAddress(Item));

        page.Should().Contain("the first 5 of 7 signals that no step has taken").And.Contain("other-4").And.Contain("evt_4").And.Contain("***")
            .And.NotContain("<b>other-5</b>").And.NotContain("t-secret").And.Contain("roost signals --db");
    }

    [Test]
    public async Task The_form_sends_a_signal_and_the_item_goes_on()
    {
        (await SendAsync(new() { ["name"] = "go", ["payload"] = "\r\n{ \"amount\": 12.5 }\r\n", ["signal_id"] = "evt_81" }))
            .Should().Contain("The signal was sent.").And.Contain("Mailbox");
        (await SendAsync(new() { ["name"] = "go", ["payload"] = "{\"amount\":12.5}", ["signal_id"] = "evt_81" })).Should().Contain("had come before");

        (await host.Roost.ListSignalsAsync(Item)).Items.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Name = "go", Id = "evt_81" });
        (await host.Roost.RunUntilDoneAsync(Item).Soon()).State.Should().Be(WorkState.Done);
        (await host.ReadAsync(ConsoleHost.ItemAddress(Item))).Should().NotContain("Send a signal", "nothing takes one any more");
    }

    [TestCase("payload", "{\"a\": <oops>", "is no JSON")]
    [TestCase("payload", "yes", "A text stands in double quotes")]
    [TestCase("name", "", "is empty")]
    [TestCase("signal_id", "\u0001", "control")]
    public async Task What_is_refused_is_shown_again_as_it_was_typed_with_what_is_wrong_beside_it(string field, string typed, string problem)
    {
        var fields = new Dictionary<string, string> { ["name"] = "a name", ["payload"] = "[1,\r\n 2]", ["signal_id"] = "an id" };
        fields[field] = typed;

        string page = WebUtility.HtmlDecode(await SendAsync(fields, "#signal"));

        page.Should().MatchRegex($"<span class=\"wrong\" id=\"wrong-{field}\" role=\"alert\">[^<]*{problem}");
        page.Should().Contain($"aria-describedby=\"wrong-{field}\"").And.Contain("<details class=\"rest\" open data-key=\"send\">");
        if (field != "name") page.Should().Contain("name=\"name\" value=\"a name\"");
        if (field != "signal_id") page.Should().Contain("name=\"signal_id\" value=\"an id\"");
        page.Should().MatchRegex(field == "payload" ? $">\n{System.Text.RegularExpressions.Regex.Escape(typed)}</textarea>" : ">\n\\[1,\r?\n 2\\]</textarea>");
        (await host.Roost.GetAsync(Item)).Signals.Should().Be(0);
    }

    [Test]
    public async Task What_the_item_does_not_allow_is_told_with_the_form_as_it_was()
    {
        await host.Roost.SignalAsync(Item, "other", 1, "evt_81");

        (await SendAsync(new() { ["name"] = "a name", ["signal_id"] = "evt_81" })).Should().MatchRegex("role=\"status\">[^<]*evt_81")
            .And.Contain("name=\"name\" value=\"a name\"");
    }

    [Test]
    public async Task A_signal_to_an_item_that_has_ended_meanwhile_is_told_so()
    {
        string form = await host.FormTokenAsync(ConsoleHost.ItemAddress(Item));
        await host.Roost.CancelAsync(Item);

        using HttpResponseMessage answer = await host.PostAsync(
            "signal", new() { ["id"] = Item, ["name"] = "go", ["back"] = ConsoleHost.ItemAddress(Item) }, form: form);

        (await host.ReadAsync(answer.Headers.Location!.OriginalString)).Should().MatchRegex("role=\"status\">[^<]*is cancelled");
    }

    [Test]
    public async Task A_long_payload_is_taken()
    {
        string text = string.Concat(Enumerable.Repeat("é€\U0001F600", 5_000));

        (await SendAsync(new() { ["name"] = "other", ["payload"] = $"\"{text}\"" })).Should().Contain("The signal was sent.");

        (await host.Roost.ListSignalsAsync(Item)).Items.Single().PayloadAs<string>().Should().Be(text);
    }

    [Test]
    public async Task A_read_only_console_shows_it_and_sends_nothing()
    {
        await using ConsoleHost looking = await ConsoleHost.StartAsync(options => options with { Runtime = host.Roost, ReadOnly = true });

        (await looking.ReadAsync(ConsoleHost.ItemAddress(Item))).Should().Contain("Waits for").And.NotContain("Send a signal");
        using HttpResponseMessage answer = await looking.PostAsync("signal", new() { ["id"] = Item, ["name"] = "go" });
        answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    [Test]
    public async Task Without_script_on_a_phone_and_by_keyboard_a_signal_is_corrected_and_sent()
    {
        await using HeadlessBrowser browser = await HeadlessBrowser.StartAsync();
        IPage page = await browser.OpenAsync(new() { JavaScriptEnabled = false, ViewportSize = new() { Width = 390, Height = 844 } });
        await page.SignInAsync(host.Server.Link);
        await page.GotoAsync(new Uri(host.Root, ConsoleHost.ItemAddress(Item)).AbsoluteUri);

        await page.Locator("#field-payload").FillAsync("{\"amount\": 1");
        await page.Locator("#field-payload").PressAsync("Tab");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#wrong-payload")).ToContainTextAsync("is no JSON");
        (await page.Locator("#field-payload").InputValueAsync()).Should().Be("{\"amount\": 1");
        await page.Locator("#field-payload").FillAsync("{\"amount\": 1}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("The signal was sent.");
        (await host.Roost.GetAsync(Item)).Summary.State.Should().Be(WorkState.Queued);
    }

    [Test]
    public async Task A_page_that_follows_what_happens_keeps_a_payload_that_is_being_typed()
    {
        await using HeadlessBrowser browser = await HeadlessBrowser.StartAsync();
        IPage page = await browser.OpenAsync();
        await page.SignInAsync(host.Server.Link);
        await page.GotoAsync(new Uri(host.Root, ConsoleHost.ItemAddress(Item)).AbsoluteUri);
        await page.Locator("#field-payload").FillAsync("half a payl");

        await host.Roost.SignalAsync(Item, "go");

        await Assertions.Expect(page.Locator(".situation .badge")).ToHaveTextAsync("queued", new() { Timeout = 20_000 });
        (await page.Locator("#field-payload").InputValueAsync()).Should().Be("half a payl");
        await Assertions.Expect(page.Locator("#field-payload")).ToBeVisibleAsync();
    }

    /// <summary>Sends the form of the item's page, and reads where it leads.</summary>
    private async Task<string> SendAsync(Dictionary<string, string> fields, string place = "")
    {
        string address = ConsoleHost.ItemAddress(Item);
        (fields["id"], fields["back"]) = (Item, address);
        using HttpResponseMessage answer = await host.PostAsync("signal", fields, form: await host.FormTokenAsync(address));
        string there = answer.Headers.Location!.OriginalString;
        there.Should().StartWith(address + "&note=").And.EndWith(place);
        return await host.ReadAsync(there.Split('#')[0]);
    }
}
