using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Roost.AspNetCore;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>The timeline of an item tells a wait for a signal or a time from being queued.</summary>
[TestFixture]
internal sealed class WaitTimelineTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private FakeTimeProvider clock = null!;
    private RoostRuntime roost = null!;

    [SetUp]
    public void Open()
    {
        clock = TestRuntime.Clock();
        roost = TestRuntime.Create(clock, ScriptedEngine.From((state, context) => state switch
        {
            _ when context.Wake?.Kind == WakeKind.Timeout => ScriptedEngine.Finish(state),
            0 => Outcome.WaitFor(1, new Wait { Signals = ["go", "stop"] }),
            _ => Outcome.WaitFor(2, new Wait { Timeout = Minute }),
        }));
    }

    [TearDown]
    public async Task CloseAsync() => await roost.DisposeAsync();

    [Test]
    public async Task A_wait_has_a_row_of_its_own_with_what_ended_it()
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        clock.Advance(Minute);
        Rows(id)[^1].Should().Be("waiting (waiting) 1 min: for go or stop");

        await roost.SignalAsync(id, "go");
        clock.Advance(2 * Minute);
        Rows(id)[^2..].Should().Equal("waited (waiting) 1 min: for go or stop: woken by its signal", "queued (wait) 2 min: ");

        await roost.RunUntilIdleAsync();
        clock.Advance(Minute);
        await roost.RunUntilDoneAsync(id).Soon();
        Rows(id).Should().Equal(
            "v1 init (ok) 0 ms: ", "v2 init (ok) 0 ms: ", "waited (waiting) 1 min: for go or stop: woken by its signal",
            "v3 init (ok) 2 min: ", "waited (waiting) 1 min: for a time: its time was over", "done (ok) 0 ms: ");
    }

    [Test]
    public async Task A_wait_that_was_cancelled_ends_with_that_and_a_queued_time_is_called_so()
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Rows(id).Should().Equal("queued (wait) 0 ms: ");
        await roost.RunUntilIdleAsync();
        clock.Advance(Minute);
        await roost.CancelAsync(id);
        clock.Advance(Minute);

        Rows(id)[^2..].Should().Equal("waited (waiting) 1 min: for go or stop", "cancelled (bad) 0 ms: ");
    }

    [Test]
    public async Task A_wait_whose_beginning_is_not_among_the_events_leaves_what_comes_after()
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        await roost.SignalAsync(id, "go");
        List<WorkEvent> events = roost.Events(new EventFilter { WorkId = id });

        Rows(events[^1..], id).Should().Equal("queued (wait) 0 ms: ");
    }

    [TestCase("""{"signals":[],"children":"all"}""", "for all children")]
    [TestCase("""{"signals":[],"children":1}""", "for any child")]
    [TestCase("""{"signals":["stop"],"children":3,"or_failure":true}""", "for stop or at least 3 children or the failure of one")]
    public async Task A_wait_for_children_says_so_and_what_woke_it(string wait, string says)
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        using var data = JsonDocument.Parse(wait);
        using var by = JsonDocument.Parse("""{"by":"children"}""");
        List<WorkEvent> events = roost.Events(new EventFilter { WorkId = id });
        events[^1] = events[^1] with { Data = data.RootElement };
        clock.Advance(Minute);
        WorkEvent woken = events[^1] with { Kind = EventKinds.Woken, At = clock.GetUtcNow(), Data = by.RootElement };

        Rows(events, id)[^1].Should().Be($"waiting (waiting) 1 min: {says}");
        Rows([.. events, woken], id).Should().Contain($"waited (waiting) 1 min: {says}: woken by its children");
    }

    private List<string> Rows(string id) => Rows(roost.Events(new EventFilter { WorkId = id }), id);

    private List<string> Rows(List<WorkEvent> events, string id) => [.. Timeline.Of(Life.Of(events, LifeFacts.Of(roost.Detail(id)), clock.GetUtcNow()))
        .Select(row => $"{row.Label} ({row.Outcome}) {Roost.AspNetCore.Output.Times.Span(row.Waited)}: {row.Detail}")];
}
