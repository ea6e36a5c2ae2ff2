using System.Net;
using Roost.Tests.Support;
using Roost.Tests.Web;

namespace Roost.Tests.Reliability;

/// <summary>Whatever stands in a field, a page shows it as text: no element, attribute or address comes out of it.</summary>
[TestFixture]
[Category("Reliability")]
internal sealed class ConsoleMarkupTests : FolderFixture
{
    private static readonly string[] Texts =
    [
        Hostile.Markup,
        Hostile.Escapes,
        "\"><img src=x onerror=roost()>",
        "' onmouseover='roost()",
        .. Effort.IsFull ? Hostile.Names.Where(name => name.Any("<>\"'&:{".Contains)) : [],
    ];

    [Test]
    public async Task No_text_of_a_file_becomes_markup_of_a_page()
    {
        int pages = 0;
        for (int i = 0; i < Texts.Length; i++) pages += await ShowAsync(Texts[i], folder[$"{i}.db"]);
        Effort.Report($"{Texts.Length} texts in every field of a file, {pages} pages, nothing of them markup");
    }

    private static async Task<int> ShowAsync(string text, string path)
    {
        await HostileFile.FillAsync(path, text);
        await using var roost = new RoostRuntime(path);
        await using ConsoleHost host = await ConsoleHost.StartAsync(options => options with { Runtime = roost });
        List<string> addresses =
        [
            "/", "/work", "/work?q=because", "/work?state=failed", "/dead-letters", "/dead-letters?all=1", "/events", "/resources", "/artifacts",
            "/engines", "/system", "/system?check=quick", ConsoleHost.ItemAddress(HostileFile.Plain), $"/events?id={HostileFile.Plain}",
            $"/work/item?id={HostileFile.Plain}&from=1&to=2", $"/work?parent={HostileFile.Plain}",
            ConsoleHost.ItemAddress(HostileFile.Waiting), $"/events?id={HostileFile.Waiting}", "/work?state=waiting",
            $"/work/tree?id={HostileFile.Plain}", $"/work/tree?id={HostileFile.Waiting}",
            "/inbox", $"/inbox/question?id={HostileFile.Ask}",
        ];
        addresses.AddRange(new[] { "text.txt", "data.json", "there" }.Select(name => $"/work/item/artifact?id={HostileFile.Plain}&name={name}"));
        foreach (string parameter in new[] { "q", "error", "type", "name", "kind", "id", "engine", "state", "cursor", "note", "from" })
            foreach (string page in new[] { "/work", "/dead-letters", "/artifacts", "/events", "/work/item", "/work/tree" })
                addresses.Add($"{page}?{parameter}={Uri.EscapeDataString(text)}");

        int shown = 0;
        foreach (string address in addresses)
        {
            using HttpResponseMessage answer = await host.Client.GetAsync(new Uri(address, UriKind.Relative));
            string page = await answer.Content.ReadAsStringAsync();
            ((int)answer.StatusCode).Should().BeLessThan(500, "{0}: {1}", address, page);
            HtmlCheck.Dangers(page).Should().BeEmpty(address);
            if (WebUtility.HtmlDecode(page).Contains(text, StringComparison.Ordinal)) shown++;
        }
        shown.Should().BeGreaterThan(8, "the text is on the pages");
        return addresses.Count;
    }

    [Test]
    public async Task What_an_action_answers_shows_the_text_of_the_form_as_text()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe"));
        string form = await host.FormTokenAsync(ConsoleHost.ItemAddress(id));
        foreach ((string verb, Dictionary<string, string> fields) in new (string, Dictionary<string, string>)[]
        {
            ("priority", new() { ["id"] = id, ["priority"] = Hostile.Markup, ["back"] = "/work" }),
            ("cancel", new() { ["id"] = Hostile.Markup[..200], ["back"] = "/work" }),
            ("signal", new() { ["id"] = id, ["name"] = Hostile.Markup, ["payload"] = Hostile.Markup, ["back"] = ConsoleHost.ItemAddress(id) }),
            ("signal", new() { ["id"] = id, ["name"] = "", ["payload"] = "\"</textarea>\"", ["back"] = ConsoleHost.ItemAddress(id) }),
            ("cancel", new() { ["id"] = id, ["reason"] = Hostile.Markup, ["back"] = "/work" }),
            (Uri.EscapeDataString(Hostile.Markup), new() { ["id"] = id }),
        })
        {
            using HttpResponseMessage answer = await host.PostAsync(verb, fields, form: form);
            string page = answer.Headers.Location is { } there ? await host.ReadAsync(there.OriginalString) : await answer.Content.ReadAsStringAsync();
            HtmlCheck.Dangers(page).Should().BeEmpty(verb);
        }
        HtmlCheck.Dangers(await host.ReadAsync(ConsoleHost.ItemAddress(id))).Should().BeEmpty();
        (await host.ReadAsync(ConsoleHost.ItemAddress(id))).Should().Contain("&lt;script&gt;roost()", "the reason is shown");
    }

    [Test]
    public async Task A_download_is_named_by_one_harmless_word_whatever_the_artifact_is_called()
    {
        await HostileFile.FillAsync(folder["roost.db"], "x");
        string[] names =
        [
            .. Hostile.Names,
            "a/../../b",
            "..\\..\\b",
            "a\u2028b",
            "x\"; filename=\"evil.html",
            "x.html",
            ".bashrc",
            "a;b",
            "%2e%2e%2f",
            "\u00e9.txt",
        ];
        await using var roost = new RoostRuntime(folder["roost.db"]);
        await using ConsoleHost host = await ConsoleHost.StartAsync(options => options with { Runtime = roost });
        foreach (string name in names)
        {
            roost.Execute(
                "UPDATE roost_artifact SET name = $0 WHERE key = (SELECT min(key) FROM roost_artifact WHERE blob IS NOT NULL AND work = (SELECT key FROM " +
                "roost_work WHERE id = $1))",
                name,
                HostileFile.Plain
            );
            using HttpResponseMessage answer = await host.Client.GetAsync(
                new Uri($"/work/item/file?id={HostileFile.Plain}&name={Uri.EscapeDataString(name)}", UriKind.Relative)
            );
            answer.StatusCode.Should().Be(HttpStatusCode.OK, name);
            answer.Content.Headers.ContentType!.MediaType.Should().Be("application/octet-stream");
            System.Net.Http.Headers.ContentDispositionHeaderValue saved = answer.Content.Headers.ContentDisposition!;
            saved.DispositionType.Should().Be("attachment");
            foreach (string? given in new[] { saved.FileName, saved.FileNameStar })
            {
                string word = (given ?? "x").Trim('"');
                word.Should().NotContainAny("/", "\\", ":", "<", ">", "\"", "\n", "\u202e").And.NotStartWith(".").And.NotBeEmpty();
                Path.GetFileName(word).Should().Be(word);
            }
        }
    }

    [Test]
    public async Task A_text_that_turns_the_direction_of_writing_turns_nothing_beside_it()
    {
        await HostileFile.FillAsync(folder["roost.db"], $"a{Hostile.Override}gpj.exe");
        await using var roost = new RoostRuntime(folder["roost.db"]);
        await using ConsoleHost host = await ConsoleHost.StartAsync(options => options with { Runtime = roost });
        await using HeadlessBrowser browser = await HeadlessBrowser.StartAsync();
        Microsoft.Playwright.IPage page = await browser.OpenAsync();
        await page.SignInAsync(host.Server.Link);
        foreach (string address in new[] { "/", "/work", "/dead-letters", ConsoleHost.ItemAddress(HostileFile.Plain) })
        {
            await page.GotoAsync(new Uri(host.Root, address).ToString());
            string[] open = await page.EvaluateAsync<string[]>(
                """
                () => [...document.querySelectorAll("#live a, #live code, #live span, #live b, #live summary")]
                    .filter(one => [...one.childNodes].some(part => part.nodeType === 3 && part.data.includes("\u202e")))
                    .filter(one => getComputedStyle(one).unicodeBidi !== "isolate" && getComputedStyle(one).display === "inline")
                    .map(one => one.outerHTML)
                """);
            open.Should().BeEmpty(address);
        }
    }

    [TestCase("<p>x</p><script>1</script>")]
    [TestCase("<a href=\"javascript:1\">x</a>")]
    [TestCase("<a href=\"//evil.example\">x</a>")]
    [TestCase("<p onclick=\"x\">")]
    [TestCase("<input value=\"\" onfocus=\"x\">")]
    [TestCase("<p style='x'>")]
    [TestCase("<iframe>")]
    [TestCase("<p>1 < 2</p>")]
    [TestCase("<!-- x")]
    [TestCase("<td title=\"\"><svg/onload=x>")]
    public void The_check_of_a_page_finds_what_does_not_belong(string page) => HtmlCheck.Dangers(page).Should().NotBeEmpty();
}
