using System.Net;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

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
        string id = await host.Roost.EnqueueAsync(
            new WorkItem("probe", new { what = "fail GET /feed?token=sk-hidden answered 401, Authorization: Bearer sk-hidden2" }) { MaxAttempts = 1 }
        );
        string again = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail {\"password\": \"sk-hidden\"} is wrong" }) { MaxAttempts = 2 });
        await host.Roost.RunUntilIdleAsync();
        foreach (
            string address in new[]
            {
                "/",
                "/work",
                "/work?q=answered",
                "/dead-letters",
                "/dead-letters?all=1",
                "/dead-letters?error=answered",
                "/events",
                $"/events?id={id}",
                ConsoleHost.ItemAddress(id),
                ConsoleHost.ItemAddress(again),
            }
        )
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
    public async Task A_group_of_many_is_counted_whole_and_its_button_takes_exactly_those()
    {
        const int Many = 3_100;
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        for (int i = 0; i < Many; i += 500)
            await host.Roost.EnqueueAsync([
                .. Enumerable
                    .Range(i, Math.Min(500, Many - i))
                    .Select(n => new WorkItem("probe", new { what = $"fail The service answered 429 to request {n}" }) { MaxAttempts = 1 }),
            ]);
        await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail The service answered 429 to request 1 after all" }) { MaxAttempts = 1 });
        await host.Roost.RunUntilIdleAsync();

        string page = await host.ReadAsync("/dead-letters");
        page.Should().Contain("3,101 dead letters in 2 groups").And.Contain("Retry all 3,100").And.Contain("Retry 1<");
        using HttpResponseMessage answer = await PostFirstFormAsync(host, page, "retry-all");
        (await host.ReadAsync(answer.Headers.Location!.OriginalString)).Should().Contain("3,100 queued again.");
        (await host.Roost.GetCountsAsync()).Total.Failed.Should().Be(1);
    }

    [Test]
    public async Task A_group_counts_what_an_action_on_it_would_change()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        foreach (string message in new[] { "The disk is full", "The disk is full again" })
            await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail " + message }) { MaxAttempts = 1 });
        await host.Roost.RunUntilIdleAsync();
        (await host.ReadAsync("/dead-letters"))
            .Should()
            .Contain("Retry 1")
            .And.NotContain("Retry all 2", "the shorter text is within the other, and not alike");
    }

    [Test]
    public async Task What_fails_after_the_page_was_drawn_is_not_taken_by_its_button()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        WorkItem Failing() => new("probe", new { what = "fail The disk is full" }) { MaxAttempts = 1 };
        await host.Roost.EnqueueAsync([Failing(), Failing()]);
        await host.Roost.RunUntilIdleAsync();
        string page = await host.ReadAsync("/dead-letters");
        DateTimeOffset drawn = TimeProvider.System.GetUtcNow();
        while (TimeProvider.System.GetUtcNow() < drawn.AddMilliseconds(5)) await Task.Yield();
        await host.Roost.EnqueueAsync(Failing());
        await host.Roost.RunUntilIdleAsync();

        using HttpResponseMessage answer = await PostFirstFormAsync(host, page, "discard-all");

        (await host.ReadAsync(answer.Headers.Location!.OriginalString)).Should().Contain("2 given up.");
        (await host.Roost.GetCountsAsync()).Total.Failed.Should().Be(1);
    }

    [Test]
    public async Task What_failed_before_groups_were_kept_has_a_card_of_its_own()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        foreach (string message in new[] { "a", "b", "c" })
            await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail " + message }) { MaxAttempts = 1 });
        await host.Roost.RunUntilIdleAsync();
        host.Roost.Execute("UPDATE roost_failure SET group_key = NULL WHERE message <> 'a'");
        host.Roost.Execute("DELETE FROM roost_dead_letter_group WHERE key NOT IN (SELECT group_key FROM roost_failure WHERE group_key IS NOT NULL)");

        string page = await host.ReadAsync("/dead-letters");

        page.Should().Contain("failed before groups were kept").And.Contain("Retry all 2").And.Contain("3 dead letters in 1 group");
        (await host.ReadAsync("/dead-letters?group=none")).Should().Contain("2 dead letters");
    }

    [Test]
    public async Task The_page_of_an_item_tells_the_cause_of_its_error_with_stacks_folded()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, ScriptedEngine.From((_, _) =>
        {
            try { throw new FormatException("<b>line</b> 7, token=sk-hidden"); }
            catch (FormatException e) { throw new IOException("See the inner exception", e) { Data = { ["token"] = "sk-hidden", ["row"] = 7 } }; }
        }));
        string id = await host.Roost.EnqueueAsync(new WorkItem("scripted") { MaxAttempts = 1 });
        await host.Roost.RunUntilIdleAsync();

        string page = await host.ReadAsync(ConsoleHost.ItemAddress(id));

        page.Should()
            .Contain("See the inner exception")
            .And.Contain("Caused by <code>System.FormatException</code>")
            .And.Contain("&lt;b&gt;line&lt;/b&gt; 7, token=***")
            .And.Contain("1 exception within it")
            .And.Contain("<dt>row</dt><dd class=\"mono\">7</dd>")
            .And.NotContain("sk-hidden")
            .And.NotContain("<b>line");
        (await host.ReadAsync("/dead-letters"))
            .Should()
            .Contain("<code>System.FormatException</code>")
            .And.Contain("line&lt;/b&gt; 7")
            .And.NotContain("sk-hidden");
        (await host.ReadAsync("/dead-letters?all=1")).Should().Contain("line&lt;/b&gt; 7").And.NotContain("sk-hidden");
    }

    /// <summary>Sends the first form of a page that does this, as a browser would.</summary>
    private static async Task<HttpResponseMessage> PostFirstFormAsync(ConsoleHost host, string page, string verb)
    {
        string form = page.Split($"action=\"/actions/{verb}\"")[1].Split("</form>")[0];
        var fields = System.Text.RegularExpressions.Regex.Matches(form, "type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"")
            .ToDictionary(match => WebUtility.HtmlDecode(match.Groups[1].Value), match => WebUtility.HtmlDecode(match.Groups[2].Value));
        return await host.PostAsync(verb, fields, form: await host.FormTokenAsync("/dead-letters"));
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
        (await host.ReadAsync("/system")).Should().NotContain("class=\"checks ");
        string page = await host.ReadAsync($"/system?check={how}");
        page[page.IndexOf("class=\"checks ", StringComparison.Ordinal)..page.IndexOf("Prune", StringComparison.Ordinal)]
            .Split("<tr><td><span class=\"dot")
            .Should()
            .HaveCount(checks + 1);
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
        string[] verbs = ["cancel", "retry", "retry-edited", "run-again", "discard", "requeue", "priority", "release", "retry-all", "discard-all"];
        foreach (string verb in verbs)
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
        new Roost.AspNetCore.Output.SecretKeys(Roost.AspNetCore.Output.SecretKeys.Usual, false).IsSecret(key).Should().Be(secret);

    private static async Task<string> Secretive(ConsoleHost host)
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "artifacts", api_key = "sk-hidden", max_tokens = 4096 }));
        await host.Roost.RunUntilIdleAsync();
        return id;
    }
}
