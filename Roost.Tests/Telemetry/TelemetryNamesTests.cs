using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Roost.Tests.Conformance;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What OpenTelemetry's SDK exports of a run through all situations is what docs/telemetry.md lists, no more and no less.</summary>
[TestFixture, NonParallelizable]
internal sealed class TelemetryNamesTests
{
    private readonly List<Activity> spans = [];
    private readonly List<MetricSnapshot> metrics = [];

    private static int effectTries;

    [OneTimeSetUp]
    public async Task RunThroughAllSituationsAsync()
    {
        using TracerProvider tracing = Sdk.CreateTracerProviderBuilder().AddSource("Roost").SetSampler(new AlwaysOnSampler()).AddInMemoryExporter(spans)
            .Build();
        using MeterProvider metering = Sdk.CreateMeterProviderBuilder().AddMeter("Roost").AddInMemoryExporter(metrics).Build();
        var options = new RoostOptions
        {
            RetryBaseDelay = TimeSpan.FromMilliseconds(1),
            RetryMaxDelay = TimeSpan.FromMilliseconds(2),
            MaxAttempts = 2,
            DrainTime = TimeSpan.FromMilliseconds(100),
        };
        var gate = new Gate();
        await using RoostRuntime roost = TestRuntime.Create(options, null, Engine(gate));
        await StepAsync(roost);
        await WaitAsync(roost);
        await InterruptAsync(roost);
        await LoseAsync(roost, gate);
        await EffectAsync(roost);
        await LeaveUnsavedAsync(options);
        await Waiting.Until(() => metering.ForceFlush() && Values("roost.steps", "roost.outcome").Contains("unsaved")); // Counted once its span is over.
        metering.ForceFlush().Should().BeTrue();
    }

    [Test]
    public void Spans_have_the_names_and_kinds_of_the_table() =>
        spans.Select(span => $"{span.OperationName} {span.Kind}".ToUpperInvariant()).Distinct().Should().BeEquivalentTo(
            TelemetryPage.CellsBelow("| span |").Select(cells => $"{TelemetryPage.Names(cells[0]).Single()} {cells[2]}".ToUpperInvariant()));

    [Test]
    public void Spans_links_and_events_have_the_attributes_of_the_table()
    {
        HashSet<string> made = [.. spans.SelectMany(span =>
            span.TagObjects.Select(tag => $"{tag.Key} on {span.OperationName["roost.".Length..]}")
                .Concat(span.Links.SelectMany(link => link.Tags!).Select(tag => $"{tag.Key} on link"))
                .Concat(span.Events.SelectMany(one => one.Tags).Select(tag => $"{tag.Key} on event")))];
        string[] listed = [.. TelemetryPage.CellsBelow("| attribute |")
            .SelectMany(cells => cells[1].Split(", ").Select(on => $"{TelemetryPage.Names(cells[0]).Single()} on {on}"))];

        made.Except(listed).Should().BeEmpty("what is made is listed");
        listed.Except(made).Should().BeEmpty("what is listed is made");
    }

    [Test]
    public void Instruments_have_the_names_kinds_units_and_attributes_of_the_table()
    {
        IEnumerable<TelemetryPage.Instrument> made = metrics.GroupBy(metric => metric.Name).Select(all => new TelemetryPage.Instrument(
            all.Key,
            all.First().MetricType switch
            {
                MetricType.LongSum => "counter",
                MetricType.Histogram => "histogram",
                MetricType.LongGauge => "gauge",
                var other => other.ToString(),
            },
            all.First().Unit,
            string.Join(' ', all.SelectMany(metric => metric.MetricPoints).SelectMany(point => Keys(point.Tags)).Distinct().Order())));

        made.Should().BeEquivalentTo(TelemetryPage.Instruments());
    }

    [Test]
    public void Each_cause_condition_and_outcome_that_the_page_names_is_measured()
    {
        Values("roost.wait.duration", "roost.cause").Should()
            .BeEquivalentTo("ready", "delayed", "blocked", "signal", "answer", "timeout", "children", "withdrawn");
        Values("roost.items", "roost.condition").Should().BeEquivalentTo("ready", "delayed", "blocked", "running", "waiting", "failed");
        Values("roost.steps", "roost.outcome").Should()
            .BeEquivalentTo("continue", "wait", "done", "fail", "error", "retry_after", "returned", "lost", "unsaved", "ask");
        spans.Single(span => span.GetTagItem("roost.outcome") is "unsaved").GetTagItem("error.type").Should().Be("unsaved");
        spans.Where(span => span.OperationName == "roost.effect").Select(span => span.GetTagItem("roost.outcome")).Distinct().Should()
            .BeEquivalentTo((string?[])["called", "recorded", "probed", "asked"]);
        Values("roost.ends", "roost.state").Should().BeEquivalentTo("done", "failed", "cancelled");
    }

    private HashSet<string> Values(string instrument, string attribute)
    {
        var found = new HashSet<string>();
        foreach (MetricPoint point in metrics.Where(metric => metric.Name == instrument).SelectMany(metric => metric.MetricPoints))
            foreach (KeyValuePair<string, object?> tag in point.Tags)
                if (tag.Key == attribute) found.Add((string)tag.Value!);
        return found;
    }

    private static List<string> Keys(ReadOnlyTagCollection tags)
    {
        var keys = new List<string>();
        foreach (KeyValuePair<string, object?> tag in tags) keys.Add(tag.Key);
        return keys;
    }

    /// <summary>Does what the id of its item says.</summary>
    private static ScriptedEngine Engine(Gate gate) => new(async (state, context) =>
    {
        string does = context.Item.Id.Split('-')[0];
        if (does == "effect") await MakeEffectsAsync(context, Interlocked.Increment(ref effectTries) == 1);
        if (does == "held")
        {
            gate.Reach();
            await gate.UntilFiredAsync(context.CancellationToken);
            context.CancellationToken.ThrowIfCancellationRequested();
        }
        if (does == "parent" && context.Wake is null) context.AddChild(new WorkItem("scripted") { Id = "count-child" });
        return does switch
        {
            "count" when state < 2 => ScriptedEngine.GoOn(state + 1, TimeSpan.FromMilliseconds(state)),
            "fail" => ScriptedEngine.GiveUp("no"),
            "throw" => throw new InvalidOperationException("never"),
            "later" when state == 0 && context.RetryAfters == 0 => Outcome.RetryAfter(TimeSpan.FromMilliseconds(1), "busy"),
            "signal" when context.Wake is null => Outcome.WaitFor(state, new Wait { Signals = ["go"] }),
            "ask" when context.Wake is null => Outcome.WaitFor(state, new Wait { Ask = new("Go on?") }),
            "time" when context.Wake is null => Outcome.WaitFor(state, new Wait { Signals = ["never"], Timeout = TimeSpan.FromMilliseconds(1) }),
            "parent" when context.Wake is null => Outcome.WaitFor(state, new Wait { Children = ChildJoin.All }),
            _ => ScriptedEngine.Finish(state),
        };
    });

    private static async Task StepAsync(RoostRuntime roost)
    {
        using Activity request = new Activity("request").Start();
        string[] counting = ["count-1", "count-2"];
        await roost.EnqueueAsync(counting.Select(id => new WorkItem("scripted") { Id = id, Resources = ["name"] }));
        foreach (string id in (string[])["fail", "throw", "later", "time", "parent"]) await roost.EnqueueAsync(new WorkItem("scripted") { Id = id });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "cancelled", Delay = TimeSpan.FromHours(1) });
        await roost.CancelAsync("cancelled");
        await FluentActions.Invoking(() => roost.EnqueueAsync(new WorkItem("scripted") { Id = "fail" })).Should().ThrowAsync<ConflictException>();
        foreach (string id in (string[])["count-1", "count-2", "fail", "throw", "later", "time", "parent"]) await roost.RunUntilDoneAsync(id).Soon();
    }

    private static async Task WaitAsync(RoostRuntime roost)
    {
        await roost.EnqueueAndSignalAsync(new WorkItem("scripted") { Id = "signal", IdempotencyKey = "key" }, "other");
        foreach (string id in (string[])["ask-1", "ask-2"]) await roost.EnqueueAsync(new WorkItem("scripted") { Id = id });
        await roost.RunUntilIdleAsync().Soon();
        await roost.SignalByKeyAsync("scripted", "key", "go", signalId: "once");
        IReadOnlyList<AskInfo> asks = (await roost.ListAsksAsync()).Items;
        await roost.AnswerAsync(asks[0].Id, true, "someone");
        await roost.WithdrawAskAsync(asks[1].Id, "someone");
        await roost.RunUntilIdleAsync().Soon();
        await FluentActions.Invoking(() => roost.SignalAsync("signal", "go")).Should().ThrowAsync<ConflictException>();
        foreach (Func<Task> late in (Func<Task>[])[() => roost.AnswerAsync(asks[1].Id, true, "other"), () => roost.WithdrawAskAsync(asks[1].Id, "other")])
            await late.Should().ThrowAsync<ConflictException>();
    }

    private static async Task InterruptAsync(RoostRuntime roost)
    {
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "interrupted" });
        using (Ghost ghost = await new SqliteHost().GhostAsync(roost, ScriptedEngine.CountingTo(1)))
        {
            (await ghost.ClaimAsync()).Should().HaveCount(1);
            ghost.Die();
        }
        await roost.RunUntilDoneAsync("interrupted").Soon();
    }

    /// <summary>Of three effects one is recorded by the first try, and the calls of two are left open by it.</summary>
    private static async Task MakeEffectsAsync(StepContext context, bool isFirst)
    {
        await context.OnceAsync("recorded", _ => Task.FromResult(1));
        await Task.WhenAll(
            context.OnceAsync("probed", OpenAsync, new() { Interrupted = Effect.Probe((_, _) => Task.FromResult<bool?>(true)) }),
            context.OnceAsync("asked", OpenAsync, new() { Interrupted = Effect.Ask }));

        async Task OpenAsync(CancellationToken token)
        {
            if (isFirst) await Task.Delay(Timeout.InfiniteTimeSpan, token);
        }
    }

    private static async Task EffectAsync(RoostRuntime roost)
    {
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "effect" });
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await Waiting.Until(() => roost.ListEffectsAsync("effect").Result.Items.Count == 3);
        await roost.ReleaseLeaseAsync("effect");
        await Waiting.Until(() => roost.StateOf("effect") == WorkState.Waiting);
        await stop.CancelAsync();
        await loop.Soon();
    }

    /// <summary>A lease is taken away from a step, and a step is stopped with the loop.</summary>
    private static async Task LoseAsync(RoostRuntime roost, Gate gate)
    {
        using var stop = new CancellationTokenSource();
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "held-1" });
        Task loop = roost.RunAsync(stop.Token);
        await gate.Reached.Soon();
        await roost.ReleaseLeaseAsync("held-1");
        await Waiting.Until(() => roost.EventsOf("held-1").Count(kind => kind == EventKinds.Claimed) >= 2);
        await stop.CancelAsync();
        await loop.Soon();
    }

    /// <summary>A step heeds nobody, and returns once its runtime is closed.</summary>
    private static async Task LeaveUnsavedAsync(RoostOptions options)
    {
        var gate = new Gate();
        RoostRuntime roost = TestRuntime.Create(options, null, new ScriptedEngine(async (state, _) =>
        {
            await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        _ = roost.RunAsync(CancellationToken.None);
        await gate.Reached;
        await roost.DisposeAsync();
        gate.Open();
    }
}
