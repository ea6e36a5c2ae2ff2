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
        (await answer.Content.ReadAsStringAsync()).Should().Contain("This did not work");
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
