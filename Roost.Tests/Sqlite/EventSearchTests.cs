using Roost.Sqlite.Queries;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>How a filter is looked for in the file: how much a page looks at, and where.</summary>
[TestFixture]
internal sealed class EventSearchTests
{
    [Test]
    public async Task A_page_that_has_looked_at_enough_says_how_far_and_the_next_goes_on_there()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        Fill(roost, 1, EventKinds.Done, TestRuntime.Start, TimeSpan.Zero);
        Fill(roost, EventSearch.MaxLooked + 100, EventKinds.Stepped, TestRuntime.Start, TimeSpan.FromSeconds(1));
        var filter = new EventFilter { Kinds = [EventKinds.Done] };

        EventPage page = await roost.ListLastEventsAsync(filter);
        EventPage rest = await roost.ListLastEventsAsync(filter, page.Next);
        EventPage forward = await roost.ListEventsAsync(filter, limit: 5), end = await roost.ListEventsAsync(filter, forward.Next);

        (page.Items.Count, page.Next, page.LookedTo).Should().Be((0, 102, TestRuntime.Start.AddSeconds(100)));
        (rest.Items.Single().Sequence, rest.Next).Should().Be((1, null));
        (forward.Items.Single().Sequence, forward.Next).Should().Be((1, EventSearch.MaxLooked));
        (end.Items.Count, end.Next, end.LookedTo).Should().Be((0, null, null));
    }

    [Test]
    public async Task A_time_is_found_without_a_look_at_what_lies_outside()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        Fill(roost, 5 * EventSearch.MaxLooked, EventKinds.Stepped, TestRuntime.Start, TimeSpan.FromSeconds(1));

        EventPage page = await roost.ListLastEventsAsync(
            new EventFilter { From = TestRuntime.Start.AddSeconds(1000), Until = TestRuntime.Start.AddSeconds(1003) }
        );

        page.Items.Select(one => one.At)
            .Should()
            .Equal(TestRuntime.Start.AddSeconds(1000), TestRuntime.Start.AddSeconds(1001), TestRuntime.Start.AddSeconds(1002));
        page.Next.Should().BeNull();
    }

    [Test]
    public async Task Times_that_went_back_before_a_file_was_migrated_are_found_too()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        Fill(roost, 10, EventKinds.Stepped, TestRuntime.Start.AddHours(1), TimeSpan.FromSeconds(1));
        Fill(roost, 1000, EventKinds.Stepped, TestRuntime.Start, TimeSpan.FromSeconds(10));
        roost.Execute("DELETE FROM roost_event_run");
        string script = File.ReadAllText(SourceTree.PathOf("Roost", "Sqlite", "Migrations", "003_real_use.sql"));
        roost.Execute(
            script[script.IndexOf("INSERT INTO event_run", StringComparison.Ordinal)..]
                .Split(';')[0]
                .Replace("INTO event_run", "INTO roost_event_run")
                .Replace("FROM event)", "FROM roost_event)")
        );

        EventPage page = await roost.ListEventsAsync(
            new EventFilter { From = TestRuntime.Start.AddHours(1), Until = TestRuntime.Start.AddHours(1).AddSeconds(5) }
        );

        page.Items.Select(one => one.Sequence).Should().Equal(1, 2, 3, 4, 5, 371);
    }

    [Test]
    public async Task A_page_is_bounded_by_the_size_of_its_data()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock());
        roost.Execute(
            "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 6) INSERT INTO roost_event (seq, at, kind, data) SELECT i, 0, " +
            "'failed', json_quote(printf('%.*c', 3000000, 'x')) FROM n"
        );
        var filter = new EventFilter { Kinds = [EventKinds.Failed] };

        (await roost.ListEventsAsync(filter)).Should().BeEquivalentTo(new { Next = 3L });
        (await roost.ListLastEventsAsync(filter)).Should().BeEquivalentTo(new { Next = 4L });
    }

    private static void Fill(RoostRuntime roost, int n, string kind, DateTimeOffset from, TimeSpan apart) =>
        new SqliteHost().WriteEvents(roost, n, kind, from, apart);
}
