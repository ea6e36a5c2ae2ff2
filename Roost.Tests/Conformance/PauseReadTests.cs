using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>A pause is told, counted and listed, and one that means nothing is refused.</summary>
internal sealed class PauseReadTests(StoreHost host) : PauseFixture(host)
{
    [Test]
    public async Task Pausing_again_changes_who_why_and_until_when()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        foreach (PauseTarget target in (PauseTarget[])[PauseTarget.Item("it"), Engine])
        {
            await roost.PauseAsync(target, Why, Who, TestRuntime.Start + Hour);
            (await roost.PauseAsync(target, "for good", "another")).Should().BeFalse();
        }

        clock.Advance(Hour);
        await roost.RunUntilIdleAsync().Soon();

        roost.Detail("it").Pauses.Should().BeEquivalentTo([new { Reason = "for good", By = "another", Until = (DateTimeOffset?)null },
            new { Reason = "for good", By = "another", Until = (DateTimeOffset?)null }]);
        roost.Totals().Paused.Should().Be(1);
        MustAgree(roost);
    }

    [Test]
    public async Task What_has_happened_is_told_by_events()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });

        await roost.PauseAsync(PauseTarget.Item("it"), Why, Who, TestRuntime.Start + Hour);
        await roost.ResumeAsync(PauseTarget.Item("it"), Who, "it is up again");
        await roost.PauseAsync(Queue, Why, Who);
        await roost.ResumeAsync(Queue, Who);

        roost.EventsOf("it").Should().Equal("enqueued", "paused", "resumed");
        roost.Events(EventKinds.Paused, EventKinds.Resumed).Select(one => $"{one.Kind} {one.Text()}").Should().Equal(
            """paused {"scope":"item","by":"operator","reason":"the vendor is down","until":"2026-01-01T01:00:00+00:00"}""",
            """resumed {"scope":"item","by":"operator","reason":"it is up again"}""",
            """paused {"scope":"queue","name":"default","by":"operator","reason":"the vendor is down"}""",
            """resumed {"scope":"queue","name":"default","by":"operator"}""");
    }

    [Test]
    public async Task Counts_lists_and_engines_tell_what_is_paused()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new[] { "a", "b", "c" }.Select(id => new WorkItem("scripted") { Id = id }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "later", Delay = Hour });
        foreach (string id in (string[])["b", "later"]) await roost.PauseAsync(PauseTarget.Item(id), Why, Who);

        roost.Totals().Should().BeEquivalentTo(new { Ready = 3, Delayed = 1, Paused = 2, Queued = 4, Total = 4 });
        roost.Items(new() { IsPaused = true }).Select(item => item.Id).Should().BeEquivalentTo("b", "later");
        roost.Items(new() { IsPaused = false }).Select(item => item.Id).Should().BeEquivalentTo("a", "c");
        roost.Items(new() { IsPaused = true, Condition = WorkCondition.Ready }).Select(item => item.Id).Should().Equal("b");
        (await roost.ListAsync(new() { Condition = WorkCondition.Ready })).Items.Select(item => (item.Id, item.Pause?.By)).Should().Equal(
            ("a", null), ("b", Who), ("c", null));
        var byPages = new List<string>();
        for (Page<WorkSummary>? page = null; page is null || page.Next is not null;)
        {
            page = await roost.ListAsync(new() { Condition = WorkCondition.Ready }, limit: 1, page?.Next);
            byPages.AddRange(page.Items.Select(item => item.Id));
        }
        byPages.Should().Equal("a", "b", "c");

        await roost.PauseAsync(Engine, Why, Who);
        await roost.PauseAsync(PauseTarget.File, Why, Who);

        (await roost.GetCountsAsync()).Pauses.Select(pause => pause.Target).Should().Equal(PauseTarget.File, Engine);
        (await roost.ListEnginesAsync()).Single().Should().BeEquivalentTo(new
        {
            Pause = new { Target = Engine, By = Who },
            Unserved = new[] { new { Ready = 3, Why = $"this file is paused by {Who}: {Why}" } },
        });
        roost.Detail("b").Situation.Should().Be(
            $"paused by {Who}: {Why}; this file is paused by {Who}: {Why}; engine scripted is paused by {Who}: {Why}; ready since 2026-01-01 00:00:00Z, " +
            $"but no worker runs; it needs one that serves engine scripted in queue default");
    }

    [Test]
    public async Task Pauses_are_listed_by_pages_the_longest_paused_first()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new[] { "a", "b", "c", "d" }.Select(id => new WorkItem("scripted") { Id = id }));
        foreach (string id in (string[])["c", "a", "d"]) await roost.PauseAsync(PauseTarget.Item(id), Why, Who);
        await roost.PauseAsync(Queue, Why, Who);

        var all = new List<string?>();
        for (Page<PauseInfo>? page = null; page is null || page.Next is not null;)
        {
            page = await roost.ListPausesAsync(limit: 2, cursor: page?.Next);
            all.AddRange(page.Items.Select(pause => pause.Target.Name));
        }

        all.Should().Equal("c", "a", "d", "default");
        (await roost.ListPausesAsync(PauseScope.Queue)).Items.Select(pause => pause.Target).Should().Equal(Queue);
        (await roost.ListPausesAsync(PauseScope.File)).Items.Should().BeEmpty();
        (await roost.ListPausesAsync(PauseScope.Item)).Items.Select(pause => pause.Target.Name).Should().Equal("c", "a", "d");
    }

    [Test]
    public async Task A_pause_that_would_keep_nothing_back_is_refused_and_nothing_is_written()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "over" });
        await roost.CancelAsync("over");
        string before = Host.Everything(roost);

        async Task Refused<T>(PauseTarget target, string says) where T : RoostException =>
            (await FluentActions.Awaiting(() => roost.PauseAsync(target, Why, Who)).Should().ThrowAsync<T>()).Which.Message.Should().Contain(says);

        await Refused<NotFoundException>(PauseTarget.Item("nobody"), "There is no work item nobody");
        await Refused<ConflictException>(PauseTarget.Item("over"), "Work item over is cancelled; there is nothing to pause.");
        await Refused<NotFoundException>(PauseTarget.Engine("scripte"), "There is no item of engine scripte");
        await Refused<NotFoundException>(PauseTarget.Queue("defualt"), "There is no item of queue defualt");
        await Refused<InvalidInputException>(PauseTarget.Engine(" "), "engine: is empty");
        await Refused<InvalidInputException>(PauseTarget.Queue(null!), "queue: is empty");
        Host.Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task What_breaks_a_rule_is_named_and_nothing_is_written()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        string before = Host.Everything(roost);

        async Task Refused(string field, string reason, string by, DateTimeOffset? until = null) =>
            (await FluentActions.Awaiting(() => roost.PauseAsync(PauseTarget.Item("it"), reason, by, until)).Should().ThrowAsync<InvalidInputException>())
                .Which.Field.Should().Be(field);

        await Refused("reason", "", Who);
        await Refused("reason", new string('x', 1001), Who);
        await Refused("reason", "a\0b", Who);
        await Refused("by", Why, " ");
        await Refused("until", Why, Who, TestRuntime.Start);
        await Refused("until", Why, Who, TestRuntime.Start - Hour);
        Host.Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task A_queue_that_only_a_worker_serves_may_be_paused_before_anything_is_in_it()
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Queues = ["new"] }, TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        using Ghost ghost = await GhostAsync(roost, ScriptedEngine.CountingTo(1));

        (await roost.PauseAsync(PauseTarget.Queue("new"), Why, Who)).Should().BeTrue();
        (await roost.PauseAsync(Engine, Why, Who)).Should().BeTrue();

        await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "new" });
        (await ghost.ClaimAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Resuming_what_is_not_paused_says_so()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.PauseAsync(Engine, Why, Who);

        (await roost.ResumeAsync(PauseTarget.Item("it"), Who)).Should().BeFalse();
        (await roost.ResumeAsync(Queue, Who)).Should().BeFalse();
        (await roost.ResumeAsync(PauseTarget.File, Who)).Should().BeFalse();
        await FluentActions.Awaiting(() => roost.ResumeAsync(PauseTarget.Item("nobody"), Who)).Should().ThrowAsync<NotFoundException>();
        roost.Events(EventKinds.Resumed).Should().BeEmpty();
    }
}
