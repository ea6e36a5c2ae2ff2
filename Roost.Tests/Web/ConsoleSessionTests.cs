using System.Net;
using Microsoft.Playwright;
using Roost.AspNetCore;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>The session of a browser stays the console's: another program that listens on this machine neither gets it nor acts with it.</summary>
[TestFixture]
internal sealed class ConsoleSessionTests
{
    private ConsoleHost host = null!;
    private string id = "";

    [SetUp]
    public async Task StartAsync()
    {
        host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        id = await host.Roost.EnqueueAsync(new WorkItem("probe"));
    }

    [TearDown]
    public async Task StopAsync() => await host.DisposeAsync();

    [Test]
    public async Task A_server_on_another_port_gets_nothing_from_the_browser_and_can_do_nothing()
    {
        await using HeadlessBrowser browser = await HeadlessBrowser.StartAsync();
        string port = host.Root.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await using Neighbour neighbour = await Neighbour.StartAsync($$"""
            <!doctype html><title>neighbour</title><form id=f method=post target=here></form><iframe name=here></iframe><script>
            (async () => {
              for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
                const root = "http://" + name + ":{{port}}";
                for (const path of ["/", "/actions/cancel"])
                  try {
                    await fetch(root + path, {
                      method: path === "/" ? "GET" : "POST",
                      mode: "no-cors",
                      credentials: "include",
                      headers: { "Content-Type": "application/x-www-form-urlencoded" },
                      body: path === "/" ? undefined : "id={{id}}"
                    });
                  } catch { }
              }
              const form = document.getElementById("f");
              form.action = "http://127.0.0.1:{{port}}/actions/cancel";
              form.innerHTML = "<input name=id value='{{id}}'>";
              form.submit();
              document.title = "tried";
            })();
            </script>
            """);
        await using IBrowserContext context = await browser.ContextAsync();
        IPage page = await context.NewPageAsync();
        await page.SignInAsync(host.Server.Link);
        await Assertions.Expect(page).ToHaveTitleAsync("Overview · Roost");

        foreach (string name in (string[])["127.0.0.1", "localhost"])
        {
            IPage other = await context.NewPageAsync();
            await other.GotoAsync($"http://{name}:{neighbour.Port}/");
            await Assertions.Expect(other).ToHaveTitleAsync("tried");
        }

        IReadOnlyList<BrowserContextCookiesResult> cookies = await context.CookiesAsync();
        cookies.Should().NotBeEmpty().And.OnlyContain(cookie => cookie.Domain == host.Root.Host, "the cookies are of the console's own host alone");
        neighbour.Seen.Should().HaveCountGreaterThanOrEqualTo(2);
        string heard = string.Join('\n', neighbour.Seen);
        heard.Should().NotContain("Cookie").And.NotContain(host.Root.Host);
        foreach (BrowserContextCookiesResult cookie in cookies) heard.Should().NotContain(cookie.Value);
        (await host.Roost.GetAsync(id)).Summary.State.Should().Be(WorkState.Queued);
        (await page.ReloadAsync())!.Status.Should().Be(200, "the browser of the operator is still let in");
    }

    [TestCase("127.0.0.1")]
    [TestCase("localhost")]
    [TestCase("[::1]")]
    public async Task The_link_on_a_loopback_address_sets_no_cookie_and_leads_to_the_consoles_own_host(string loopback)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, $"/{host.Server.Link.Query}", $"{loopback}:9000");

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        answer.Headers.Contains("Set-Cookie").Should().BeFalse();
        (await answer.Content.ReadAsStringAsync())
            .Should()
            .Contain($"url=http://{host.Root.Host}:9000/{host.Server.Link.Query}", "a tunnel's port is the browser's")
            .And.Contain($"--host {loopback}");
    }

    [TestCase("127.0.0.1")]
    [TestCase("localhost")]
    public async Task On_a_loopback_address_the_cookie_lets_nobody_in(string loopback)
    {
        string cookie = await host.CookieAsync();
        using HttpResponseMessage read = await SendAsync(HttpMethod.Get, "/work", $"{loopback}:{host.Root.Port}", cookie);
        using HttpResponseMessage acted = await SendAsync(
            HttpMethod.Post,
            "/actions/cancel",
            $"{loopback}:{host.Root.Port}",
            cookie,
            $"http://{loopback}:{host.Root.Port}"
        );

        read.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        acted.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await read.Content.ReadAsStringAsync()).Should().NotContain(host.Root.Host, "the name is told to who has the token");
    }

    [Test]
    public void Each_start_has_a_host_of_its_own()
    {
        host.Root.Host.Should().MatchRegex(@"^roost-[0-9a-f]{32}\.localhost$");
        new Admission([], null, 1).Link.Host.Should().NotBe(new Admission([], null, 1).Link.Host);
    }

    [TestCase("{own}")]
    [TestCase("{own}:80")]
    [TestCase("{own}:9000")]
    [TestCase("{own}.:9000")]
    [TestCase("{OWN}")]
    [TestCase("box.example")]
    [TestCase("Box.Example.:8080")]
    [TestCase("[fd00::1]")]
    [TestCase("[FD00:0:0:0:0:0:0:1]:8080")]
    public async Task A_host_is_compared_as_browsers_send_it(string name)
    {
        var admission = new Admission(["BOX.example", "fd00:0:0::1"], null, 8080);
        string own = admission.Link.Host,
            sent = name.Replace("{own}", own, StringComparison.Ordinal).Replace("{OWN}", own.ToUpperInvariant(), StringComparison.Ordinal);

        await LetsInAsync(admission, sent, $"http://{sent}");
    }

    [TestCase("https://roost.example.com", "roost.example.com", "https://roost.example.com")]
    [TestCase("https://roost.example.com/", "roost.example.com:443", "https://roost.example.com")]
    [TestCase("https://roost.example.com:8443", "roost.example.com:8443", "https://roost.example.com:8443")]
    [TestCase("http://127.0.0.1:9000", "127.0.0.1:9000", "http://127.0.0.1:9000")]
    public async Task Behind_a_proxy_the_origin_is_the_public_address(string publicUrl, string sent, string origin)
    {
        var admission = new Admission([], new Uri(publicUrl), 8080);
        admission.Link.AbsoluteUri.Should().StartWith($"{publicUrl.TrimEnd('/')}/?token=");

        string cookie = await LetsInAsync(admission, sent, origin);

        cookie.Contains("__Host-", StringComparison.Ordinal).Should().Be(publicUrl.StartsWith("https", StringComparison.Ordinal));
        cookie.Contains("secure", StringComparison.OrdinalIgnoreCase).Should().Be(publicUrl.StartsWith("https", StringComparison.Ordinal));
        await RefusesAsync(admission, sent, "https://evil.example", cookie);
        await RefusesAsync(admission, sent, origin.Replace("http", "ftp", StringComparison.Ordinal), cookie);
    }

    [TestCase("https://roost.example.com/roost")]
    [TestCase("ftp://roost.example.com")]
    [TestCase("https://user:pw@roost.example.com")]
    [TestCase("https://roost.example.com/?a=1")]
    public async Task A_public_address_with_more_than_a_host_is_refused(string url) =>
        await FluentActions
            .Awaiting(() => ConsoleServer.StartAsync(new ConsoleServerOptions { Runtime = host.Roost, PublicUrl = new Uri(url) }))
            .Should()
            .ThrowAsync<InvalidInputException>()
            .WithMessage("PublicUrl: *");

    [TestCase("127.1", "127.0.0.1")]
    [TestCase("EXAMPLE.com.", "example.com")]
    [TestCase("bücher.example", "xn--bcher-kva.example")]
    [TestCase("[0:0:0:0:0:0:0:1]", "[::1]")]
    [TestCase("::ffff:10.0.0.1", "10.0.0.1")]
    [TestCase("a b", null)]
    [TestCase("a:80", null)]
    [TestCase("http://a", null)]
    [TestCase("a..b", null)]
    [TestCase("", null)]
    public void A_host_has_one_form(string text, string? form) => HostName.Of(text).Should().Be(form);

    /// <summary>The token is exchanged, a page is read and an action is accepted, all by that host.</summary>
    private static async Task<string> LetsInAsync(Admission admission, string sent, string origin)
    {
        string set = (await AskAsync(admission, "GET", sent, admission.Link.Query)).Headers.SetCookie.ToString();
        set.Should().NotBeEmpty();
        string cookie = set.Split(';')[0];
        (await AskAsync(admission, "GET", sent, cookie: cookie)).StatusCode.Should().Be(204);
        (await AskAsync(admission, "POST", sent, cookie: cookie, origin: origin)).StatusCode.Should().Be(204);
        return set;
    }

    private static async Task RefusesAsync(Admission admission, string sent, string origin, string cookie) =>
        (await AskAsync(admission, "POST", sent, cookie: cookie.Split(';')[0], origin: origin)).StatusCode.Should().Be(403);

    private static async Task<Microsoft.AspNetCore.Http.HttpResponse> AskAsync(
        Admission admission,
        string method,
        string sent,
        string query = "",
        string? cookie = null,
        string? origin = null
    )
    {
        var context = new Microsoft.AspNetCore.Http.DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Headers.Host = sent;
        context.Request.QueryString = new(query);
        if (cookie is not null) context.Request.Headers.Cookie = cookie;
        if (origin is not null) context.Request.Headers.Origin = origin;
        await admission.InvokeAsync(context, let =>
        {
            let.Response.StatusCode = 204;
            return Task.CompletedTask;
        });
        return context.Response;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string name, string? cookie = null, string? origin = null)
    {
        using HttpClient stranger = host.Stranger();
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Host = name;
        if (cookie is not null) request.Headers.Add("Cookie", cookie);
        if (origin is not null) request.Headers.Add("Origin", origin);
        return await stranger.SendAsync(request);
    }
}
