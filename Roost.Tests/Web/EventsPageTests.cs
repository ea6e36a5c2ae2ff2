using System.Net;
using System.Text.RegularExpressions;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>The page of events finds what is asked for however much lies before it, and says where it has not looked.</summary>
[TestFixture]
internal sealed partial class EventsPageTests
{
    private ConsoleHost host = null!;

    [SetUp]
    public async Task StartAsync() => host = await ConsoleHost.StartAsync(null, new ConsoleEngine());

    [TearDown]
    public async Task StopAsync() => await host.DisposeAsync();

    [Test]
    public async Task Failures_far_back_are_shown_and_paged_in_both_directions()
    {
        Fill(171, EventKinds.Failed);
        Fill(3000, EventKinds.Stepped);

        string page = await host.ReadAsync("/events?kind=failed");
        Numbers(page).Should().HaveCount(50).And.StartWith(171);
        string older = await FollowAsync(page, "next"), oldest = await FollowAsync(await FollowAsync(older, "next"), "next");
        Numbers(older).Should().StartWith(121);
        Numbers(oldest).Should().StartWith(21).And.EndWith(1);
        oldest.Should().NotContain("rel=\"next\"");
        Numbers(await FollowAsync(oldest, "prev")).Should().HaveCount(50).And.StartWith(71);
    }

    [Test]
    public async Task A_look_that_is_bounded_says_how_far_it_went_and_goes_on_from_there()
    {
        Fill(1, EventKinds.Done);
        Fill(20_100, EventKinds.Stepped);

        string page = await host.ReadAsync("/events?kind=done");
        page.Should()
            .Contain("None among those looked at")
            .And.Contain("Looked back to event 102,")
            .And.NotContain("Nothing has happened yet")
            .And.NotContain("No event matches");
        Numbers(await FollowAsync(page, "next")).Should().Equal(1);
        (await host.ReadAsync("/events?kind=released")).Should().Contain("No event matches");
    }

    [TestCase("failed", new[] { "failed" })]
    [TestCase("fail", new[] { "step_failed", "failed", "engine.fail" })]
    [TestCase("worker lost, engine.seen", new[] { "worker_lost", "engine.seen" })]
    public void A_kind_is_meant_by_its_name_or_a_part_of_it(string written, string[] kinds) =>
        Roost.AspNetCore.EventQuery.Of(name => name == "kind" ? written : null).Filter.Kinds.Should().Equal(kinds);

    [TestCase("/events?from=soon")]
    [TestCase("/events?from=1h&until=2h")]
    [TestCase("/events?before=x")]
    [TestCase("/events?before=0")]
    [TestCase("/events?kind=a&engine=%01")]
    public async Task A_filter_that_says_nothing_is_refused(string address)
    {
        using HttpResponseMessage answer = await host.Client.GetAsync(new Uri(address, UriKind.Relative));
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Test]
    public async Task An_event_has_a_page_with_all_of_its_details()
    {
        await host.Roost.EnqueueAsync(new WorkItem("probe"));
        (await host.ReadAsync("/events?no=1")).Should().Contain("Event 1").And.Contain("enqueued").And.Contain("&quot;probe&quot;");
        (await host.ReadAsync("/events?no=99")).Should().Contain("There is no such event");
    }

    [Test]
    public async Task Failed_tries_of_the_hour_are_all_counted_however_much_came_after_them()
    {
        await host.Roost.EnqueueAsync(Enumerable.Range(0, 7).Select(_ => new WorkItem("probe", new { what = "fail No." })));
        await host.Roost.RunUntilIdleAsync();
        int failed = host.Roost.Events(EventKinds.StepFailed, EventKinds.Failed).Count;
        failed.Should().BeGreaterThanOrEqualTo(7);
        Fill(6000, EventKinds.Stepped);

        (await host.ReadAsync("/")).Should().Contain($"at least <b>{failed}</b> failed tries in the hour", "they are counted since a moment ago");
        host.Roost.Execute(
            "UPDATE roost_meta SET value = $0 WHERE key = 'steps_counted_since'",
            $"{DateTimeOffset.UtcNow.AddDays(-8).ToUnixTimeMilliseconds()}"
        );
        (await host.ReadAsync("/")).Should().Contain($"<b>{failed}</b> failed tries in the hour").And.NotContain("at least");
        (await host.ReadAsync("/?over=week")).Should().Contain($"<b>{failed}</b> failed tries in the week").And.Contain("Steps per hour");
        (await host.ReadAsync("/engines?over=day")).Should().Contain($"data-name=\"Failed tries\">{failed}</td>");
        using HttpResponseMessage answer = await host.Client.GetAsync(new Uri("/?over=year", UriKind.Relative));
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    private async Task<string> FollowAsync(string page, string rel)
    {
        string link = Regex.Match(page, $"href=\"([^\"]*)\" rel=\"{rel}\"").Groups[1].Value;
        link.Should().NotBeEmpty(page);
        return await host.ReadAsync(WebUtility.HtmlDecode(link));
    }

    private static long[] Numbers(string page) =>
        [.. Row().Matches(page).Select(found => long.Parse(found.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))];

    private void Fill(int n, string kind, TimeSpan ago = default) =>
        new SqliteHost().WriteEvents(host.Roost, n, kind, DateTimeOffset.UtcNow.Add(ago), TimeSpan.Zero);

    [GeneratedRegex("<tr data-key=\"(\\d+)\"")]
    private static partial Regex Row();
}
