using System.Net;
using System.Text.RegularExpressions;
using Roost.AspNetCore;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>A real console on a temporary file, and a client that its link has let in.</summary>
internal sealed partial class ConsoleHost : IAsyncDisposable
{
    private readonly SocketsHttpHandler handler = LoopbackHttp.Handler();

    private ConsoleHost(RoostRuntime roost, ConsoleServer server)
    {
        Roost = roost;
        Server = server;
        Root = new Uri(server.Link.GetLeftPart(UriPartial.Authority));
        Client = new HttpClient(handler) { BaseAddress = Root };
    }

    public RoostRuntime Roost { get; }

    public ConsoleServer Server { get; }

    public Uri Root { get; }

    public HttpClient Client { get; }

    public static async Task<ConsoleHost> StartAsync(Func<ConsoleServerOptions, ConsoleServerOptions>? with = null, params IEngine[] engines)
    {
        RoostRuntime roost = TestRuntime.Create(new RoostOptions { DrainTime = TimeSpan.Zero }, null, engines); // No test waits for a step that does not end.
        var options = new ConsoleServerOptions { Runtime = roost };
        options = with?.Invoke(options) ?? options;
        var host = new ConsoleHost(roost, await ConsoleServer.StartAsync(options));
        (await host.Client.GetAsync(host.Server.Link)).EnsureSuccessStatusCode();
        return host;
    }

    /// <summary>A client that knows the address and nothing else.</summary>
    public HttpClient Stranger() => new(LoopbackHttp.Handler(cookies: false), disposeHandler: true) { BaseAddress = Root };

    /// <summary>The cookie that the link is exchanged for, as a request sends it.</summary>
    public async Task<string> CookieAsync()
    {
        using HttpClient stranger = Stranger();
        using HttpResponseMessage answer = await stranger.GetAsync(Server.Link);
        return answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    public async Task<string> ReadAsync(string address)
    {
        using HttpResponseMessage answer = await Client.GetAsync(new Uri(address, UriKind.Relative));
        string text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.Should().Be(HttpStatusCode.OK, text);
        return text;
    }

    /// <summary>Posts a form as the console's own page would: with its antiforgery field, and the origin unless another is given.</summary>
    public async Task<HttpResponseMessage> PostAsync(string action, Dictionary<string, string> fields, string? origin = "own", string? form = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/actions/{action}", UriKind.Relative));
        if (form is not null) fields["__RequestVerificationToken"] = form;
        request.Content = new FormUrlEncodedContent(fields);
        if (origin is not null) request.Headers.Add("Origin", origin == "own" ? Root.GetLeftPart(UriPartial.Authority) : origin);
        return await Client.SendAsync(request);
    }

    public async Task<string> FormTokenAsync(string address) => FormToken().Match(await ReadAsync(address)) is { Success: true } found
        ? found.Groups[1].Value
        : throw new AssertionException($"{address} has no form with an antiforgery field.");

    public static string ItemAddress(string id) => $"/work/item?id={Uri.EscapeDataString(id)}";

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        handler.Dispose();
        await Server.DisposeAsync();
        await Roost.DisposeAsync();
    }

    [GeneratedRegex("""name="__RequestVerificationToken"[^>]*value="([^"]+)""")]
    private static partial Regex FormToken();
}
