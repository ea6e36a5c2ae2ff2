using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class TriggerTests(StoreHost host) : ConformanceTests(host)
{
    [TestCase("snapshot.data.yes", true)]
    [TestCase("snapshot.data.no", false)]
    [TestCase("snapshot.data.zero", false)]
    [TestCase("snapshot.data.one", true)]
    [TestCase("snapshot.data.empty", false)]
    [TestCase("snapshot.data.text", true)]
    [TestCase("snapshot.data.nothing", false)]
    [TestCase("snapshot.data.missing", false)]
    [TestCase("snapshot.data.text.deeper", false)]
    [TestCase("snapshot.data.none", false)]
    [TestCase("snapshot.data.list", true)]
    [TestCase("snapshot.data.list.1", false)]
    [TestCase("snapshot.data.list.0.a", true)]
    [TestCase("snapshot.data.list.+0", false)]
    [TestCase("snapshot.data", true)]
    [TestCase("item.payload.wanted", true)]
    [TestCase("item.payload.yes", false)]
    public async Task It_fires_where_its_condition_is_truthy(string condition, bool fires)
    {
        await using RoostRuntime roost = await CreateAsync([new("first", "second") { If = condition }]);
        await RunAsync(roost, new WorkItem("first", new { wanted = 1 }));

        roost.Events(EventKinds.Triggered).Should().HaveCount(fires ? 1 : 0);
    }

    [Test]
    public async Task Fields_and_then_values_are_laid_over_the_inherited_payload()
    {
        WorkItem? second = null;
        await using RoostRuntime roost = await CreateAsync(
            [
                new("first", "second")
                {
                    Fields = new Dictionary<string, string>
                    {
                        ["text"] = "snapshot.data.text",
                        ["same"] = "item.payload.kept",
                        ["none"] = "snapshot.data.missing",
                        ["level"] = "snapshot.data.one",
                    },
                    Values = new Dictionary<string, object?> { ["level"] = "high", ["options"] = new { DeepName = 1 } },
                },
            ],
            item => second = item
        );
        await RunAsync(roost, new WorkItem("first", new { kept = "é", text = "old" }));

        const string Whole = """{"kept":"é","text":"hello","same":"é","level":"high","options":{"deep_name":1}}""";
        JsonElement.DeepEquals(second!.Payload, JsonDocument.Parse(Whole).RootElement).Should().BeTrue(second.Payload.ToString());
    }

    [Test]
    public async Task The_follow_up_inherits_priority_queue_and_resources_and_is_a_child()
    {
        WorkItem? second = null;
        await using RoostRuntime roost = await CreateAsync(new RoostOptions { Queues = ["q"], Triggers = [new("first", "second")] }, item => second = item);
        string id = await RunAsync(roost, new WorkItem("first") { Queue = "q", Priority = 7, Resources = ["b", "a"], ResourceHold = ResourceHold.Life });

        second.Should().NotBeNull();
        (second!.Queue, second.Priority, second.ResourceHold, second.ParentId).Should().Be(("q", 7, ResourceHold.Life, id));
        second.Resources.Should().Equal("a", "b");
    }

    [Test]
    public async Task It_fires_in_the_transaction_that_finishes_the_item()
    {
        await using RoostRuntime roost = await CreateAsync([new("first", "second")]);
        string id = await RunAsync(roost, new WorkItem("first"));

        List<WorkEvent> all = roost.Events().SkipWhile(one => one.Kind != EventKinds.Done).Take(3).ToList();
        all.Select(one => one.Kind).Should().Equal(EventKinds.Done, EventKinds.Enqueued, EventKinds.Triggered);
        all.Select(one => one.WorkId == id).Should().Equal(true, false, true);
        all.Select(one => one.At).Distinct().Should().ContainSingle();
    }

    [Test]
    public async Task A_failed_or_cancelled_item_fires_nothing()
    {
        var running = new TaskCompletionSource();
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { Triggers = [new("failing", "second"), new("waiting", "second")] }, null,
            ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("no"), "failing"),
            new ScriptedEngine(async (state, context) =>
            {
                running.TrySetResult();
                await Task.Delay(Timeout.Infinite, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return ScriptedEngine.GoOn(state);
            }, "waiting"));
        string failing = await roost.EnqueueAsync(new WorkItem("failing")), waiting = await roost.EnqueueAsync(new WorkItem("waiting"));
        Task ended = roost.RunUntilDoneAsync(waiting);
        await running.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await roost.CancelAsync(waiting);
        await ended.WaitAsync(TimeSpan.FromSeconds(60));
        (await roost.RunUntilDoneAsync(failing)).State.Should().Be(WorkState.Failed);

        (await roost.WaitAsync(waiting)).State.Should().Be(WorkState.Cancelled);
        roost.Totals().Total.Should().Be(2);
    }

    [Test]
    public async Task A_circle_ends_at_its_depth_and_says_so()
    {
        await using RoostRuntime roost = await CreateAsync([new("first", "first") { MaxDepth = 3 }]);
        await RunAsync(roost, new WorkItem("first"));

        roost.Totals().Total.Should().Be(4, "the first and three that followed");
        roost.Events(EventKinds.TriggerSkipped).Should().ContainSingle().Which.Data!.Value.GetProperty("reason").GetString().Should().Contain("limit is 3");
    }

    [Test]
    public async Task A_worker_without_triggers_of_its_own_fires_those_of_the_file()
    {
        await using RoostRuntime first = await CreateAsync([new("first", "second")]);
        await first.RunUntilIdleAsync();
        await using RoostRuntime other = await BesideAsync(first, first.Options with { Triggers = null });
        other.AddEngine(ScriptedEngine.CountingTo(1, id: "first")).AddEngine(ScriptedEngine.CountingTo(1, id: "second"));
        await RunAsync(other, new WorkItem("first"));

        first.Totals().Total.Should().Be(2);
        await RunAsync(other, new WorkItem("first"));
        first.Totals().Total.Should().Be(4, "null leaves them");
    }

    [Test]
    public async Task An_empty_list_clears_the_triggers_of_the_file()
    {
        await using RoostRuntime first = await CreateAsync([new("first", "second")]);
        await first.RunUntilIdleAsync();
        await using RoostRuntime other = await BesideAsync(first, first.Options with { Triggers = [] });
        other.AddEngine(ScriptedEngine.CountingTo(1, id: "first"));
        await RunAsync(other, new WorkItem("first"));

        first.Totals().Total.Should().Be(1);
        await using RoostRuntime third = await BesideAsync(first, first.Options with { Triggers = null }, ScriptedEngine.CountingTo(1, id: "first"));
        await RunAsync(third, new WorkItem("first"));
        first.Totals().Total.Should().Be(2, "they are gone for those as well who bring none");
    }

    [Test]
    public async Task A_payload_that_would_be_too_large_is_skipped_and_the_item_is_done_all_the_same()
    {
        string text = new('x', 700);
        await using RoostRuntime roost = await CreateAsync(new RoostOptions
        {
            MaxJsonBytes = 1024,
            Triggers = [new("first", "second") { Fields = new Dictionary<string, string> { ["again"] = "item.payload.text" } }],
        });
        string id = await RunAsync(roost, new WorkItem("first", new { text }));

        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Done);
        roost.Totals().Total.Should().Be(1);
        roost.Events(EventKinds.TriggerSkipped).Should().ContainSingle().Which.Data!.Value.GetProperty("reason").GetString().Should().Contain("1024");
    }

    [Test]
    public async Task A_payload_that_would_be_too_deep_to_read_back_is_skipped()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 63)) + "{}" + new string('}', 63);
        await using RoostRuntime roost = await CreateAsync([
            new("first", "second") { Fields = new Dictionary<string, string> { ["deeper"] = "item.payload" } },
        ]);
        string id = await RunAsync(roost, WorkItem.FromJson("first", deep));

        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Done);
        roost.Totals().Total.Should().Be(1);
        roost.Events(EventKinds.TriggerSkipped).Should().ContainSingle().Which.Data!.Value.GetProperty("reason").GetString().Should().Contain("deep");
    }

    [Test]
    public async Task A_trigger_of_the_options_is_held_to_the_same_rules_as_a_file()
    {
        await RefusedAsync("Triggers[0].When", new Trigger("", "b"));
        await RefusedAsync("Triggers[0].Enqueue", new Trigger("a", " "));
        await RefusedAsync("Triggers[0].If", new Trigger("a", "b") { If = "state.x" });
        await RefusedAsync("Triggers[0].Fields.x", new Trigger("a", "b") { Fields = new Dictionary<string, string> { ["x"] = "snapshot.data." } });
        await RefusedAsync("Triggers[0].Values.x", new Trigger("a", "b") { Values = new Dictionary<string, object?> { ["x"] = "nul \0" } });
        await RefusedAsync("Triggers[0].MaxDepth", new Trigger("a", "b") { MaxDepth = 0 });
        await RefusedAsync("Triggers[1]", new Trigger("a", "b"), null!);
    }

    private async Task RefusedAsync(string field, params Trigger[] triggers) =>
        (await FluentActions.Awaiting(() => OpenAsync(new RoostOptions { Triggers = triggers }, null)).Should().ThrowAsync<InvalidInputException>())
            .Which.Field.Should()
            .Be(field);

    private Task<RoostRuntime> CreateAsync(IReadOnlyList<Trigger> triggers, Action<WorkItem>? second = null) =>
        CreateAsync(new RoostOptions { Triggers = triggers }, second);

    private Task<RoostRuntime> CreateAsync(RoostOptions options, Action<WorkItem>? second = null) =>
        OpenAsync(
            options,
            TestRuntime.Clock(),
            new Facts(),
            ScriptedEngine.From(
                (state, context) =>
                {
                    second?.Invoke(context.Item);
                    return ScriptedEngine.Finish(state);
                },
                "second"
            )
        );

    private static async Task<string> RunAsync(RoostRuntime roost, WorkItem item)
    {
        string id = await roost.EnqueueAsync(item);
        await roost.RunUntilIdleAsync();
        return id;
    }

    /// <summary>Is done at once with one state of every kind.</summary>
    private sealed class Facts : Engine<JsonElement>
    {
        private static readonly JsonElement State = JsonDocument.Parse(
            """{"yes":true,"no":false,"zero":0.0,"one":1,"empty":"","text":"hello","nothing":null,"none":[],"list":[{"a":1},0]}""").RootElement;

        public override string EngineId => "first";

        protected override JsonElement Init(WorkItem item) => State;

        protected override Task<Outcome> StepAsync(JsonElement state, StepContext context) => Task.FromResult(Done(state));
    }
}
