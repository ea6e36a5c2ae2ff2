using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Names and numbers that somebody might try: each is refused by its field with nothing written, or stays what it is.</summary>
[TestFixture]
[Category("Reliability")]
internal sealed class HostileInputTests
{
    private const int Deepest = 64;

    [Test]
    public async Task A_name_that_is_allowed_stays_what_it_is_wherever_it_stands()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Queues = Hostile.Names, MaxAttempts = 1 }, null);
        foreach (string name in Hostile.Names) roost.AddEngine(ScriptedEngine.From((state, context) => Both(state, context), name));
        await roost.EnqueueAsync(new WorkItem("parent") { Id = "parent" });
        foreach (string name in Hostile.Names)
            await roost.EnqueueAsync(
                new WorkItem(name, new Dictionary<string, string> { [name] = name })
                {
                    Id = name,
                    Queue = name,
                    Resources = [name],
                    IdempotencyKey = name,
                    ParentId = "parent",
                }
            );

        await roost.RunUntilIdleAsync();

        foreach (string name in Hostile.Names)
        {
            WorkDetail item = await roost.GetAsync(name);
            (item.Summary.Id, item.Summary.Engine, item.Summary.Queue, item.IdempotencyKey, item.ParentId, item.Summary.State)
                .Should()
                .Be((name, name, name, name, "parent", WorkState.Done));
            item.Resources.Should().Equal(name);
            item.Payload.GetProperty(name).GetString().Should().Be(name);
            foreach (WorkFilter filter in (WorkFilter[])[new() { Engine = name }, new() { Queue = name }, new() { Resource = name }])
                (await roost.ListAsync(filter)).Items.Should().ContainSingle().Which.Id.Should().Be(name);
            (await roost.ListEventsAsync(name)).Items.Select(one => one.Kind).Should().Contain("engine." + name[..Math.Min(100, name.Length)]);
            (await roost.FindIdsAsync(name)).Should().Equal(name);
            (await roost.EnqueueAsync(new WorkItem(name, item.Payload) { IdempotencyKey = name })).Should().Be(new EnqueueResult(name, false));
            Path.GetDirectoryName(roost.GetWorkspace(name).Path)
                .Should()
                .Be(Path.GetDirectoryName(roost.GetWorkspace("parent").Path), "a workspace is below its root, whatever its item is called");
        }
        (await roost.ListAsync(limit: 1000)).Items.Should().HaveCount(Hostile.Names.Length + 1);
        FileAudit.MustAgree(roost.Path);
    }

    [Test]
    public async Task A_name_with_what_no_terminal_or_file_survives_is_refused_by_its_field()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        Dictionary<string, long> before = FileAudit.Contents(roost.Path);
        foreach (string name in Hostile.RefusedNames)
        {
            await RefusedAsync("Id", () => roost.EnqueueAsync(new WorkItem("e") { Id = name }));
            await RefusedAsync("Engine", () => roost.EnqueueAsync(new WorkItem(name)));
            await RefusedAsync("Queue", () => roost.EnqueueAsync(new WorkItem("e") { Queue = name }));
            await RefusedAsync("Resources[1]", () => roost.EnqueueAsync(new WorkItem("e") { Resources = ["good", name] }));
            await RefusedAsync("IdempotencyKey", () => roost.EnqueueAsync(new WorkItem("e") { IdempotencyKey = name }));
            await RefusedAsync("ParentId", () => roost.EnqueueAsync(new WorkItem("e") { ParentId = name }));
            await RefusedAsync("workId", () => roost.GetAsync(name));
            await RefusedAsync("workId", () => roost.ListHistoryAsync(name));
            await RefusedAsync("workId", () => roost.GetSnapshotAsync(name));
            await RefusedAsync("workId", () => roost.ListArtifactsOfAsync(name));
            await RefusedAsync("name", () => roost.OpenArtifactAsync("e", name));
            await RefusedAsync("workId", () => roost.ListEventsAsync(name));
            await RefusedAsync("workId", () => roost.ListLastEventsAsync(name));
            await RefusedAsync("part", () => roost.FindIdsAsync(name));
            await RefusedAsync("workId", () => roost.CancelAsync(name));
            await RefusedAsync("workId", () => roost.RetryAsync(name));
            await RefusedAsync("workId", () => roost.ReleaseLeaseAsync(name));
            await RefusedAsync("Engine", () => roost.ListAsync(new() { Engine = name }));
            await RefusedAsync("Reason", () => roost.ListDeadLettersAsync(new() { Reason = name }));
            await RefusedAsync("Name", () => roost.ListArtifactsAsync(new() { Name = name }));
        }
        FileAudit.Contents(roost.Path).Should().Equal(before, "nothing was written");
    }

    [TestCase("%"), TestCase("_"), TestCase("a%b"), TestCase("*"), TestCase("?"), TestCase("[a-z]")]
    [TestCase("\\")]
    [TestCase("\\%")]
    [TestCase("'; DROP TABLE roost_work; --")]
    public async Task A_wildcard_in_a_search_means_itself(string text)
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 1 }, null, ScriptedEngine.From((state, context) =>
        {
            string said = context.Item.Payload.GetProperty("text").GetString()!;
            if (context.Version > 1) throw new InvalidOperationException($"because of {said} it failed");
            if (!said.Contains('\\')) context.AddArtifact($"of {said} it", 1); // No file's name holds a backslash.
            return ScriptedEngine.GoOn(state);
        }));
        foreach (string said in (string[])[text, "plain", "a-b", "axb", "x"])
            await roost.EnqueueAsync(new WorkItem("scripted", new { text = said }) { Id = $"id {said} end" });
        await roost.RunUntilIdleAsync();

        (await roost.ListAsync(new() { Error = $"of {text} it" })).Items.Should().ContainSingle().Which.Id.Should().Be($"id {text} end");
        (await roost.ListDeadLettersAsync(new() { Error = $"of {text} it" })).Items.Should().ContainSingle();
        (await roost.FindIdsAsync($"id {text}")).Should().ContainSingle();
        (await roost.FindIdsAsync($"{text} end")).Should().ContainSingle();
        (await roost.ListArtifactsAsync(new() { Name = $"of {text} it" })).Items.Should().HaveCount(text.Contains('\\') ? 0 : 1);
        (await roost.RetryAllAsync(new DeadLetterFilter { Error = $"of {text} it" })).Should().Be(1);
    }

    [TestCase("18446744073709551615")]
    [TestCase("-9223372036854775808")]
    [TestCase("123456789012345678901234567890.123456789")]
    [TestCase("0.1000000000000000055511151231257827")]
    [TestCase("-0"), TestCase("-0.0"), TestCase("1e-400")]
    [TestCase("1.7976931348623157e308")]
    [TestCase("1E+2")]
    public async Task A_number_is_kept_to_its_last_digit(string number)
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, context) =>
        {
            context.AddEvent("seen", context.Item.Payload);
            context.AddArtifactUri("there", new Uri("https://example.com/x"), new() { Metadata = context.Item.Payload });
            return ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(WorkItem.FromJson("scripted", $"{{\"n\":{number}}}"));
        await roost.RunUntilDoneAsync(id);

        (await roost.GetAsync(id)).Payload.GetProperty("n").GetRawText().Should().Be(number);
        (await roost.ListEventsAsync(id)).Items.Single(one => one.Kind == "engine.seen").Data!.Value.GetProperty("n").GetRawText().Should().Be(number);
        (await roost.ListArtifactsOfAsync(id)).Single().Metadata!.Value.GetProperty("n").GetRawText().Should().Be(number);
    }

    [Test]
    public async Task Payload_state_event_and_metadata_are_sixty_four_levels_deep_and_not_sixty_five()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        string id = await roost.EnqueueAsync(WorkItem.FromJson("e", Levels(Deepest)));
        (await roost.GetAsync(id)).Payload.GetRawText().Should().Be(Levels(Deepest));
        await RefusedAsync("Payload", () => roost.EnqueueAsync(WorkItem.FromJson("e", Levels(Deepest + 1))));
        await RefusedAsync("Payload", () => roost.EnqueueAsync(new WorkItem("e", JsonElement.Parse(Levels(Deepest + 1), new() { MaxDepth = 100 }))));
        await RefusedAsync("Payload", () => roost.EnqueueAsync(new WorkItem("e", new { a = JsonElement.Parse(Levels(Deepest), new() { MaxDepth = 100 }) })));
        await RefusedAsync("Payload", () => roost.EnqueueAsync(new WorkItem("e", new { a = JsonNode.Parse(Levels(Deepest)) })));
        await RefusedInStepAsync("state", (_, snapshot) => Outcome.Continue(snapshot.Next(new { a = JsonNode.Parse(Levels(Deepest)) })));
        await RefusedInStepAsync("data", (context, snapshot) => Ends(snapshot, () => context.AddEvent("x", new { a = JsonNode.Parse(Levels(Deepest)) })));
        await RefusedInStepAsync("Metadata", (context, snapshot) =>
            Ends(snapshot, () => context.AddArtifactText("x", "", new() { Metadata = new { a = JsonNode.Parse(Levels(Deepest)) } }))
        );
    }

    [Test]
    public async Task Half_a_surrogate_pair_is_refused_and_never_replaced()
    {
        foreach (string text in (string[])["\ud800", "\udc00", "a\ud83db", "\udc26\ud83d", "\U0001F426\ud83d"]) await HalfIsRefusedAsync(text);
    }

    private static async Task HalfIsRefusedAsync(string text)
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        await RefusedAsync("Payload", () => roost.EnqueueAsync(new WorkItem("e", new { text })));
        await RefusedAsync("Payload", () => roost.EnqueueAsync(new WorkItem("e", new Dictionary<string, int> { [text] = 1 })));
        await RefusedAsync("Payload", () => roost.EnqueueAsync(new WorkItem("e", new JsonObject { ["a"] = text })));
        await RefusedAsync("reason", () => roost.CancelAsync("e", text));
        await RefusedInStepAsync("state", (_, snapshot) => Outcome.Continue(snapshot.Next(new { text })));
        await RefusedInStepAsync("state", (_, snapshot) => Outcome.Continue(snapshot.Next(new JsonObject { ["a"] = text })));
        await RefusedInStepAsync("data", (context, snapshot) => Ends(snapshot, () => context.AddEvent("x", text)));
        await RefusedInStepAsync("Metadata", (context, snapshot) => Ends(snapshot, () => context.AddArtifactText("x", "", new() { Metadata = new { text } })));
        await RefusedInStepAsync("text", (context, snapshot) => Ends(snapshot, () => context.AddArtifactText("x", text)));
        await RefusedInStepAsync("value", (context, snapshot) => Ends(snapshot, () => context.AddArtifact("x", new { text })));
        await using RoostRuntime typed = TestRuntime.Create(new RoostOptions { MaxAttempts = 1 }, null, new TextEngine(text));
        (await typed.RunUntilDoneAsync(await typed.EnqueueAsync(new WorkItem("text")))).Error.Should().StartWith("state: ").And.Contain("surrogate");
    }

    [Test]
    public async Task The_replacement_character_itself_is_text_like_any_other()
    {
        foreach (JsonSerializerOptions json in (JsonSerializerOptions[])[RoostJson.Default, new(JsonSerializerDefaults.Web)])
        {
            await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Json = json }, null, new TextEngine("\uFFFD \\uFFFD"));
            string id = await roost.EnqueueAsync(new WorkItem("text", new { text = "\uFFFD \\uFFFD \\\uFFFD" }));
            (await roost.RunUntilDoneAsync(id)).State.Should().Be(WorkState.Done);
            WorkDetail item = await roost.GetAsync(id);
            item.Payload.GetProperty("text").GetString().Should().Be("\uFFFD \\uFFFD \\\uFFFD");
            item.Snapshot!.DataAs<string>().Should().Be("\uFFFD \\uFFFD");
        }
    }

    [TestCase("1e999999")]
    [TestCase("-1e309")]
    public async Task A_number_beyond_every_double_is_refused_in_state_event_and_metadata_too(string number)
    {
        JsonElement value = JsonElement.Parse($"{{\"n\":{number}}}");
        await RefusedInStepAsync("state", (_, snapshot) => Outcome.Continue(snapshot.Next(value)));
        await RefusedInStepAsync("data", (context, snapshot) => Ends(snapshot, () => context.AddEvent("x", value)));
        await RefusedInStepAsync("Metadata", (context, snapshot) => Ends(snapshot, () => context.AddArtifactText("x", "", new() { Metadata = value })));
        await RefusedInStepAsync("state", (_, snapshot) => Outcome.Continue(snapshot.Next(new { value = double.NaN })));
        await RefusedInStepAsync("state", (_, snapshot) => Outcome.Continue(snapshot.Next(float.NegativeInfinity)));
    }

    [Test]
    public async Task A_payload_of_a_hundred_megabytes_is_refused_before_the_writer_sees_it()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        using var hold = new ManualResetEventSlim();
        Task<bool> holding = roost.Writer.RunAsync(_ => hold.Wait(Gate.Patience));
        string text = $"{{\"a\":\"{new string('x', 100 * 1024 * 1024)}\"}}";

        InvalidInputException refused = await RefusedAsync("Payload", () => roost.EnqueueAsync(WorkItem.FromJson("e", text)).Soon());

        roost.Writer.Pending.Should().BeLessThanOrEqualTo(1, "nothing but what holds the writer was asked of it");
        refused.Message.Should().Contain("104,857,").And.Contain("artifact").And.NotContain("xxx");
        holding.IsCompleted.Should().BeFalse();
        hold.Set();
        await holding;
        FileAudit.Count(roost.Path, "roost_work").Should().Be(0);
    }

    [Test]
    public async Task Any_priority_is_kept_and_the_highest_runs_first()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Concurrency = 1 }, null, ScriptedEngine.CountingTo(1));
        int[] priorities = [0, int.MinValue, int.MaxValue, -1, 1];
        foreach (int priority in priorities)
            await roost.EnqueueAsync(new WorkItem("scripted") { Id = priority.ToString(CultureInfo.InvariantCulture), Priority = priority });
        await roost.RunUntilIdleAsync();

        roost.ClaimsOf().Distinct().Should().Equal(priorities.OrderDescending().Select(priority => priority.ToString(CultureInfo.InvariantCulture)));
        foreach (int priority in priorities) (await roost.GetAsync(priority.ToString(CultureInfo.InvariantCulture))).Summary.Priority.Should().Be(priority);
    }

    [TestCase(int.MinValue)]
    [TestCase(-1)]
    [TestCase(0)]
    [TestCase(10_001)]
    [TestCase(int.MaxValue)]
    public async Task A_limit_out_of_range_is_refused_by_every_list(int limit)
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        await RefusedAsync("limit", () => roost.ListAsync(limit: limit));
        await RefusedAsync("limit", () => roost.ListDeadLettersAsync(limit: limit));
        await RefusedAsync("limit", () => roost.ListArtifactsAsync(limit: limit));
        await RefusedAsync("limit", () => roost.ListResourcesAsync(limit));
        await RefusedAsync("limit", () => roost.FindIdsAsync("abc", limit));
        await RefusedAsync("limit", () => roost.ListEventsAsync(limit: limit));
        await RefusedAsync("limit", () => roost.ListLastEventsAsync(limit: limit));
        if (limit < 0) await RefusedAsync("version", () => roost.GetSnapshotAsync("abc", limit));
        if (limit < 0) await RefusedAsync("after", () => roost.ListEventsAsync(after: limit));
        if (limit < 0) await RefusedAsync("timeout", () => roost.WaitAsync("abc", TimeSpan.FromSeconds(limit)));
    }

    [Test]
    public async Task A_moment_or_a_time_at_the_end_of_all_numbers_is_one_like_any_other()
    {
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { MaxAttempts = 1 },
            null,
            ScriptedEngine.From((state, _) => ScriptedEngine.GiveUp("because"))
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { NotBefore = DateTimeOffset.MinValue, Deadline = DateTimeOffset.MaxValue });
        await roost.RunUntilDoneAsync(id);

        (await roost.WaitAsync(id, TimeSpan.MaxValue)).State.Should().Be(WorkState.Failed);
        (await roost.ListDeadLettersAsync(new() { FailedBefore = DateTimeOffset.MaxValue, FailedAfter = DateTimeOffset.MinValue }))
            .Items.Should()
            .ContainSingle();
        (await roost.ListDeadLettersAsync(new() { FailedAfter = DateTimeOffset.MaxValue })).Items.Should().BeEmpty();
        (await roost.PurgeAsync(new PurgeFilter(TimeSpan.MaxValue), dryRun: true)).Items.Should().Be(0);
    }

    [TestCase(-1L)]
    [TestCase(long.MinValue)]
    [TestCase(long.MaxValue)]
    [TestCase(TimeSpan.TicksPerDay * 3654)]
    public async Task A_delay_out_of_range_fails_its_step_and_saves_nothing_of_it(long ticks) =>
        await RefusedInStepAsync("after", (_, snapshot) => Outcome.Continue(snapshot.Next(1), TimeSpan.FromTicks(ticks)));

    private static Outcome Both(int state, StepContext context)
    {
        string name = context.Item.Engine;
        context.AddEvent(name[..Math.Min(100, name.Length)], name);
        return ScriptedEngine.Finish(state);
    }

    private static string Levels(int levels) => string.Concat(Enumerable.Repeat("{\"a\":", levels - 1)) + "{}" + new string('}', levels - 1);

    private static Outcome Ends(Snapshot snapshot, Action action)
    {
        action();
        return Outcome.Done(snapshot.Next(0));
    }

    /// <summary>The step is refused by this field; nothing of it is saved, and what comes after it runs.</summary>
    private static async Task RefusedInStepAsync(string field, Func<StepContext, Snapshot, Outcome> step)
    {
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { MaxAttempts = 1 },
            null,
            new RawEngine((snapshot, _, context) => step(context, snapshot)),
            ScriptedEngine.CountingTo(1)
        );
        WorkSummary ended = await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("raw")));
        (ended.State, ended.Version).Should().Be((WorkState.Failed, 1));
        ended.Error.Should().StartWith($"{field}: ");
        (await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("scripted")))).State.Should().Be(WorkState.Done);
        FileAudit.Count(roost.Path, "roost_artifact").Should().Be(0);
        FileAudit.MustAgree(roost.Path);
    }

    private static async Task<InvalidInputException> RefusedAsync(string field, Func<Task> call)
    {
        InvalidInputException refused = await Artifacts.ThrownByAsync<InvalidInputException>(call);
        refused.Field.Should().Be(field);
        refused.Message.Should().StartWith(field + ": ");
        refused.Message.Length.Should().BeLessThan(1000);
        return refused;
    }

    private sealed class TextEngine(string text) : Engine<string>
    {
        public override string EngineId => "text";

        protected override string Init(WorkItem item) => "";

        protected override Task<Outcome> StepAsync(string state, StepContext context) => Task.FromResult(Done(text));
    }
}
