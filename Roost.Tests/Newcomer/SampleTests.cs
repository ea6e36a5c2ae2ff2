using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Roost.Samples;
using Roost.Samples.Demo;
using Roost.Samples.Takeover;
using Roost.Samples.Watchlist;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The engines of the samples, on real HTTP.</summary>
[TestFixture]
internal sealed class SampleTests
{
    [Test]
    public async Task A_claim_that_is_found_every_time_holds()
    {
        await using LoopbackPage page = Serving(_ => PageAnswer.Html("<p>open today</p>"));

        JsonElement report = await WatchAsync(page.Url, "open today", 3);

        Text(report, "verdict").Should().Be("holds");
        (Number(report, "checks"), Number(report, "found"), Number(report, "not_found"), Number(report, "not_reached")).Should().Be((3, 3, 0, 0));
        page.Requests.Should().Be(3);
    }

    [Test]
    public async Task A_claim_that_is_never_found_does_not_hold()
    {
        await using LoopbackPage page = Serving(_ => PageAnswer.Html("<p>closed</p>"));

        JsonElement report = await WatchAsync(page.Url, "open today", 2);

        Text(report, "verdict").Should().Be("does_not_hold");
        Number(report, "not_found").Should().Be(2);
    }

    [Test]
    public async Task A_claim_that_changes_midway_is_mixed()
    {
        await using LoopbackPage page = Serving(request => PageAnswer.Html(request <= 1 ? "open today" : "closed"));

        JsonElement report = await WatchAsync(page.Url, "open today", 3);

        Text(report, "verdict").Should().Be("mixed");
        report.GetProperty("observations").EnumerateArray().Select(seen => seen.GetProperty("claim_found").GetBoolean()).Should().Equal(true, false, false);
    }

    [Test]
    public async Task An_observation_says_status_latency_and_hash()
    {
        PageAnswer answer = PageAnswer.Html("some page");
        await using LoopbackPage page = Serving(_ => answer);

        JsonElement seen = (await WatchAsync(page.Url, "", 1)).GetProperty("observations")[0];

        Number(seen, "status").Should().Be(200);
        seen.GetProperty("latency_ms").GetDouble().Should().BePositive();
        Text(seen, "sha256").Should().Be(Convert.ToHexStringLower(SHA256.HashData(answer.Body)));
    }

    [Test]
    public async Task A_claim_on_an_error_page_is_not_found()
    {
        await using LoopbackPage page = Serving(_ => PageAnswer.Html("open today", 404));

        JsonElement report = await WatchAsync(page.Url, "open today", 1);

        Text(report, "verdict").Should().Be("does_not_hold");
        Number(report.GetProperty("observations")[0], "status").Should().Be(404);
    }

    [Test]
    public async Task A_servers_error_is_an_observation_that_did_not_reach_the_address()
    {
        await using LoopbackPage page = Serving(request => PageAnswer.Html("open today", request == 1 ? 500 : 200));

        JsonElement report = await WatchAsync(page.Url, "open today", 2);

        Text(report, "verdict").Should().Be("holds");
        (Number(report, "found"), Number(report, "not_reached")).Should().Be((1, 1));
        Number(report.GetProperty("observations")[0], "status").Should().Be(500);
    }

    [Test]
    public async Task A_refused_connection_is_an_observation()
    {
        LoopbackPage page = Serving(_ => PageAnswer.Html(""));
        await page.DisposeAsync();

        JsonElement report = await WatchAsync(page.Url, "open today", 2);

        Text(report, "verdict").Should().Be("unreachable");
        Text(report.GetProperty("observations")[1], "error").Should().NotBeEmpty();
    }

    [Test]
    public async Task An_answer_that_does_not_come_is_an_observation()
    {
        await using var page = new LoopbackPage(async (_, closing) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, closing);
            return PageAnswer.Html("");
        });
        using var http = new HttpClient();

        JsonElement report = await WatchAsync(page.Url, "open today", 1, new PageProbe(http, TimeSpan.FromMilliseconds(200)));

        Text(report, "verdict").Should().Be("unreachable");
        Text(report.GetProperty("observations")[0], "error").Should().Contain("within 0.2 s");
    }

    [Test]
    public async Task Of_a_huge_body_the_beginning_is_read()
    {
        var body = new byte[PageProbe.MaxBody + 1_000_000];
        body.AsSpan().Fill((byte)'x');
        "open today"u8.CopyTo(body.AsSpan(PageProbe.MaxBody));
        await using LoopbackPage page = Serving(_ => new PageAnswer(200, body));

        JsonElement seen = (await WatchAsync(page.Url, "open today", 1)).GetProperty("observations")[0];

        seen.GetProperty("is_cut").GetBoolean().Should().BeTrue();
        seen.GetProperty("claim_found").GetBoolean().Should().BeFalse("the claim stands behind the limit");
        Text(seen, "sha256").Should().Be(Convert.ToHexStringLower(SHA256.HashData(body.AsSpan(0, PageProbe.MaxBody))));
    }

    [Test]
    public async Task The_wait_between_two_checks_is_the_runtimes()
    {
        var clock = TestRuntime.Clock();
        await using LoopbackPage page = Serving(_ => PageAnswer.Html(""));
        await using RoostRuntime roost = TestRuntime.Create(clock, new WatchlistEngine());
        await roost.EnqueueAsync(new WorkItem("watchlist", new { url = page.Url, checks_required = 3, delay_seconds = 0.25 }));

        await roost.RunThroughAsync(clock);

        clock.GetUtcNow().Should().Be(TestRuntime.Start.AddSeconds(0.5));
    }

    [TestCase("""{"url": "not a url"}""", "url is \"not a url\"*http*")]
    [TestCase("""{"url": "ftp://example.com/"}""", "url is \"ftp://example.com/\"*http*")]
    [TestCase("""{"url": "/etc/passwd"}""", "url is*http*")]
    [TestCase("{}", "url is missing*http*")]
    [TestCase("""{"url": "http://127.0.0.1:1/", "checks_required": 0}""", "checks_required is 0*from 1*")]
    [TestCase("""{"url": "http://127.0.0.1:1/", "delay_seconds": -1}""", "delay_seconds is -1*from 0*")]
    public async Task A_watch_that_cannot_work_fails_for_good_with_the_reason(string payload, string reason)
    {
        WorkSummary ended = await RunAsync(new WatchlistEngine(), WorkItem.FromJson("watchlist", payload));

        ended.State.Should().Be(WorkState.Failed);
        ended.FailReason.Should().Be(FailReasons.EngineFailed);
        ended.Error.Should().Match(reason);
    }

    [Test]
    public async Task The_demo_counts_one_a_step_and_leaves_an_artifact()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, new DemoEngine());
        string id = await roost.EnqueueAsync(new WorkItem("demo", new { message = "hi", count_to = 3, delay_seconds = 0.01 }));

        WorkSummary ended = await roost.RunUntilDoneAsync(id);

        ended.Version.Should().Be(4);
        JsonElement count = JsonDocument.Parse(await roost.ReadArtifactAsync(id, "count.json")).RootElement;
        (Text(count, "message"), Number(count, "counted")).Should().Be(("hi", 3));
    }

    [TestCase("""{"count_to": 0}""", "count_to is 0*")]
    [TestCase("""{"delay_seconds": -0.5}""", "delay_seconds is -0.5*")]
    public async Task A_demo_that_cannot_work_fails_for_good_with_the_reason(string payload, string reason)
    {
        WorkSummary ended = await RunAsync(new DemoEngine(), WorkItem.FromJson("demo", payload));

        ended.FailReason.Should().Be(FailReasons.EngineFailed);
        ended.Error.Should().Match(reason);
    }

    [Test]
    public async Task The_service_finds_the_engines_and_steps_work_until_it_is_stopped()
    {
        using var folder = new TemporaryFolder();
        using IHost host = Service.CreateHost(folder["service.db"]);
        await host.StartAsync();
        RoostRuntime roost = host.Services.GetRequiredService<RoostRuntime>();
        string id = await roost.EnqueueAsync(new WorkItem("demo", new { count_to = 2 }));

        WorkSummary ended = await roost.WaitAsync(id, SampleProcess.Patience);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();

        ended.State.Should().Be(WorkState.Done);
    }

    private static LoopbackPage Serving(Func<int, PageAnswer> answer) => new((request, _) => Task.FromResult(answer(request.Number)));

    private static async Task<JsonElement> WatchAsync(string url, string claim, int checks, PageProbe? probe = null)
    {
        await using RoostRuntime roost = TestRuntime.Create(null, new WatchlistEngine(probe ?? PageProbe.Default));
        string id = await roost.EnqueueAsync(new WorkItem("watchlist", new { url, claim, checks_required = checks }));
        (await roost.RunUntilDoneAsync(id)).State.Should().Be(WorkState.Done);
        return JsonDocument.Parse(await roost.ReadArtifactAsync(id, "report.json")).RootElement;
    }

    private static async Task<WorkSummary> RunAsync(IEngine engine, WorkItem item)
    {
        await using RoostRuntime roost = TestRuntime.Create(null, engine);
        return await roost.RunUntilDoneAsync(await roost.EnqueueAsync(item));
    }

    private static string Text(JsonElement from, string field) => from.GetProperty(field).GetString()!;

    private static int Number(JsonElement from, string field) => from.GetProperty(field).GetInt32();
}
