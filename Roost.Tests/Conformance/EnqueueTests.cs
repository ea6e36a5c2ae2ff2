using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

internal sealed class EnqueueTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task The_answer_says_the_id_and_that_it_was_created()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());

        EnqueueResult result = await roost.EnqueueAsync(new WorkItem("scripted", new { checks_required = 3 }));

        result.Created.Should().BeTrue();
        Guid.Parse(result.Id).Version.Should().Be(7);
        roost.Detail(result).Payload.GetRawText().Should().Be("""{"checks_required":3}""");
        roost.EventsOf(result).Should().Equal("enqueued");
    }

    [Test]
    public async Task An_own_id_is_kept_and_a_duplicate_is_refused()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        ((string)await roost.EnqueueAsync(new WorkItem("scripted") { Id = "mine" })).Should().Be("mine");
        (await roost.Invoking(it => it.EnqueueAsync(new WorkItem("other") { Id = "mine" })).Should().ThrowAsync<ConflictException>())
            .Which.Message.Should()
            .Contain("mine");

        roost.Totals().Total.Should().Be(1);
        MustAgree(roost);
    }

    [Test]
    public async Task Nothing_among_many_is_refused_by_its_place()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await roost.Awaiting(it => it.EnqueueAsync([new WorkItem("e"), null!])).Should().ThrowAsync<InvalidInputException>())
            .Which.Field.Should()
            .Be("items[1]");

        roost.Totals().Total.Should().Be(0);
    }

    [Test]
    public async Task The_same_key_with_the_same_payload_is_the_same_item()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        EnqueueResult first = await roost.EnqueueAsync(Keyed(WorkItem.FromJson("scripted", """{"a": 1, "b": [1, 2]}""")));

        EnqueueResult again = await roost.EnqueueAsync(Keyed(WorkItem.FromJson("scripted", """{ "b":[1,2],"a":1 }""")));

        again.Should().Be(new EnqueueResult(first.Id, false), "neither order nor white space make another payload");
        roost.EventsOf(first).Should().Equal("enqueued");
    }

    [Test]
    public async Task The_same_key_with_another_payload_is_refused()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        string first = await roost.EnqueueAsync(Keyed(new WorkItem("scripted", new { a = 1 })));

        (await roost.Invoking(it => it.EnqueueAsync(Keyed(new WorkItem("scripted", new { a = 2 })))).Should().ThrowAsync<ConflictException>())
            .Which.Message.Should().Contain("the-key").And.Contain(first);
    }

    [Test]
    public async Task A_key_belongs_to_its_engine()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await roost.EnqueueAsync(Keyed(new WorkItem("one")))).Created.Should().BeTrue();
        (await roost.EnqueueAsync(Keyed(new WorkItem("two")))).Created.Should().BeTrue();
    }

    [Test]
    public async Task A_key_holds_after_the_item_is_done()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(Keyed(new WorkItem("scripted")));
        await roost.RunUntilDoneAsync(id).Soon();

        (await roost.EnqueueAsync(Keyed(new WorkItem("scripted")))).Should().Be(new EnqueueResult(id, false));
    }

    [Test]
    public async Task A_key_with_an_id_of_another_item_is_refused()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync(Keyed(new WorkItem("scripted") { Id = "one" }));

        (await roost.EnqueueAsync(Keyed(new WorkItem("scripted") { Id = "one" }))).Created.Should().BeFalse();
        await roost.Invoking(it => it.EnqueueAsync(Keyed(new WorkItem("scripted") { Id = "two" }))).Should().ThrowAsync<ConflictException>();
    }

    [Test]
    public async Task A_thousand_callers_with_one_key_make_one_item()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await using RoostRuntime beside = await BesideAsync(roost);

        EnqueueResult[] results = await Task.WhenAll(
                Enumerable
                    .Range(0, 1000)
                    .Select(i => Task.Run(() => (i % 2 == 0 ? roost : beside).EnqueueAsync(Keyed(new WorkItem("scripted", new { a = 1 })))))
            )
            .Soon();

        results.Select(result => result.Id).Distinct().Should().HaveCount(1);
        results.Count(result => result.Created).Should().Be(1);
        roost.Totals().Total.Should().Be(1);
    }

    [Test]
    public async Task A_batch_is_answered_in_order()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        IReadOnlyList<EnqueueResult> results = await roost.EnqueueAsync([
            new WorkItem("a") { Id = "1" },
            Keyed(new WorkItem("a") { Id = "2" }),
            Keyed(new WorkItem("a")),
            new WorkItem("a") { Id = "3" },
        ]);

        results.Should().Equal(new EnqueueResult("1", true), new EnqueueResult("2", true), new EnqueueResult("2", false), new EnqueueResult("3", true));
    }

    [Test]
    public async Task A_batch_is_all_or_nothing()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "taken" });

        await roost
            .Invoking(it => it.EnqueueAsync([new WorkItem("fresh-lane"), new WorkItem("scripted") { Id = "taken" }]))
            .Should()
            .ThrowAsync<ConflictException>();
        await roost.Invoking(it => it.EnqueueAsync([new WorkItem("scripted"), new WorkItem("")])).Should().ThrowAsync<InvalidInputException>();

        roost.Totals().Total.Should().Be(1);
        roost.Events().Should().ContainSingle();
        (await roost.EnqueueAsync(new WorkItem("fresh-lane"))).Created.Should().BeTrue("what was rolled back is not remembered either");
        roost.Totals().Total.Should().Be(2);
    }

    [Test]
    public async Task A_refused_item_leaves_its_neighbours_in_the_same_transaction_alone()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "taken" });
        IDisposable held = Host.HoldWrites(roost);
        Task<EnqueueResult> before = roost.EnqueueAsync(new WorkItem("scripted") { Id = "before" });
        Task<EnqueueResult> refused = roost.EnqueueAsync(new WorkItem("scripted") { Id = "taken" });
        Task<EnqueueResult> after = roost.EnqueueAsync(new WorkItem("scripted") { Id = "after" });
        held.Dispose();

        (await before.Soon()).Created.Should().BeTrue();
        (await after.Soon()).Created.Should().BeTrue();
        await FluentActions.Awaiting(() => refused).Should().ThrowAsync<ConflictException>();
        roost.Items().Select(item => item.Id).Should().Equal("taken", "before", "after");
        roost.Totals().Total.Should().Be(3);
    }

    [Test]
    public async Task A_parent_may_come_earlier_in_the_batch_and_has_to_exist()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "parent" }, new WorkItem("scripted") { Id = "child", ParentId = "parent" }]);

        roost.Detail("child").ParentId.Should().Be("parent");
        (await roost.Invoking(it => it.EnqueueAsync(new WorkItem("scripted") { ParentId = "nobody" })).Should().ThrowAsync<InvalidInputException>())
            .Which.Field.Should()
            .Be("ParentId");
    }

    [Test]
    public async Task A_delay_counts_from_now_and_a_moment_in_the_past_means_at_once()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync([
            new WorkItem("scripted") { Id = "delayed", Delay = TimeSpan.FromMilliseconds(1.5) },
            new WorkItem("scripted") { Id = "later", NotBefore = TestRuntime.Start.AddHours(1) },
            new WorkItem("scripted") { Id = "past", NotBefore = TestRuntime.Start.AddHours(-1) }]);

        (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start.AddMilliseconds(2));
        roost.ClaimsOf().Distinct().Should().Equal("past");
        clock.Advance(TimeSpan.FromMilliseconds(2));
        (await roost.RunUntilIdleAsync()).Due.Should().Be(TestRuntime.Start.AddHours(1));
        roost.ClaimsOf().Distinct().Should().Equal("past", "delayed");
    }

    public static IEnumerable<TestCaseData> BadItems()
    {
        static TestCaseData Case(string field, WorkItem item, string name) =>
            new(field, item) { TestName = $"Bad_input_names_its_field_and_writes_nothing({name})" };
        yield return Case("Engine", new WorkItem(" "), "empty engine");
        yield return Case("Queue", new WorkItem("a") { Queue = "" }, "empty queue");
        yield return Case("Id", new WorkItem("a") { Id = new string('x', 257) }, "long id");
        yield return Case("Id", new WorkItem("a") { Id = "" }, "empty id");
        yield return Case("Id", new WorkItem("a") { Id = "a\nb" }, "control character");
        yield return Case("IdempotencyKey", new WorkItem("a") { IdempotencyKey = "" }, "empty key");
        yield return Case("Payload", new WorkItem("a", new[] { 1 }), "array");
        yield return Case("Payload", new WorkItem("a", "text"), "string");
        yield return Case("Payload", WorkItem.FromJson("a", """{"a":1,"a":2}"""), "duplicate keys");
        yield return Case("Payload", WorkItem.FromJson("a", string.Concat(Enumerable.Repeat("{\"a\":", 65)) + "1" + new string('}', 65)), "too deep");
        yield return Case("Payload", WorkItem.FromJson("a", """{"a":1e999999}"""), "infinite number");
        yield return Case("Payload", new WorkItem("a", new { text = new string('x', 5000) }), "too large");
        yield return Case("Delay", new WorkItem("a") { Delay = TimeSpan.FromTicks(-1) }, "negative delay");
        yield return Case("Delay", new WorkItem("a") { Delay = TimeSpan.MaxValue }, "endless delay");
        yield return Case("Delay", new WorkItem("a") { Delay = TimeSpan.Zero, NotBefore = TestRuntime.Start }, "delay and moment");
        yield return Case("NotBefore", new WorkItem("a") { NotBefore = DateTimeOffset.MaxValue }, "endless moment");
        yield return Case("Deadline", new WorkItem("a") { Deadline = TestRuntime.Start }, "deadline now");
        yield return Case("Timeout", new WorkItem("a") { Timeout = TimeSpan.Zero }, "no time");
        yield return Case("MaxAttempts", new WorkItem("a") { MaxAttempts = 0 }, "no attempts");
        yield return Case("Resources[1]", new WorkItem("a") { Resources = ["fine", ""] }, "empty resource");
        yield return Case("Resources[0]", new WorkItem("a") { Resources = [new string('x', 257)] }, "long resource");
        yield return Case("Resources", new WorkItem("a") { Resources = [.. Enumerable.Range(0, 101).Select(i => $"{i}")] }, "too many resources");
    }

    [TestCaseSource(nameof(BadItems))]
    public async Task Bad_input_names_its_field_and_writes_nothing(string field, WorkItem item)
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxJsonBytes = 4096 }, TestRuntime.Clock());
        string before = Host.Everything(roost);

        (await roost.Invoking(it => it.EnqueueAsync(item)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be(field);

        Host.Everything(roost).Should().Be(before);
    }

    [Test]
    public async Task What_a_step_stages_lands_with_its_commit()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.From((state, context) =>
        {
            context.AddEvent("seen", new { what = "a page" });
            context.AddChild(new WorkItem("elsewhere") { Id = "child" }).Should().Be("child");
            return ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilDoneAsync(id).Soon();

        roost.Events("engine.seen").Single().Text().Should().Be("""{"what":"a page"}""");
        roost.Detail("child").ParentId.Should().Be(id);
    }

    [Test]
    public async Task What_a_step_stages_does_not_land_when_it_fails()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 2 }, clock, ScriptedEngine.From((_, context) =>
        {
            context.AddEvent("seen");
            context.AddArtifactText("log.txt", "text");
            context.AddChild(new WorkItem("elsewhere"));
            throw new InvalidOperationException("after all");
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunThroughAsync(clock);

        roost.EventsOf(id).Should().NotContain("engine.seen");
        roost.Totals().Total.Should().Be(1);
        roost.ArtifactCount().Should().Be(0);
        Host.ContentOf(roost).Should().Be(default(StoredContent));
    }

    [Test]
    public async Task A_child_whose_id_exists_fails_the_step_and_saves_nothing_of_it()
    {
        var clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((state, context) =>
        {
            context.AddEvent("seen");
            context.AddChild(context.Item with { Id = context.Item.Id, ParentId = null });
            return ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunThroughAsync(clock);

        (await roost.WaitAsync(id).Soon()).Should().BeEquivalentTo(new { State = WorkState.Failed, Version = 1, FailReason = FailReasons.InvalidStep });
        roost.EventsOf(id).Should().NotContain("engine.seen");
    }

    [Test]
    public async Task A_script_that_is_run_again_does_the_work_once()
    {
        int steps = 0;
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.From((state, _) =>
        {
            steps++;
            return ScriptedEngine.Finish(state);
        }));

        for (int run = 0; run < 2; run++)
        {
            string id = await roost.EnqueueAsync(Keyed(new WorkItem("scripted")));
            (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done);
        }

        steps.Should().Be(1);
    }

    private static WorkItem Keyed(WorkItem item) => item with { IdempotencyKey = "the-key" };
}
