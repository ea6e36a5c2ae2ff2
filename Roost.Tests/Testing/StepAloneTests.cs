using System.Text.Json;
using Roost.Samples;
using Roost.Samples.Approval;
using Roost.Samples.Demo;
using Roost.Samples.Fanout;
using Roost.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>One step of an engine alone, from a chosen state.</summary>
[TestFixture]
internal sealed class StepAloneTests
{
    [Test]
    public async Task A_first_state_is_made_of_an_item()
    {
        StepResult<DemoState> first = await new DemoEngine().InitAsync(new WorkItem("demo", new { count_to = 5 }));

        first.State.Should().Be(new DemoState(new DemoPayload(CountTo: 5), 0));
        (first.Kind, first.Step, first.Snapshot!.Version).Should().Be((OutcomeKind.Continue, "init", 1));
    }

    [Test]
    public async Task What_a_step_says_stands_in_its_result()
    {
        StepResult<int> said = await Saying().StepAsync(1);

        said.Streams.Should().BeEquivalentTo(new Dictionary<string, string> { ["tokens"] = "one two", ["other"] = "3" });
        said.Progress!.ToString().Should().Be("50 %, half");
    }

    [Test]
    public async Task What_a_step_says_is_no_difference_between_its_tries()
    {
        VerificationReport report = await EngineVerifier.VerifyAsync(Saying, new WorkItem("scripted"));

        report.Findings.Should().BeEmpty();
    }

    private static ScriptedEngine Saying() => new(async (state, context) =>
    {
        await using StepStream tokens = context.OpenStream("tokens");
        tokens.Write("one ");
        tokens.Write("two");
        await tokens.FlushAsync();
        context.OpenStream("other").Write("3");
        context.Report(0.1);
        context.Report(0.5, "half");
        return ScriptedEngine.Finish(state + 1);
    });

    [Test]
    public async Task A_step_goes_on_from_the_state_that_it_is_given()
    {
        var engine = new DemoEngine();
        var payload = new DemoPayload("hello", CountTo: 3, DelaySeconds: 1.5);

        StepResult<DemoState> next = await engine.StepAsync(new DemoState(payload, 1));
        StepResult<DemoState> last = await engine.StepAsync(next.State!, new() { Now = new(2031, 2, 3, 0, 0, 0, TimeSpan.Zero), Version = 3 });

        (next.Kind, next.State!.Count, next.After, next.Step).Should().Be((OutcomeKind.Continue, 2, TimeSpan.FromSeconds(1.5), "count"));
        next.Artifacts.Should().BeEmpty();
        (last.Kind, last.State!.Count, last.Snapshot!.Version).Should().Be((OutcomeKind.Done, 3, 4));
        AddedArtifact artifact = last.Artifacts.Should().ContainSingle().Which;
        (artifact.Name, artifact.Kind, artifact.MediaType).Should().Be(("count.json", ArtifactKind.Json, "application/json"));
        JsonDocument.Parse(artifact.Text!).RootElement.GetProperty("finished_at").GetDateTimeOffset().Should().Be(new(2031, 2, 3, 0, 0, 0, TimeSpan.Zero));
    }

    [Test]
    public async Task A_question_is_looked_at_and_answered()
    {
        var engine = new ApprovalEngine();
        var state = new CleanUp(["a", "b"]);

        StepResult<CleanUp> asked = await engine.StepAsync(state);
        StepResult<CleanUp> answered = await engine.StepAsync(state, new() { Wake = Woken.ByAnswer(new Decision(true, "old"), by: "ann") });
        StepResult<CleanUp> late = await engine.StepAsync(state, new() { Wake = Woken.ByTimeout() });
        StepResult<CleanUp> withdrawn = await engine.StepAsync(state, new() { Wake = Woken.ByWithdrawal() });

        (asked.Kind, asked.Wait!.Timeout).Should().Be((OutcomeKind.Wait, TimeSpan.FromDays(2)));
        asked.Wait.Ask!.Question.Should().Be("Delete **2 files**? The plan is attached.");
        asked.Wait.Ask.Schema!.Value.GetProperty("properties").TryGetProperty("delete", out _).Should().BeTrue();
        asked.Artifacts.Should().ContainSingle().Which.Text.Should().Contain("- a\n- b");
        answered.State!.Result.Should().Be("deleted, as ann has decided: old");
        late.State!.Result.Should().Be("kept: nobody has answered in time");
        withdrawn.State!.Result.Should().Be("kept: the question was withdrawn");
    }

    [Test]
    public async Task A_signal_wakes_and_others_lie_in_the_mailbox()
    {
        StepResult<Order> paid = await new OrderEngine().StepAsync(new Order(20, 10), new() { Wake = Woken.BySignal("payment", new Payment(10)) });
        StepResult<Kept> taken = await new OneStep((kept, context) =>
        {
            int of = context.TakeSignals("b").Single().PayloadAs<Kept>().N;
            return Outcome.Done(kept with { N = (of * 10) + context.TakeSignals().Count });
        }).StepAsync(new Kept(), new() { Signals = [new("a"), new("b", new Kept(7)), new("c")] });

        (paid.Kind, paid.State).Should().Be((OutcomeKind.Done, new Order(20, 20)));
        (taken.State!.N, taken.SignalsTaken).Should().Be((72, 3));
    }

    [Test]
    public async Task Children_are_looked_at_and_read()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["a.md"], "a");
        string path = Path.GetDirectoryName(folder["a.md"])!;
        var engine = new FolderEngine();

        StepResult<FolderState> spread = await engine.StepAsync(new FolderState(path));
        StepResult<FolderState> joined = await engine.StepAsync(new FolderState(path, Files: 3), new()
        {
            Wake = Woken.ByChildren(),
            Children =
            [
                new("file") { Data = new FileState(folder["a.md"], ".md", Lines: 4, Words: 9, Title: "A") },
                new("file") { State = WorkState.Failed, Error = "It is locked.", Data = new FileState(folder["b.md"]) },
                new("file") { State = WorkState.Queued },
            ],
        });

        WorkItem child = spread.Children.Should().ContainSingle().Which;
        (child.Engine, child.PayloadAs<Folder>().Path, child.MaxAttempts, child.ParentId).Should().Be(("file", folder["a.md"], 2, "item"));
        Guid.TryParse(child.Id, out _).Should().BeTrue();
        spread.Wait!.Children!.IsAll.Should().BeTrue();
        joined.State!.Unreadable.Should().Be(2);
        joined.Artifacts.Single().Text.Should().Contain("- `a.md`: 4 lines (*A*)").And.Contain("- `b.md`: It is locked.").And.Contain("- child-3: queued");
    }

    [Test]
    public async Task The_children_that_have_newly_ended_are_those_that_have_ended()
    {
        StepResult<Kept> result = await new OneStep(async (kept, context) =>
        {
            int n = 0;
            await foreach (Child<Kept> child in context.ChildrenAsync<Kept>(ChildScope.NewlyEnded)) n += child.Data!.N;
            return Outcome.Done(kept with { N = n, Text = $"{context.Wake!.Children!.NewlyEnded} {context.Wake.Children.Open}" });
        }).StepAsync(new Kept(), new()
        {
            Wake = Woken.ByChildren(),
            Children = [new("one") { Data = new Kept(1) }, new("other") { Data = new Kept(2) }, new("one") { State = WorkState.Queued }],
        });

        result.State.Should().Be(new Kept(3, "2 1"));
    }

    [Test]
    public async Task Try_times_and_the_rest_of_the_circumstances_are_what_was_said()
    {
        StepResult<Kept> result = await new OneStep(async (kept, context) =>
        {
            using var reader = new StreamReader(await context.OpenArtifactAsync("plan.md"));
            context.AddEvent("seen", new { plan = await reader.ReadToEndAsync() });
            context.Signal("somebody", "go", new { n = 1 });
            context.AddArtifactUri("elsewhere", new("https://example.com/a"));
            string why = $"{context.Attempt} {context.RetryAfters} {context.Interruptions} {context.Version} {context.Item.Id}";
            return Outcome.RetryAfter(TimeSpan.FromSeconds(3), why);
        }).StepAsync(new Kept(), new()
        {
            Item = new WorkItem("one") { Id = "seven" },
            Artifacts = new Dictionary<string, string> { ["plan.md"] = "# Plan" },
            Attempt = 3,
            RetryAfters = 4,
            Interruptions = 2,
            Version = 9,
        });

        (result.Kind, result.After, result.Reason).Should().Be((OutcomeKind.RetryAfter, TimeSpan.FromSeconds(3), "3 4 2 9 seven"));
        (result.State, result.Events.Count, result.Signals.Count).Should().Be((null, 0, 0), "what a step has added is dropped where nothing is saved");
    }

    [Test]
    public async Task What_a_step_has_added_is_there()
    {
        StepResult<Kept> result = await new OneStep(async (kept, context) =>
        {
            context.AddEvent("seen", new { n = 1 });
            context.Signal("somebody", "go", new { n = 2 });
            context.AddArtifactUri("elsewhere", new("https://example.com/a"));
            await context.AddArtifactAsync("streamed.bin", new MemoryStream([1, 2, 3]));
            return Outcome.Fail(kept, "It is enough.");
        }).StepAsync(new Kept());

        (result.Kind, result.Reason, result.Step).Should().Be((OutcomeKind.Fail, "It is enough.", "failed"));
        result.Events.Single().Should().Match<AddedEvent>(one => one.Kind == "seen" && one.Data!.Value.GetRawText() == "{\"n\":1}");
        result.Signals.Single().Should().Match<AddedSignal>(one => one.WorkId == "somebody" && one.Name == "go" && one.Payload.GetRawText() == "{\"n\":2}");
        result.Artifacts.Select(one => (one.Name, one.Uri, one.Content.HasValue, one.Sha256?[..8]))
            .Should().Equal(("elsewhere", "https://example.com/a", false, null), ("streamed.bin", null, false, "039058c6"));
    }

    [Test]
    public async Task One_seed_gives_one_key_and_another_version_another()
    {
        var engine = new OneStep((kept, context) => Outcome.Done(kept with { Text = context.IdempotencyKey }));

        StepResult<Kept> one = await engine.StepAsync(new Kept()), again = await engine.StepAsync(new Kept());
        StepResult<Kept> later = await engine.StepAsync(new Kept(), new() { Version = 2 }), other = await engine.StepAsync(new Kept(), new() { Seed = 1 });

        one.State!.Text.Should().Be(one.IdempotencyKey).And.Be(again.State!.Text).And.MatchRegex("^[0-9a-f]{32}$");
        new[] { one.IdempotencyKey, later.IdempotencyKey, other.IdempotencyKey }.Should().OnlyHaveUniqueItems();
    }

    [Test]
    public async Task What_the_engine_throws_is_thrown_and_what_a_loop_refuses_is_refused()
    {
        var throwing = new OneStep((Func<Kept, StepContext, Outcome>)((_, _) => throw new IOException("no")));
        var negative = new OneStep((kept, _) => Outcome.Continue(kept, TimeSpan.FromSeconds(-1)));
        var idle = new OneStep((Func<Kept, StepContext, Outcome>)((_, _) => null!));

        await throwing.Awaiting(engine => engine.StepAsync(new Kept())).Should().ThrowAsync<IOException>().WithMessage("no");
        await negative.Awaiting(engine => engine.StepAsync(new Kept())).Should().ThrowAsync<InvalidInputException>().WithMessage("after: *");
        await idle.Awaiting(engine => engine.StepAsync(new Kept())).Should().ThrowAsync<InvalidInputException>().WithMessage("StepAsync: is null*");
        await new PrivateSetter().Awaiting(engine => engine.StepAsync(new())).Should().ThrowAsync<InvalidInputException>().WithMessage("state: *private*");
        await idle.Awaiting(engine => engine.StepAsync(new Kept(), new() { Item = new("two") })).Should().ThrowAsync<InvalidInputException>()
            .WithMessage("Item: is for engine \"two\", and this is \"one\".");
    }

    [Test]
    public async Task A_step_can_be_told_to_stop()
    {
        var engine = new OneStep((kept, context) =>
        {
            context.CancellationToken.WaitHandle.WaitOne(TimeSpan.FromSeconds(30)).Should().BeTrue();
            return Outcome.Done(kept with { Text = context.CancellationReason.ToString() });
        });

        (await engine.StepAsync(new Kept(), new() { Cancelled = CancellationReason.Cancelled })).State!.Text.Should().Be("Cancelled");
    }

    [Test]
    public async Task An_engine_on_raw_snapshots_steps_as_well()
    {
        var engine = new RawEngineAlone();

        StepResult first = await engine.InitRawAsync();
        StepResult next = await engine.StepRawAsync(first.Snapshot!.Data);

        next.Snapshot!.Data.GetRawText().Should().Be("{\"n\":1}");
    }

    private sealed class RawEngineAlone : IEngine
    {
        public string EngineId => "raw";

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => Task.FromResult(Snapshot.First(item, new { n = 0 }));

        public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context) =>
            Task.FromResult(Outcome.Done(snapshot.Next(new { n = snapshot.Data.GetProperty("n").GetInt32() + 1 })));
    }
}
