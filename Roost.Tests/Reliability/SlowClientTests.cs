using System.Diagnostics;
using System.Net;
using Roost.Tests.Support;
using Roost.Tests.Web;

namespace Roost.Tests.Reliability;

/// <summary>Some hundred clients that are slow on purpose keep neither a person out of the console nor a worker from its steps.</summary>
[TestFixture, NonParallelizable, Category("Reliability")] // It measures how long a page takes.
internal sealed class SlowClientTests
{
    private const int ArtifactBytes = 8 * 1024 * 1024;
    private const long MostMemory = 256L * 1024 * 1024;
    private static readonly TimeSpan InTime = TimeSpan.FromSeconds(3);

    [Test]
    public async Task Two_hundred_slow_clients_hold_up_neither_a_page_nor_a_step()
    {
        int slow = Effort.Times(200, 400), live = Effort.Times(10, 40), looks = Effort.Times(20, 200);
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, ScriptedEngine.CountingTo(1_000_000), ScriptedEngine.From((state, context) =>
        {
            context.AddArtifactBytes("large.bin", Artifacts.Bytes(ArtifactBytes));
            return ScriptedEngine.Finish(state);
        }, "large"));
        string large = await host.Roost.EnqueueAsync(new WorkItem("large"));
        await host.Roost.RunUntilDoneAsync(large);
        using var stop = new CancellationTokenSource();
        await host.Roost.EnqueueAsync(new WorkItem("scripted") { Id = "steps" });
        Task loop = host.Roost.RunAsync(stop.Token);
        long before = Process.GetCurrentProcess().WorkingSet64;
        string cookie = await host.CookieAsync();
        RawRequest[] clients = [.. await Task.WhenAll(Enumerable.Range(0, slow).Select(i => SlowAsync(host, i, large, cookie)))];
        Task[] watching = [.. Enumerable.Range(0, live).Select(_ => WatchAsync(host, stop.Token))];
        try
        {
            var longest = TimeSpan.Zero;
            long version = Version(host);
            for (int i = 0; i < looks; i++)
            {
                using HttpClient person = host.Stranger(); // A connection of its own each time: those that are open are not to be what saves the person.
                using var request = new HttpRequestMessage(HttpMethod.Get, i % 2 == 0 ? "/work" : ConsoleHost.ItemAddress("steps"));
                request.Headers.Add("Cookie", cookie);
                long since = Stopwatch.GetTimestamp();
                using HttpResponseMessage answer = await person.SendAsync(request).WaitAsync(Gate.Patience);
                answer.StatusCode.Should().Be(HttpStatusCode.OK);
                await answer.Content.ReadAsStringAsync();
                if (Stopwatch.GetElapsedTime(since) is var took && took > longest) longest = took;
                await Waiting.Until(() => Version(host) > version);
                version = Version(host);
            }
            long grown = Process.GetCurrentProcess().WorkingSet64 - before;
            longest.Should().BeLessThan(InTime);
            grown.Should().BeLessThan(MostMemory, "what a slow client costs is bounded");
            Effort.Report(
                $"{slow} slow clients and {live} that follow: {looks} pages of a person, the longest after {longest.TotalMilliseconds:0} ms, a step " +
                $"between each two; {grown / 1024 / 1024} MB more memory"
            );
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(watching);
            foreach (RawRequest client in clients) client.Dispose();
            await loop;
        }
    }

    [Test]
    public async Task A_slow_client_loses_its_place_within_the_time_that_it_is_given()
    {
        if (!Effort.IsFull) Assert.Ignore("This waits half a minute for the server's timeouts; it runs with ROOST_EFFORT=full.");
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        string cookie = await host.CookieAsync();
        for (int kind = 0; kind < 4; kind++)
        {
            if (kind == 2) continue; // A reader has no time limit while the system's own buffers take what is sent.
            using RawRequest client = await SlowAsync(host, kind, "x", cookie);
            (await client.IsClosedAsync(TimeSpan.FromSeconds(45))).Should().BeTrue("kind {0}", kind);
        }
    }

    /// <summary>A request without its end, a body without its end, an answer that is not read, or a connection that is held open.</summary>
    private static async Task<RawRequest> SlowAsync(ConsoleHost host, int i, string large, string cookie)
    {
        RawRequest client = await RawRequest.OpenAsync(host.Root);
        string head = $"HTTP/1.1\r\nHost: {host.Root.Authority}\r\nCookie: {cookie}\r\n";
        await client.SendAsync((i % 4) switch
        {
            0 => $"GET / {head}X-Slow: ",
            1 => $"POST /actions/cancel {head}Origin: http://{host.Root.Authority}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
                $"50000\r\n\r\nid=",
            2 => $"GET /work/item/file?id={large}&name=large.bin {head}\r\n",
            _ => $"GET /assets/roost.svg {head}\r\n",
        });
        return client;
    }

    /// <summary>As an open page does, without its pause.</summary>
    private static async Task WatchAsync(ConsoleHost host, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            (await host.Client.GetAsync(new Uri("/work", UriKind.Relative), CancellationToken.None)).Dispose();
            await Task.Delay(200, CancellationToken.None);
        }
    }

    private static long Version(ConsoleHost host) => host.Roost.Column("steps", "version");
}
