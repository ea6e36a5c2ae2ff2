using System.Net;

namespace Roost.Tests.ConsolePages;

[TestFixture]
internal sealed class ConsoleContentTests
{
    [Test]
    public async Task Markup_in_payload_state_and_error_is_shown_as_text()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail " + ConsoleEngine.Markup }) { MaxAttempts = 1 });
        await host.Roost.RunUntilIdleAsync();
        foreach (string address in new[] { ConsoleHost.ItemAddress(id), "/", "/work", "/dead-letters", "/events" })
            (await host.ReadAsync(address)).Should().NotContain("<img src=x").And.NotContain("<script>document", address).And.Contain("&lt;", address);
    }

    [Test]
    public async Task Values_under_secret_keys_are_masked()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        string id = await Secretive(host);
        (await host.ReadAsync(ConsoleHost.ItemAddress(id))).Should().NotContain("sk-hidden").And.Contain("4096");
        (await host.ReadAsync($"/work/item/artifact?id={id}&name=report.json")).Should().NotContain("sk-hidden");
    }

    [Test]
    public async Task Secrets_inside_the_text_of_an_error_are_masked_on_every_page()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail GET /feed?token=sk-hidden answered 401, Authorization: Bearer sk-hidden2" }) { MaxAttempts = 1 });
        string again = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail {\"password\": \"sk-hidden\"} is wrong" }) { MaxAttempts = 2 });
        await host.Roost.RunUntilIdleAsync();
        foreach (string address in new[] { "/", "/work", "/work?q=answered", "/dead-letters", "/dead-letters?all=1", "/dead-letters?error=answered", "/events", $"/events?id={id}", ConsoleHost.ItemAddress(id), ConsoleHost.ItemAddress(again) })
            (await host.ReadAsync(address)).Should().NotContain("sk-hidden", address);
        (await host.ReadAsync(ConsoleHost.ItemAddress(id))).Should().Contain("answered 401").And.Contain("***");
    }

    [TestCase(8, "its end")]
    [TestCase(-8, "its beginning")]
    public async Task An_item_is_found_by_a_part_of_its_id(int part, string what)
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe") { Id = "first-item-last-word" });
        await host.Roost.EnqueueAsync(new WorkItem("probe") { Id = "another" });
        (await host.ReadAsync($"/work?q={(part > 0 ? id[^part..] : id[..-part])}")).Should().Contain(id, what).And.NotContain("another");
        (await host.ReadAsync($"/work?q={new string('x', 900)}")).Should().Contain("Nothing matches");
    }

    [Test]
    public async Task Dead_letters_beyond_those_that_are_looked_at_are_counted_and_retried_as_well()
    {
        const int Many = 3_100;
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        for (int i = 0; i < Many; i += 500)
            await host.Roost.EnqueueAsync([.. Enumerable.Range(i, Math.Min(500, Many - i)).Select(n => new WorkItem("probe", new { what = $"fail The service answered 429 to request {n}" }) { MaxAttempts = 1 })]);
        await host.Roost.RunUntilIdleAsync();

        string all = await host.ReadAsync("/dead-letters");
        all.Should().Contain("the last 3,000 dead letters; there are 3,100").And.Contain("Count all, then retry or discard").And.NotContain("Retry all");
        string address = System.Text.RegularExpressions.Regex.Match(all, "href=\"([^\"]*count=1)\"").Groups[1].Value;
        (await host.ReadAsync(WebUtility.HtmlDecode(address))).Should().Contain("Retry all 3,100");

        string form = await host.FormTokenAsync("/dead-letters?all=1&count=1");
        using HttpResponseMessage answer = await host.PostAsync("retry-all", new() { ["engine"] = "probe", ["error"] = "answered 429" }, form: form);
        (await host.ReadAsync(answer.Headers.Location!.OriginalString)).Should().Contain("3,100 queued again.");
        (await host.Roost.GetCountsAsync()).Total.Failed.Should().Be(0);
    }

    [Test]
    public async Task A_group_counts_what_an_action_on_it_would_change()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        foreach (string message in new[] { "The disk is full", "The disk is full again" })
            await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail " + message }) { MaxAttempts = 1 });
        await host.Roost.RunUntilIdleAsync();
        (await host.ReadAsync("/dead-letters")).Should().Contain("Retry all 2").And.Contain("Retry 1");
    }

    [Test]
    public async Task A_batch_tells_how_far_it_is()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        string parent = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "wait" }));
        string child = "";
        for (int i = 0; i < 4; i++) child = await host.Roost.EnqueueAsync(new WorkItem(i == 0 ? "nobody" : "probe") { ParentId = parent });
        await host.Roost.RunUntilIdleAsync();
        foreach (string address in new[] { ConsoleHost.ItemAddress(parent), ConsoleHost.ItemAddress(child), $"/work?parent={parent}" })
            (await host.ReadAsync(address)).Should().Contain("<b>75 %</b> ended", address).And.Contain("<b>3</b> done").And.Contain("<b>1</b> queued");
        (await host.ReadAsync("/work?engine=probe")).Should().Contain("<b>75 %</b> ended");
        (await host.ReadAsync("/")).Should().Contain("3 of 4 ended").And.Contain("0 of 1 ended");
    }

    [TestCase("quick")]
    [TestCase("full")]
    public async Task The_file_is_checked_when_that_is_asked_for(string how)
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        int checks = (await RoostRuntime.CheckFileAsync(host.Roost.Path, how == "full")).Count;
        (await host.ReadAsync("/system")).Should().NotContain("class=\"checks\"");
        string page = await host.ReadAsync($"/system?check={how}");
        page[page.IndexOf("class=\"checks\"", StringComparison.Ordinal)..page.IndexOf("Prune", StringComparison.Ordinal)].Split("<tr><td><span class=\"dot").Should().HaveCount(checks + 1);
    }

    [Test]
    public async Task Secrets_are_shown_where_that_was_asked_for()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(options => options with { Reveal = true }, new ConsoleEngine());
        (await host.ReadAsync(ConsoleHost.ItemAddress(await Secretive(host)))).Should().Contain("sk-hidden");
    }

    [Test]
    public async Task Artifacts_are_sent_as_attachments_that_nothing_runs_in()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        string id = await Secretive(host);
        foreach (string address in new[] { $"/work/item/file?id={id}&name=page.html", $"/work/item/file?id={id}&name=page.html&show=1" })
        {
            using HttpResponseMessage answer = await host.Client.GetAsync(new Uri(address, UriKind.Relative));
            answer.Content.Headers.ContentType!.MediaType.Should().Be("application/octet-stream");
            answer.Content.Headers.ContentDisposition!.DispositionType.Should().Be("attachment");
            answer.Headers.GetValues("Content-Security-Policy").Single().Should().Contain("sandbox").And.Contain("default-src 'none'");
            (await answer.Content.ReadAsStringAsync()).Should().Be(ConsoleEngine.Markup);
        }
    }

    [Test]
    public async Task An_image_is_shown_by_what_its_bytes_are()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        string id = await Secretive(host);
        using HttpResponseMessage answer = await host.Client.GetAsync(new Uri($"/work/item/file?id={id}&name=shot.png&show=1", UriKind.Relative));
        answer.Content.Headers.ContentType!.MediaType.Should().Be("image/png");
        (await answer.Content.ReadAsByteArrayAsync()).Should().Equal(ConsoleEngine.Pixel);
    }

    [Test]
    public async Task A_read_only_console_offers_and_accepts_no_action()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(options => options with { ReadOnly = true }, new ConsoleEngine());
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe"));
        (await host.ReadAsync(ConsoleHost.ItemAddress(id))).Should().NotContain("method=\"post\"").And.Contain("read-only");
        foreach (string verb in new[] { "cancel", "retry", "discard", "requeue", "priority", "release", "retry-all", "discard-all" })
        {
            using HttpResponseMessage answer = await host.PostAsync(verb, new() { ["id"] = id });
            answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        }
        (await host.Roost.GetAsync(id)).Summary.State.Should().Be(WorkState.Queued);
    }

    [TestCase("/work/item?id=nobody", 404)]
    [TestCase("/work/item", 400)]
    [TestCase("/work?state=odd", 400)]
    [TestCase("/work?cursor=odd", 400)]
    [TestCase("/nowhere", 404)]
    public async Task A_wrong_address_says_what_is_wrong(string address, int status)
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync();
        using HttpResponseMessage answer = await host.Client.GetAsync(new Uri(address, UriKind.Relative));
        ((int)answer.StatusCode).Should().Be(status);
        (await answer.Content.ReadAsStringAsync()).Should().MatchRegex(status == 404 ? "<h1[^>]*>Not found</h1>" : "<h1[^>]*>This did not work</h1>");
    }

    [TestCase("token", true)]
    [TestCase("accessToken", true)]
    [TestCase("X-Api-Key", true)]
    [TestCase("PASSWORD", true)]
    [TestCase("max_tokens", false)]
    [TestCase("secretary", false)]
    public void A_key_is_secret_by_its_words(string key, bool secret) =>
        new Roost.Cli.Console.SecretKeys(Roost.Cli.Console.SecretKeys.Usual, false).IsSecret(key).Should().Be(secret);

    private static async Task<string> Secretive(ConsoleHost host)
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "artifacts", api_key = "sk-hidden", max_tokens = 4096 }));
        await host.Roost.RunUntilIdleAsync();
        return id;
    }
}
