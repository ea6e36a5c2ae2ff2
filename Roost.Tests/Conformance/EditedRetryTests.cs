using System.Collections.Immutable;
using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>A dead letter is retried from a state that somebody has given.</summary>
internal sealed class EditedRetryTests(StoreHost host) : ConformanceTests(host)
{
    private sealed record Plan(string Goal, ImmutableList<int> Seen, string? Token = null);

    /// <summary>Gives up while its goal is bad.</summary>
    private sealed class Planner(int shape = 1) : Engine<Plan>
    {
        public override string EngineId => "planner";

        public override int StateVersion => shape;

        protected override Plan Init(WorkItem item) => new(item.PayloadAs<Plan>().Goal, [1], "s3cret");

        protected override Task<Outcome> StepAsync(Plan state, StepContext context) =>
            Task.FromResult(state.Goal == "bad" ? Fail("The goal is bad.") : Done(state with { Seen = state.Seen.Add(context.Version) }));
    }

    private async Task<(RoostRuntime Roost, string Id)> FailedAsync(params IEngine[] engines)
    {
        RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), engines);
        string id = await roost.EnqueueAsync(new WorkItem("planner", new Plan("bad", [])));
        await using RoostRuntime runner = await BesideAsync(roost, new Planner());
        await runner.RunUntilIdleAsync();
        return (roost, id);
    }

    [Test]
    public async Task It_goes_on_from_the_next_version_and_an_event_says_what_changed()
    {
        (RoostRuntime roost, string id) = await FailedAsync(new Planner());
        await using RoostRuntime _ = roost;

        await roost.RetryAsync(id, JsonEdit.From(new Plan("good", [1, 5], "s3cret")), expectedVersion: 1, "the goal was mistyped");

        roost.EventsOf(id)[^2..].Should().Equal("edited", "retried");
        WorkEvent edited = roost.Events(EventKinds.Edited).Single();
        edited.Data!.Value.GetRawText().Should().Be(
            """{"version":2,"step":"init","changes":{"$.goal":{"from":"bad","to":"good"},"$.seen[1]":{"to":5}}}""");
        roost.Events(EventKinds.Retried).Single().Data!.Value.GetProperty("reason").GetString().Should().Be("the goal was mistyped");
        (await roost.GetAsync(id)).Should().BeEquivalentTo(new { Summary = new { State = WorkState.Queued, Version = 2, Step = "init" }, Failures = 0 });
        (await roost.GetSnapshotAsync(id, 1)).DataAs<Plan>().Goal.Should().Be("bad", "what was there stays in the history");
        await roost.RunUntilIdleAsync();
        Snapshot last = await roost.GetSnapshotAsync(id);
        (last.Version, last.DataAs<Plan>().Goal).Should().Be((3, "good"));
        last.DataAs<Plan>().Seen.Should().Equal(1, 5, 2);
        MustAgree(roost);
    }

    [Test]
    public async Task Json_text_is_read_as_the_engines_state_under_any_spelling_and_stored_as_the_engine_writes_it()
    {
        (RoostRuntime roost, string id) = await FailedAsync(new Planner());
        await using RoostRuntime _ = roost;

        await roost.RetryAsync(id, JsonEdit.FromJson("""{ "Seen": [7], "GOAL": "good" }"""));

        (await roost.GetSnapshotAsync(id)).Data.GetRawText().Should().Be("""{"goal":"good","seen":[7],"token":null}""");
    }

    [TestCase("""{"goal":"good","seen":[1],"budget":5}""", "budget")]
    [TestCase("""{"goal":"good","seen":["one"]}""", "$.seen[0]")]
    [TestCase("null", "is null")]
    [TestCase("""{"goal":""", "not acceptable JSON")]
    [TestCase("""{"goal":"a","goal":"b"}""", "duplicate")]
    [TestCase("[]", "cannot be read as")]
    public async Task A_state_that_is_none_of_the_engines_is_refused_and_nothing_is_written(string json, string says)
    {
        (RoostRuntime roost, string id) = await FailedAsync(new Planner());
        await using RoostRuntime _ = roost;
        string before = Host.Everything(roost);

        InvalidInputException refused = (
            await FluentActions.Awaiting(() => roost.RetryAsync(id, JsonEdit.FromJson(json))).Should().ThrowAsync<InvalidInputException>()
        ).Which;

        refused.Field.Should().Be("state");
        refused.Message.Should().ContainEquivalentOf(says);
        Host.Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task Too_large_a_state_is_refused()
    {
        (RoostRuntime roost, string id) = await FailedAsync(new Planner());
        await using RoostRuntime _ = roost;
        string large = JsonSerializer.Serialize(new { goal = new string('x', 5 * 1024 * 1024), seen = Array.Empty<int>() });
        await FluentActions
            .Awaiting(() => roost.RetryAsync(id, JsonEdit.FromJson(large)))
            .Should()
            .ThrowAsync<InvalidInputException>()
            .WithMessage("state: is *limit*");
    }

    [Test]
    public async Task Where_the_engine_is_not_registered_any_json_is_a_state_and_its_shape_stays()
    {
        (RoostRuntime roost, string id) = await FailedAsync();
        await using RoostRuntime _ = roost;

        await roost.RetryAsync(id, JsonEdit.FromJson("""{"goal":"good","seen":[],"what":"ever"}"""));

        Snapshot stored = await roost.GetSnapshotAsync(id);
        (stored.StateVersion, stored.Data.GetProperty("what").GetString()).Should().Be((1, "ever"));
        MustAgree(roost);
    }

    [Test]
    public async Task A_state_of_an_older_shape_stays_one_of_that_shape()
    {
        (RoostRuntime roost, string id) = await FailedAsync(new Planner(shape: 2));
        await using RoostRuntime _ = roost;

        await roost.RetryAsync(id, JsonEdit.FromJson("""{"old_goal":"good"}"""));

        (await roost.GetSnapshotAsync(id)).StateVersion.Should().Be(1);
    }

    [Test]
    public async Task Whoever_edits_another_version_than_there_is_is_told_so()
    {
        (RoostRuntime roost, string id) = await FailedAsync(new Planner());
        await using RoostRuntime _ = roost;
        var good = JsonEdit.From(new Plan("good", []));
        string before = Host.Everything(roost);

        await FluentActions
            .Awaiting(() => roost.RetryAsync(id, good, expectedVersion: 7))
            .Should()
            .ThrowAsync<ConflictException>()
            .WithMessage("*version 1, not 7*");
        await FluentActions.Awaiting(() => roost.RetryAsync(id, good, expectedVersion: -1)).Should().ThrowAsync<InvalidInputException>();
        await FluentActions.Awaiting(() => roost.RetryAsync("nobody", good)).Should().ThrowAsync<NotFoundException>();
        Host.Everything(roost).Should().Be(before);

        await roost.RetryAsync(id, good);
        await FluentActions.Awaiting(() => roost.RetryAsync(id, good)).Should().ThrowAsync<ConflictException>().WithMessage("*queued*");
    }

    [Test]
    public async Task Of_two_who_edit_at_once_one_wins()
    {
        (RoostRuntime roost, string id) = await FailedAsync(new Planner());
        await using RoostRuntime _ = roost;
        await using RoostRuntime other = await BesideAsync(roost);

        Task[] edits = [.. Enumerable.Range(0, 8).Select(i =>
            (i % 2 == 0 ? roost : other).RetryAsync(id, JsonEdit.FromJson($$"""{"goal":"good {{i}}","seen":[]}"""), expectedVersion: 1))];
        await Task.WhenAll(edits).ContinueWith(_ => { }, TaskScheduler.Default);

        edits.Count(edit => edit.IsCompletedSuccessfully).Should().Be(1);
        edits.Where(edit => edit.IsFaulted).Should().OnlyContain(edit => edit.Exception!.InnerException is ConflictException);
        (await roost.GetAsync(id)).Summary.Version.Should().Be(2);
        MustAgree(roost);
    }

    [Test]
    public async Task An_item_without_a_first_state_gets_it_where_its_engine_is_known()
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 1 }, TestRuntime.Clock(), new Planner());
        string id = await roost.EnqueueAsync(new WorkItem("planner", new { goal = 5 }));
        await roost.RunUntilIdleAsync();
        (await roost.GetDeadLetterAsync(id)).Item.Version.Should().Be(0);
        await using RoostRuntime stranger = await BesideAsync(roost);
        await FluentActions
            .Awaiting(() => stranger.RetryAsync(id, JsonEdit.From(new Plan("good", []))))
            .Should()
            .ThrowAsync<InvalidInputException>()
            .WithMessage("state: *engine \"planner\" is not registered*");

        await roost.RetryAsync(id, JsonEdit.From(new Plan("good", [])), expectedVersion: 0);
        await roost.RunUntilIdleAsync();

        Snapshot last = await roost.GetSnapshotAsync(id);
        (last.Version, last.DataAs<Plan>().Goal).Should().Be((2, "good"));
        MustAgree(roost);
    }

    [Test]
    public async Task What_the_event_says_is_bounded()
    {
        (RoostRuntime roost, string id) = await FailedAsync(new Planner());
        await using RoostRuntime _ = roost;

        await roost.RetryAsync(id, JsonEdit.From(new Plan(new string('g', 100_000), [.. Enumerable.Range(0, 1000)])));

        JsonElement told = roost.Events(EventKinds.Edited).Single().Data!.Value;
        told.GetRawText().Length.Should().BeLessThan(10_000);
        told.GetProperty("changes").EnumerateObject().Count().Should().Be(50);
        told.GetProperty("changes_left_out").GetInt32().Should().Be(1002 - 50, "the goal, the token, the first place and 999 more");
        told.GetProperty("changes").GetProperty("$.goal").GetProperty("to").GetString().Should().HaveLength(201).And.EndWith("…");
    }

    [Test]
    public async Task Its_history_is_trimmed_as_after_any_step()
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { HistoryFirst = 1, HistoryLast = 1 }, TestRuntime.Clock(), new Planner());
        string id = await roost.EnqueueAsync(new WorkItem("planner", new Plan("bad", [])));
        for (int i = 0; i < 3; i++)
        {
            await roost.RunUntilIdleAsync();
            await roost.RetryAsync(id, JsonEdit.From(new Plan("bad", [i])));
        }
        (await roost.ListHistoryAsync(id)).Select(version => version.Version).Should().Equal(1, 4);
        MustAgree(roost);
    }
}
