using System.Net;
using Roost.AspNetCore;

namespace Roost.Tests.Web;

[TestFixture]
internal sealed class ConsoleSecurityTests
{
    private static readonly string[] Pages =
    [
        "/",
        "/work",
        "/work/item?id=x",
        "/dead-letters",
        "/events",
        "/resources",
        "/artifacts",
        "/engines",
        "/system",
        "/work/item/file?id=x&name=y",
        "/assets/console.js",
        "/nowhere",
    ];

    private ConsoleHost host = null!;

    [SetUp]
    public async Task StartAsync() => host = await ConsoleHost.StartAsync(null, new ConsoleEngine());

    [TearDown]
    public async Task StopAsync() => await host.DisposeAsync();

    [TestCaseSource(nameof(Pages))]
    public async Task Without_the_cookie_nothing_is_read(string address)
    {
        using HttpClient stranger = host.Stranger();
        using HttpResponseMessage answer = await stranger.GetAsync(new Uri(address, UriKind.Relative));
        answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await answer.Content.ReadAsStringAsync()).Should().Contain("needs the link").And.NotContain(host.Roost.Path);
    }

    [TestCase("evil.example")]
    [TestCase("127.0.0.1.evil.example")]
    [TestCase("127.0.0.2")]
    [TestCase("roost.localhost")]
    public async Task Another_host_name_is_refused_even_with_the_cookie(string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Host = name;
        using HttpResponseMessage answer = await host.Client.SendAsync(request);
        answer.StatusCode.Should().Be(HttpStatusCode.MisdirectedRequest);
    }

    [Test]
    public async Task Another_host_name_does_not_exchange_the_token()
    {
        using HttpClient stranger = host.Stranger();
        using var request = new HttpRequestMessage(HttpMethod.Get, host.Server.Link);
        request.Headers.Host = $"evil.example:{host.Root.Port}";
        using HttpResponseMessage answer = await stranger.SendAsync(request);
        answer.StatusCode.Should().Be(HttpStatusCode.MisdirectedRequest);
        answer.Headers.Contains("Set-Cookie").Should().BeFalse();
    }

    [Test]
    public async Task The_link_is_exchanged_for_a_strict_cookie_that_scripts_cannot_read()
    {
        using HttpClient stranger = host.Stranger();
        using HttpResponseMessage answer = await stranger.GetAsync(host.Server.Link);
        string cookie = answer.Headers.GetValues("Set-Cookie").Single();
        cookie.Should().Contain("httponly").And.Contain("samesite=strict").And.NotContain(host.Server.Link.Query[7..]);
    }

    [Test]
    public async Task The_link_lets_a_second_browser_in_and_is_told_to_no_other_site()
    {
        for (int i = 0; i < 2; i++)
        {
            using HttpClient stranger = host.Stranger();
            using HttpResponseMessage answer = await stranger.GetAsync(host.Server.Link);
            answer.StatusCode.Should().Be(HttpStatusCode.OK);
            answer.Headers.Contains("Set-Cookie").Should().BeTrue();
            answer.Headers.GetValues("Referrer-Policy").Single().Should().Be("no-referrer");
            (await answer.Content.ReadAsStringAsync()).Should().NotContain(host.Server.Link.Query[7..]);
        }
    }

    [Test]
    public async Task The_link_of_an_earlier_start_is_refused()
    {
        await using ConsoleHost earlier = await ConsoleHost.StartAsync();
        using HttpClient stranger = host.Stranger();
        using HttpResponseMessage answer = await stranger.GetAsync(new Uri(host.Root, earlier.Server.Link.Query));
        answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        answer.Headers.Contains("Set-Cookie").Should().BeFalse();
    }

    [Test]
    public void The_token_has_256_bits() => host.Server.Link.Query.Should().MatchRegex("^\\?token=[0-9a-f]{64}$");

    [TestCase("http://evil.example")]
    [TestCase("null")]
    [TestCase(null)]
    public async Task A_post_from_elsewhere_changes_nothing(string? origin)
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe"));
        string form = await host.FormTokenAsync(ConsoleHost.ItemAddress(id));
        using HttpResponseMessage answer = await host.PostAsync("cancel", new() { ["id"] = id }, origin, form);
        answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await host.Roost.GetAsync(id)).Summary.State.Should().Be(WorkState.Queued);
    }

    [TestCase(null)]
    [TestCase("made up")]
    public async Task A_post_without_the_forms_own_field_changes_nothing(string? form)
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe"));
        await host.ReadAsync(ConsoleHost.ItemAddress(id));
        using HttpResponseMessage answer = await host.PostAsync("cancel", new() { ["id"] = id }, form: form);
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await host.Roost.GetAsync(id)).Summary.State.Should().Be(WorkState.Queued);
    }

    [Test]
    public async Task A_post_of_the_consoles_own_form_is_carried_out_with_its_reason()
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe"));
        string form = await host.FormTokenAsync(ConsoleHost.ItemAddress(id));
        using HttpResponseMessage answer = await host.PostAsync(
            "cancel",
            new()
            {
                ["id"] = id,
                ["reason"] = "not wanted",
                ["back"] = ConsoleHost.ItemAddress(id),
            },
            form: form
        );
        answer.StatusCode.Should().Be(HttpStatusCode.Redirect);
        WorkDetail item = await host.Roost.GetAsync(id);
        (item.Summary.State, item.CancelReason).Should().Be((WorkState.Cancelled, "not wanted"));
        (await host.ReadAsync(answer.Headers.Location!.OriginalString)).Should().Contain("Cancelled.");
    }

    [TestCase("//evil.example/")]
    [TestCase("/\\evil.example/")]
    [TestCase("https://evil.example/")]
    public async Task An_action_never_leads_to_another_site(string back)
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe"));
        string form = await host.FormTokenAsync(ConsoleHost.ItemAddress(id));
        using HttpResponseMessage answer = await host.PostAsync("cancel", new() { ["id"] = id, ["back"] = back }, form: form);
        answer.Headers.Location!.OriginalString.Should().StartWith("/?note=");
    }

    [Test]
    public async Task A_body_beyond_the_limit_is_refused()
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe"));
        string form = await host.FormTokenAsync(ConsoleHost.ItemAddress(id));
        using HttpResponseMessage answer = await host.PostAsync("cancel", new() { ["id"] = id, ["reason"] = new string('x', 100_000) }, form: form);
        ((int)answer.StatusCode).Should().BeOneOf(400, 413);
        (await host.Roost.GetAsync(id)).Summary.State.Should().Be(WorkState.Queued);
    }

    [TestCase("/")]
    [TestCase("/work")]
    [TestCase("/nowhere")]
    public async Task Every_page_forbids_inline_script_framing_and_sniffing(string address)
    {
        using HttpResponseMessage answer = await host.Client.GetAsync(new Uri(address, UriKind.Relative));
        answer
            .Headers.GetValues("Content-Security-Policy")
            .Single()
            .Should()
            .Contain("default-src 'self'")
            .And.Contain("frame-ancestors 'none'")
            .And.NotContain("unsafe");
        answer.Headers.GetValues("X-Content-Type-Options").Single().Should().Be("nosniff");
        string page = await answer.Content.ReadAsStringAsync();
        page.Should().NotMatchRegex("<script(?! src=\"/assets/)").And.NotMatchRegex("<style|\\sstyle=|\\son[a-z]+=");
    }

    [Test]
    public async Task It_listens_on_the_loopback_addresses_alone()
    {
        System.Net.IPEndPoint[] listening =
        [
            .. System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(one => one.Port == host.Root.Port),
        ];
        listening.Should().NotBeEmpty().And.OnlyContain(one => IPAddress.IsLoopback(one.Address));
        using HttpClient stranger = host.Stranger();
        (await stranger.GetAsync(new Uri($"http://localhost:{host.Root.Port}/"))).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Test]
    public async Task A_missing_file_is_refused_and_not_made()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.db");
        await FluentActions.Awaiting(() => ConsoleServer.StartAsync(new ConsoleServerOptions { Path = path })).Should().ThrowAsync<NotFoundException>();
        File.Exists(path).Should().BeFalse();
    }
}
