using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>An item that is over is run again as a new one.</summary>
internal sealed class RunAgainTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task The_new_item_has_all_that_describes_the_work_and_nothing_that_names_the_old_one()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Queues = ["slow"] }, clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("parent") { Id = "parent" });
        var item = new WorkItem("scripted", new { url = "https://example.com", n = 1.50 })
        {
            Queue = "slow",
            Priority = 7,
            Resources = ["b", "a"],
            ResourceHold = ResourceHold.Life,
            Timeout = TimeSpan.FromSeconds(5),
            MaxAttempts = 3,
            MaxSteps = 9,
            IdempotencyKey = "once",
            Deadline = TestRuntime.Start.AddDays(1),
            ParentId = "parent",
        };
        string first = await roost.EnqueueAsync(item);
        await roost.RunUntilIdleAsync();

        string again = await roost.RunAgainAsync(first, reason: "to be sure");

        WorkDetail made = await roost.GetAsync(again), was = await roost.GetAsync(first);
        made.Should().BeEquivalentTo(new
        {
            Summary = new { Engine = "scripted", Queue = "slow", State = WorkState.Queued, Priority = 7, Version = 0 },
            ResourceHold = ResourceHold.Life,
            Timeout = (TimeSpan?)TimeSpan.FromSeconds(5),
            MaxAttempts = (int?)3,
            MaxSteps = (int?)9,
            IdempotencyKey = (string?)null,
            Deadline = (DateTimeOffset?)null,
            ParentId = (string?)null,
        });
        made.Resources.Should().Equal("a", "b");
        made.Payload.GetRawText().Should().Be(was.Payload.GetRawText());
        (was.Summary.State, was.IdempotencyKey).Should().Be((WorkState.Done, "once"));
        roost.Events(EventKinds.RunAgain).Single().Text().Should().Be($$"""{"to":"{{again}}","reason":"to be sure"}""");
        roost.Events(EventKinds.Enqueued)[^1].Text().Should().Be($$"""{"engine":"scripted","queue":"slow","delay_ms":0,"from":"{{first}}"}""");
        (await roost.EnqueueAsync(item with { Deadline = null })).Id.Should().Be(first, "the key still belongs to the old one");
        await roost.RunUntilIdleAsync();
        roost.StateOf(again).Should().Be(WorkState.Done);
        MustAgree(roost);
    }

    [Test]
    public async Task Another_payload_is_checked_and_the_event_says_what_changed()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        string first = await roost.EnqueueAsync(new WorkItem("scripted", new { url = "a", depth = 1 }));
        await roost.CancelAsync(first);

        string again = await roost.RunAgainAsync(first, JsonEdit.FromJson("""{"url":"b","depth":1}"""));

        (await roost.GetAsync(again)).Payload.GetProperty("url").GetString().Should().Be("b");
        roost.Events(EventKinds.RunAgain).Single().Text().Should().Be($"{{\"to\":\"{again}\",\"changes\":{{\"$.url\":{{\"from\":\"a\",\"to\":\"b\"}}}}}}");
        MustAgree(roost);
    }

    [TestCase("[1]", "object")]
    [TestCase("{", "not acceptable JSON")]
    public async Task A_payload_that_breaks_a_rule_is_refused_by_name_and_nothing_is_written(string json, string says)
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        string first = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.CancelAsync(first);
        string before = Host.Everything(roost);

        InvalidInputException refused = (
            await FluentActions.Awaiting(() => roost.RunAgainAsync(first, JsonEdit.FromJson(json))).Should().ThrowAsync<InvalidInputException>()
        ).Which;

        refused.Field.Should().Be("Payload");
        refused.Message.Should().Contain(says);
        Host.Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task What_is_not_over_is_not_run_again()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("no")));
        string failed = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        string queued = await roost.EnqueueAsync(new WorkItem("scripted"));

        await FluentActions.Awaiting(() => roost.RunAgainAsync(failed)).Should().ThrowAsync<ConflictException>().WithMessage("*is failed*Retry it instead*");
        await FluentActions.Awaiting(() => roost.RunAgainAsync(queued)).Should().ThrowAsync<ConflictException>().WithMessage("*is queued*");
        await FluentActions.Awaiting(() => roost.RunAgainAsync("nobody")).Should().ThrowAsync<NotFoundException>();
        (await roost.ListAsync()).Items.Should().HaveCount(2);

        await roost.DiscardAsync(failed);
        (await roost.RunAgainAsync(failed)).Should().NotBe(failed);
        MustAgree(roost);
    }
}
