using System.Net;
using System.Net.Sockets;
using Roost.AspNetCore;

namespace Roost.Benchmarks;

/// <summary>The console's pages, asked for over HTTP as a browser does, of a console in this process.</summary>
internal sealed class ConsolePages : IAsyncDisposable
{
    private readonly ConsoleServer server;
    private readonly HttpClient browser;

    private ConsolePages(ConsoleServer server, HttpClient browser)
    {
        this.server = server;
        this.browser = browser;
    }

    public static async Task<ConsolePages> StartAsync(RoostRuntime roost)
    {
        ConsoleServer server = await ConsoleServer.StartAsync(
            new ConsoleServerOptions
            {
                Runtime = roost,
                ReadOnly = true,
                Output = TextWriter.Null,
            }
        );
        var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = ConnectAsync })
        {
            BaseAddress = new(server.Link.GetLeftPart(UriPartial.Authority)),
        };
        (await browser.GetAsync(server.Link)).EnsureSuccessStatusCode();
        return new(server, browser);
    }

    /// <summary>To this machine, as a browser does for names under .localhost.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public IEnumerable<OperatorQuery> All =>
    [
        Page("overview", "/"),
        Page("work list", "/work"),
        Page("work list, failed", "/work?state=failed"),
        Page("work list, error text", "/work?error=site-777.example"),
        Page("work list, search", "/work?q=site-777"),
        Page("detail", $"/work/item?id={StoredFile.BigParent}"),
        Page("dead letters", "/dead-letters"),
        Page("events", "/events"),
        Page("resources", "/resources"),
        Page("artifacts", "/artifacts?engine=review"),
        Page("engines", "/engines"),
        Page("system", "/system"),
    ];

    public async ValueTask DisposeAsync()
    {
        browser.Dispose();
        await server.DisposeAsync();
    }

    private OperatorQuery Page(string name, string address) => new($"console: {name}", async _ =>
    {
        using HttpResponseMessage answer = await browser.GetAsync(new Uri(address, UriKind.Relative));
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync();
    });
}
