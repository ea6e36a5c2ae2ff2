using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Roost.Tests.Web;

/// <summary>Another server on this machine that is not to be trusted: it keeps every header that it is sent, and its page tries what a page can.</summary>
internal sealed class Neighbour : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly ConcurrentQueue<string> seen = new();

    private Neighbour(WebApplication application) => this.application = application;

    public int Port => new Uri(application.Urls.First()).Port;

    /// <summary>The path and the headers of all requests.</summary>
    public IReadOnlyCollection<string> Seen => seen;

    public static async Task<Neighbour> StartAsync(string page)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var neighbour = new Neighbour(builder.Build());
        neighbour.application.Run(async context =>
        {
            neighbour.seen.Enqueue($"{context.Request.Path}\n{string.Join('\n', context.Request.Headers.Select(header => $"{header.Key}: {header.Value}"))}");
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync(page);
        });
        await neighbour.application.StartAsync();
        return neighbour;
    }

    public ValueTask DisposeAsync() => application.DisposeAsync();
}
