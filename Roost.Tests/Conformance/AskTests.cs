using System.Text.Json;
using Roost.Tests.Support;
using Roost.Writing;

namespace Roost.Tests.Conformance;

/// <summary>Questions to people: asked once, answered once, and told to the step that waits.</summary>
internal sealed class AskTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private enum Size
    {
        Small,
        Large,
    }

    private sealed record Approval(bool Approved, Size Size, int? Count = null, string? Note = null);

    /// <summary>Asks once, and is done with what woke it as an event.</summary>
    private static ScriptedEngine Asker(Ask ask, TimeSpan? within = null, params string[] signals) => ScriptedEngine.From((state, context) =>
    {
        if (state == 0)
        {
            context.AddArtifactText("plan.md", "# Plan");
            return Outcome.WaitFor(1, new Wait { Ask = ask, Timeout = within, Signals = signals });
        }
        Wake wake = context.Wake!;
        context.AddEvent("woken_by", new { kind = wake.Kind.ToString(), wake.Answer?.By, wake.Answer?.Comment, wake.Answer?.Value });
        return ScriptedEngine.Finish(2);
    });

    private static Ask Approve => Ask.Of<Approval>("Delete **3** files?") with { For = "ops", Artifacts = ["plan.md"] };

    private static async Task<AskInfo> OpenAskAsync(RoostRuntime roost) => (await roost.ListAsksAsync()).Items.Single();

    private static string? WokenBy(RoostRuntime roost, string id) => roost.EventData(id, "engine.woken_by");

    [Test]
    public async Task A_question_is_open_until_a_person_answers_and_the_step_is_told()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Asker(Approve, 2 * Day));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();

        AskInfo ask = await OpenAskAsync(roost);
        ask.Should().BeEquivalentTo(new
        {
            WorkId = id,
            Engine = "scripted",
            Queue = "default",
            Question = "Delete **3** files?",
            For = "ops",
            Artifacts = new[] { "plan.md" },
            AskedAt = TestRuntime.Start,
            Until = TestRuntime.Start + (2 * Day),
            State = AskState.Open,
        });
        roost.Detail(id).Situation.Should().StartWith($"waiting for an answer to question {ask.Id} until 2026-01-03 00:00:00Z");
        clock.Advance(Day);
        (await roost.AnswerAsync(ask.Id, new { approved = true, size = "large" }, "someone", "go ahead")).Should().Be(new AnswerResult(id, true));
        await roost.RunUntilDoneAsync(id).Soon();

        WokenBy(roost, id).Should().Be("""{"kind":"Answer","by":"someone","comment":"go ahead","value":{"approved":true,"size":"large"}}""");
        roost.EventData(id, EventKinds.Answered).Should().Contain(ask.Id).And.Contain("someone");
        (await roost.ListAsksAsync()).Items.Should().BeEmpty();
        AskInfo closed = await roost.GetAskAsync(ask.Id);
        (closed.State, closed.ClosedAt, closed.Until, closed.Answer!.By, closed.Answer.As<Approval>()).Should()
            .Be((AskState.Answered, TestRuntime.Start + Day, null, "someone", new Approval(true, Size.Large)));
        (await roost.ListAsksAsync(new() { WorkId = id })).Items.Select(one => one.Id).Should().Equal(ask.Id);
        MustAgree(roost);
    }

    [Test]
    public async Task The_schema_is_that_of_the_type_and_says_which_member_does_not_fit()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Asker(Approve));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        AskInfo ask = await OpenAskAsync(roost);
        ask.Schema.GetRawText().Should().Be(
            """{"type":"object","properties":{"approved":{"type":"boolean"},"size":{"enum":["small","large"]},"count":""" +
            """{"type":["integer","null"],"default":null,"minimum":-2147483648,"maximum":2147483647},"note":""" +
            """{"type":["string","null"],"default":null}},"required":["approved","size"]}""");
        string before = Host.Everything(roost);

        foreach ((object? value, string field, string rule) in (IEnumerable<(object?, string, string)>)[
            (null, "value", "is null where an object is expected"),
            (new { size = "small" }, "value.approved", "is missing"),
            (new { approved = "yes", size = "small" }, "value.approved", "is a text where true or false is expected"),
            (new { approved = true, size = "medium" }, "value.size", "must be one of \"small\", \"large\""),
            (new { approved = true, size = "small", count = 1.5 }, "value.count", "is a number with a point or an exponent where a whole number or null is expected"),
            (new { approved = true, size = "small", count = 1.0m }, "value.count", "is a number with a point or an exponent where a whole"),
            (new { approved = true, size = "small", count = 3_000_000_000 }, "value.count", "must be at most 2147483647")])
        {
            InvalidInputException e = (await FluentActions.Awaiting(() => roost.AnswerAsync(ask.Id, value, "someone")).Should()
                .ThrowAsync<InvalidInputException>()).Which;
            (e.Field, e.Message).Should().Be((field, e.Message));
            e.Message.Should().Contain(rule);
        }
        await FluentActions.Awaiting(() => roost.AnswerAsync(ask.Id, new Approval(true, Size.Small), "")).Should().ThrowAsync<InvalidInputException>()
            .Where(e => e.Field == "by");
        await FluentActions.Awaiting(() => roost.AnswerAsync("none", 1, "someone")).Should().ThrowAsync<NotFoundException>();
        Host.Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task Of_many_answers_at_once_one_is_accepted_and_the_others_learn_whose()
    {
        const int Answers = 64;
        await using RoostRuntime roost = await OpenAsync(clock: null, Asker(new Ask("Which number?")));
        await using RoostRuntime beside = await BesideAsync(roost);
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        AskInfo ask = await OpenAskAsync(roost);

        var results = await Task.WhenAll(Enumerable.Range(0, Answers).Select(n => Task.Run(async () =>
        {
            try
            {
                return (Result: (AnswerResult?)await (n % 2 == 0 ? roost : beside).AnswerAsync(ask.Id, n, $"person {n}"), Closed: (AskClosedException?)null);
            }
            catch (AskClosedException e)
            {
                return (null, e);
            }
        })));

        results.Count(one => one.Result is { Created: true }).Should().Be(1);
        Answer winner = (await roost.GetAskAsync(ask.Id)).Answer!;
        results.Where(one => one.Closed is not null).Should().HaveCount(Answers - 1).And.OnlyContain(one =>
            one.Closed!.Ask.Answer!.By == winner.By && one.Closed.Message.Contains(winner.By) && one.Closed.Message.Contains(winner.Value.GetRawText()));
        await roost.RunUntilDoneAsync(id).Soon();
        WokenBy(roost, id).Should().Contain(winner.By);
        roost.Events(EventKinds.Answered).Should().HaveCount(1);
        MustAgree(roost);
    }

    [Test]
    public async Task The_same_answer_by_the_same_person_again_is_no_error()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Asker(new Ask("Yes?")));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        AskInfo ask = await OpenAskAsync(roost);
        await roost.AnswerAsync(ask.Id, true, "someone");

        (await roost.AnswerAsync(ask.Id, true, "someone")).Should().Be(new AnswerResult(id, false));
        await FluentActions.Awaiting(() => roost.AnswerAsync(ask.Id, false, "someone")).Should().ThrowAsync<AskClosedException>().WithMessage("*someone*true*");
        await FluentActions.Awaiting(() => roost.WithdrawAskAsync(ask.Id, "someone")).Should().ThrowAsync<AskClosedException>();
    }

    [Test]
    public async Task A_withdrawn_question_wakes_its_item_which_is_told_so()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Asker(Approve));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        AskInfo ask = await OpenAskAsync(roost);

        await roost.WithdrawAskAsync(ask.Id, "someone", "not needed any more");
        await roost.RunUntilDoneAsync(id).Soon();

        WokenBy(roost, id).Should().Contain("Withdrawn");
        AskInfo closed = await roost.GetAskAsync(ask.Id);
        (closed.State, closed.WithdrawnBy, closed.Answer).Should().Be((AskState.Withdrawn, "someone", null));
        await FluentActions.Awaiting(() => roost.AnswerAsync(ask.Id, new Approval(true, Size.Small), "other")).Should().ThrowAsync<AskClosedException>()
            .WithMessage("*withdrawn by someone*");
        MustAgree(roost);
    }

    [Test]
    public async Task A_late_answer_is_refused_whoever_notices_first()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Asker(Approve, Day));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        AskInfo ask = await OpenAskAsync(roost);
        clock.Advance(Day);

        await FluentActions.Awaiting(() => roost.AnswerAsync(ask.Id, new Approval(true, Size.Small), "late")).Should().ThrowAsync<AskClosedException>()
            .WithMessage("*time is over*");
        await roost.RunUntilDoneAsync(id).Soon();

        WokenBy(roost, id).Should().Contain("Timeout");
        (await roost.GetAskAsync(ask.Id)).State.Should().Be(AskState.Expired);
        MustAgree(roost);
    }

    [Test]
    public async Task What_else_wakes_or_ends_the_item_closes_its_question()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Asker(Approve, null, "stop"));
        string signalled = await roost.EnqueueAsync(new WorkItem("scripted") { Id = "signalled", Priority = 1 });
        string cancelled = await roost.EnqueueAsync(new WorkItem("scripted") { Id = "cancelled" });
        await roost.RunUntilIdleAsync();
        IReadOnlyList<AskInfo> asks = (await roost.ListAsksAsync()).Items;
        asks.Select(ask => ask.WorkId).Should().BeEquivalentTo(signalled, cancelled);

        await roost.SignalAsync(signalled, "stop");
        await roost.CancelAsync(cancelled);

        foreach (AskInfo ask in asks)
            await FluentActions.Awaiting(() => roost.AnswerAsync(ask.Id, new Approval(true, Size.Small), "late")).Should().ThrowAsync<AskClosedException>()
                .WithMessage("*went on or ended*");
        (await roost.ListAsksAsync()).Items.Should().BeEmpty();
        MustAgree(roost);
    }

    [Test]
    public async Task A_retry_of_the_wait_opens_the_same_question_again()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, Asker(Approve, 3 * Day));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Deadline = TestRuntime.Start + Day });
        await roost.RunUntilIdleAsync();
        AskInfo ask = await OpenAskAsync(roost);
        clock.Advance(Day);
        await roost.RunUntilIdleAsync();
        (await roost.GetAskAsync(ask.Id)).State.Should().Be(AskState.Closed);

        await roost.RetryAsync(id);

        AskInfo again = await OpenAskAsync(roost);
        (again.Id, again.Until).Should().Be((ask.Id, clock.GetUtcNow() + (3 * Day)));
        await roost.AnswerAsync(ask.Id, new Approval(false, Size.Small), "someone");
        await roost.RunUntilDoneAsync(id).Soon();
        MustAgree(roost);
    }

    [Test]
    public async Task The_inbox_goes_by_pages_and_for_whom_it_is()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((_, context) =>
        {
            string? of = context.Item.Payload.TryGetProperty("of", out JsonElement name) ? name.GetString() : null;
            return Outcome.WaitFor(1, new Wait { Ask = new Ask($"Question of {context.Item.Id}") { For = of } });
        }));
        string?[] names = ["a", null, "b", "a", "b", null, "a"];
        for (int n = 0; n < names.Length; n++)
        {
            await roost.EnqueueAsync(new WorkItem("scripted", names[n] is { } of ? new { of } : null) { Id = $"item {n}" });
            await roost.RunUntilIdleAsync(); // Side by side they would ask in any order.
        }

        (await AllAsync(new())).Should().Equal(0, 1, 2, 3, 4, 5, 6);
        (await AllAsync(new() { For = "a" })).Should().Equal(0, 1, 3, 5, 6);
        (await AllAsync(new() { For = "nobody" })).Should().Equal(1, 5);
        (await AllAsync(new() { Engine = "other" })).Should().BeEmpty();
        (await AllAsync(new() { Engine = "scripted", For = "b" })).Should().Equal(1, 2, 4, 5);
        AskInfo first = (await roost.ListAsksAsync(limit: 1)).Items[0];
        (await roost.FindAskIdsAsync(first.Id[^8..])).Should().Equal(first.Id);
        MustAgree(roost);

        async Task<List<int>> AllAsync(AskFilter filter)
        {
            var all = new List<int>();
            string? cursor = null;
            do
            {
                Page<AskInfo> page = await roost.ListAsksAsync(filter, 2, cursor);
                page.Items.Count.Should().BeLessThanOrEqualTo(2);
                all.AddRange(page.Items.Select(ask => int.Parse(ask.WorkId[5..])));
                cursor = page.Next;
            }
            while (cursor is not null);
            return all;
        }
    }

    [TestCaseSource(nameof(BadAsks))]
    public async Task A_question_that_is_none_is_final_and_told_by_its_field(Ask ask, string field)
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), Asker(ask));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        roost.Detail(id).Summary.Should().BeEquivalentTo(new { State = WorkState.Failed, FailReason = FailReasons.InvalidStep });
        roost.Detail(id).Summary.Error.Should().StartWith(field);
        (await roost.ListAsksAsync()).Items.Should().BeEmpty();
        MustAgree(roost);
    }

    private sealed record Node(int Value, Node? Next);

    private static IEnumerable<TestCaseData> BadAsks() =>
    [
        new(new Ask(" "), "Question"),
        new(new Ask(new string('q', 10_001)), "Question"),
        new(new Ask("?") { For = "" }, "For"),
        new(new Ask("?") { Artifacts = ["none.md"] }, "Artifacts"),
        new(new Ask("?") { Artifacts = ["../x"] }, "Artifacts[0]"),
        new(new Ask("?") { Schema = Json("""{"type":"number","multipleOf":2}""") }, "Schema"),
        new(new Ask("?") { Schema = Json("""{"properties":{"a":{"oneOf":[]}}}""") }, "Schema"),
        new(new Ask("?") { Schema = Json("""{"type":"text"}""") }, "Schema"),
        new(new Ask("?") { Schema = Json("[]") }, "Schema"),
        new(Ask.Of<Node>("?"), "Schema"),
    ];

    [TestCase("""{"type":"integer","minimum":1,"maximum":3}""", "2", null)]
    [TestCase("""{"type":"integer","minimum":1,"maximum":3}""", "4", "is 4; it must be at most 3")]
    [TestCase("""{"type":"integer"}""", "2.0", "is a number with a point or an exponent where a whole number is expected")]
    [TestCase("""{"type":"number","exclusiveMinimum":0}""", "0", "is 0; it must be more than 0")]
    [TestCase("""{"type":"number","maximum":10}""", "1e300", "is 1e300; it must be at most 10")]
    [TestCase("""{"type":"string","minLength":1}""", "\"\"", "is empty")]
    [TestCase("""{"type":"string","maxLength":2}""", "\"abc\"", "is 3 characters long; the limit is 2")]
    [TestCase("""{"type":"string","format":"date"}""", "\"2026-02-30\"", "is \"2026-02-30\", which is no date")]
    [TestCase("""{"type":"array","items":{"type":"boolean"},"maxItems":1}""", "[true,true]", "has 2 items; the limit is 1")]
    [TestCase("""{"type":"array","items":{"type":"boolean"}}""", "[true,1]", "is a number where true or false is expected")]
    [TestCase("""{"type":"object","properties":{},"additionalProperties":false}""", "{\"x\":1}", "is no member of the answer")]
    [TestCase("""{"type":"string","nullable":true}""", "null", null)]
    [TestCase("""{"const":{"a":[1]}}""", "{\"a\":[1]}", null)]
    [TestCase("""{"const":1}""", "2", "is 2; it must be 1")]
    [TestCase("""true""", "{\"any\":[]}", null)]
    public void A_value_fits_its_schema_or_breaks_a_rule_of_it(string schema, string value, string? rule)
    {
        JsonElement its = Json(schema);
        AnswerSchema.Checked("Schema", its);
        AnswerSchema.FirstMisfit(its, Json(value))?.Rule.Should().Be(rule);
        (AnswerSchema.FirstMisfit(its, Json(value)) is null).Should().Be(rule is null);
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
