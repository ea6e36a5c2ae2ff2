using System.Net;
using System.Text.Json;
using Microsoft.Playwright;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>Questions in the console: an inbox, and for each a form made from the schema of its answer, without script as well.</summary>
[TestFixture]
internal sealed class ConsoleAskTests
{
    private const string Item = "asking-item";

    private enum Size
    {
        Small,
        Large,
    }

    private sealed record Place(string Shelf, int? Row);

    private sealed record Approval(bool Approved, Size Size, int Count, Place Place, string[] Tags, string? Note = null);

    private ConsoleHost host = null!;
    private AskInfo ask = null!;

    [SetUp]
    public async Task StartAsync()
    {
        host = await ConsoleHost.StartAsync(null, Asker());
        await host.Roost.EnqueueAsync(new WorkItem("scripted") { Id = Item });
        await host.Roost.RunUntilIdleAsync();
        ask = (await host.Roost.ListAsksAsync()).Items.Single();
    }

    [TearDown]
    public async Task StopAsync() => await host.DisposeAsync();

    /// <summary>Asks, and is done with the answer as an event.</summary>
    public static ScriptedEngine Asker() => ScriptedEngine.From((state, context) =>
    {
        if (state > 0)
        {
            context.AddEvent("told", new { context.Wake!.Answer?.By, context.Wake.Answer?.Comment, context.Wake.Answer?.Value });
            return ScriptedEngine.Finish(state);
        }
        context.AddArtifactText("plan.md", "# Plan");
        var question = Ask.Of<Approval>("Delete **3** files?\n\n<script>document.title='owned'</script> [see](https://example.com)");
        return Outcome.WaitFor(1, new Wait { Ask = question with { For = "ops", Artifacts = ["plan.md"] }, Timeout = TimeSpan.FromHours(2) });
    });

    [Test]
    public async Task An_open_question_is_counted_listed_and_shown_where_it_is_asked()
    {
        (await host.ReadAsync("/work")).Should().Contain("Inbox<span class=\"count\" aria-label=\"1 open\">1</span>");
        (await host.ReadAsync("/inbox")).Should().Contain("Delete 3 files?").And.Contain("for <b>ops</b>").And.Contain($"/inbox/question?id={ask.Id}");
        (await host.ReadAsync("/inbox?for=ops")).Should().Contain("Delete");
        (await host.ReadAsync("/inbox?for=dev")).Should().Contain("Nothing matches");
        (await host.ReadAsync(ConsoleHost.ItemAddress(Item))).Should().Contain("Answer the question").And.Contain($"/inbox/question?id={ask.Id}");
    }

    [Test]
    public async Task A_question_is_rendered_without_anything_of_its_own()
    {
        string page = await host.ReadAsync(Address);

        HtmlCheck.Dangers(page).Should().BeEmpty();
        page.Should().Contain("Delete <strong>3</strong> files?").And.Contain("&lt;script&gt;").And.Contain("see (<code>https://example.com</code>)")
            .And.Contain($"/work/item/artifact?id={Item}&amp;name=plan.md").And.Contain("for ops");
    }

    [Test]
    public async Task The_form_answers_and_shows_who_did()
    {
        string page = await SendAsync(Filled());

        page.Should().Contain("The answer was accepted").And.Contain("<dd>someone</dd>").And.Contain("go ahead")
            .And.NotContain("action=\"/actions/answer\"");
        await host.Roost.RunUntilDoneAsync(Item).Soon();
        host.Roost.EventData(Item, "engine.told").Should().Be(
            """{"by":"someone","comment":"go ahead","value":{"approved":true,"size":"large","count":3,"place":{"shelf":"A","row":null},"tags":["x","y z"]}}""");
        (await host.ReadAsync(ConsoleHost.ItemAddress(Item))).Should().Contain("answered by someone");
    }

    [Test]
    public async Task What_is_wrong_is_told_beside_its_member_and_nothing_is_lost()
    {
        Dictionary<string, string> filled = Filled();
        filled.Remove("answer.0");
        (filled["answer.2"], filled["by"]) = ("three", " ");

        string page = WebUtility.HtmlDecode(await SendAsync(filled, "#answer"));

        page.Should().Contain("id=\"wrong-answer.0\" role=\"alert\">Choose one.")
            .And.Contain("id=\"wrong-answer.2\" role=\"alert\">“three” is no whole number")
            .And.Contain("id=\"wrong-by\" role=\"alert\">Say who answers.").And.Contain("name=\"answer.2\" value=\"three\"")
            .And.MatchRegex("name=\"answer.1\" value=\"1\" checked").And.MatchRegex(">\nx\r?\ny z</textarea>").And.Contain("go ahead</textarea>");
        (await host.Roost.GetAskAsync(ask.Id)).State.Should().Be(AskState.Open);
    }

    [Test]
    public async Task What_the_schema_refuses_is_told_beside_its_member()
    {
        JsonElement schema = JsonElement.Parse(
            """{"type":"object","properties":{"n":{"type":"integer","maximum":5},"list":{"type":"array","items":{"type":"string","maxLength":2}}}}""");
        string id = await AskAsync(new Ask("How many?") { Schema = schema });

        WebUtility.HtmlDecode(await SendAsync(new() { ["answer.0"] = "7", ["by"] = "someone" }, "#answer", id))
            .Should().Contain("id=\"wrong-answer.0\" role=\"alert\">is 7; it must be at most 5");
        WebUtility.HtmlDecode(await SendAsync(new() { ["answer.1"] = "ab\nabc", ["by"] = "someone" }, "#answer", id))
            .Should().MatchRegex("id=\"wrong-answer.1\" role=\"alert\">[^<]*\\[1\\][^<]*3 characters");
        (await SendAsync(new() { ["answer.0"] = "5", ["by"] = "someone" }, "", id)).Should().Contain("The answer was accepted");
    }

    [Test]
    public async Task What_no_control_can_show_is_asked_for_as_json()
    {
        string id = await AskAsync(new Ask("Anything?"));

        (await host.ReadAsync(AddressOf(id))).Should().Contain("as JSON").And.Contain("<textarea id=\"field-answer\"");
        (await SendAsync(new() { ["answer"] = "{\"a\":[1,{}]}", ["by"] = "someone" }, "", id)).Should().Contain("The answer was accepted");
        (await host.Roost.GetAskAsync(id)).Answer!.Value.GetRawText().Should().Be("""{"a":[1,{}]}""");
    }

    [Test]
    public async Task A_second_answer_learns_who_when_and_what()
    {
        string form = await host.FormTokenAsync(Address);
        await host.Roost.AnswerAsync(ask.Id, new Approval(false, Size.Small, 1, new("B", 2), []), "someone else");

        string page = WebUtility.HtmlDecode(await SendAsync(Filled(), "", form: form));

        page.Should().MatchRegex("role=\"status\">[^<]*was answered by someone else at ").And.Contain("<dd>someone else</dd>")
            .And.NotContain("action=\"/actions/answer\"");
    }

    [Test]
    public async Task A_question_is_withdrawn_with_a_name()
    {
        using HttpResponseMessage answer = await host.PostAsync(
            "withdraw", new() { ["id"] = ask.Id, ["by"] = "someone", ["reason"] = "not needed", ["back"] = Address }, form: await host.FormTokenAsync(Address));

        (await host.ReadAsync(answer.Headers.Location!.OriginalString)).Should().Contain("The question was withdrawn").And.Contain("withdrawn by someone");
        (await host.ReadAsync("/inbox")).Should().Contain("No questions");
    }

    [Test]
    public async Task A_read_only_console_shows_the_question_and_takes_no_answer()
    {
        await using ConsoleHost looking = await ConsoleHost.StartAsync(options => options with { Runtime = host.Roost, ReadOnly = true });

        (await looking.ReadAsync(Address)).Should().Contain("Delete").And.NotContain("method=\"post\"");
        using HttpResponseMessage answer = await looking.PostAsync("answer", new() { ["id"] = ask.Id, ["by"] = "someone" });
        answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    [Test]
    public async Task Without_script_on_a_phone_and_by_keyboard_a_question_is_answered()
    {
        await using HeadlessBrowser browser = await HeadlessBrowser.StartAsync();
        IPage page = await browser.OpenAsync(new() { JavaScriptEnabled = false, ViewportSize = new() { Width = 390, Height = 844 } });
        await page.SignInAsync(host.Server.Link);
        await page.GetByRole(AriaRole.Link, new() { Name = "Inbox" }).ClickAsync();
        await page.Locator(".asks .what").ClickAsync();

        ILocator no = page.GetByRole(AriaRole.Radio, new() { Name = "No", Exact = true });
        await no.PressAsync("Space"); // On the page that has come, and not on the one that goes.
        await Assertions.Expect(no).ToBeCheckedAsync();
        await page.GetByLabel("small", new() { Exact = true }).CheckAsync();
        await page.GetByLabel("Count").FillAsync("7");
        await page.GetByLabel("Shelf").FillAsync("A");
        await page.Locator("#field-by").FillAsync("someone");
        await page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("The answer was accepted");
        (await host.Roost.GetAskAsync(ask.Id)).Answer!.Value.GetRawText().Should().Be(
            """{"approved":false,"size":"small","count":7,"place":{"shelf":"A","row":null},"tags":[]}""");
    }

    private string Address => AddressOf(ask.Id);

    private static string AddressOf(string id) => $"/inbox/question?id={id}";

    private static Dictionary<string, string> Filled() => new()
    {
        ["answer.0"] = "0",
        ["answer.1"] = "1",
        ["answer.2"] = "3",
        ["answer.3.0"] = "A",
        ["answer.3.1"] = "",
        ["answer.4"] = "x\r\ny z",
        ["comment"] = "go ahead",
        ["by"] = "someone",
    };

    /// <summary>Another item asks this.</summary>
    private async Task<string> AskAsync(Ask question)
    {
        host.Roost.AddEngine(ScriptedEngine.From(
            (state, _) => state > 0 ? ScriptedEngine.Finish(state) : Outcome.WaitFor(1, new Wait { Ask = question }), "other"));
        string id = await host.Roost.EnqueueAsync(new WorkItem("other"));
        await host.Roost.RunUntilIdleAsync();
        return (await host.Roost.ListAsksAsync(new() { WorkId = id })).Items.Single().Id;
    }

    /// <summary>Sends the form of a question's page, and reads where it leads.</summary>
    private async Task<string> SendAsync(Dictionary<string, string> fields, string place = "", string? id = null, string? form = null)
    {
        string address = AddressOf(id ?? ask.Id);
        (fields["id"], fields["back"]) = (id ?? ask.Id, address);
        using HttpResponseMessage answer = await host.PostAsync("answer", fields, form: form ?? await host.FormTokenAsync(address));
        string there = answer.Headers.Location!.OriginalString;
        there.Should().StartWith(address + "&note=").And.MatchRegex($"note=[0-9a-f]+{place}$");
        return await host.ReadAsync(there.Split('#')[0]);
    }
}
