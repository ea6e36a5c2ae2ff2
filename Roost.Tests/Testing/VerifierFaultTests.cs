using System.Text;
using Roost.Testing;

namespace Roost.Tests;

/// <summary>Each fault of an engine is found, with its place.</summary>
[TestFixture]
internal sealed class VerifierFaultTests
{
    private static int shared;

    [Test]
    public async Task A_count_in_a_field_is_found_where_the_lasting_instance_and_fresh_ones_part()
    {
        VerificationReport report = await EngineVerifier.CheckAsync(() => new FieldCounter(), Item(), new() { MaxSteps = 5 });

        Finding found = report.Findings[0];
        (found.Kind, found.Engine, found.Step, found.Version).Should().Be((FindingKind.InstanceDiffers, "one", "count", 2), "in their first steps they agree");
        found.Paths.Should().Equal("state.n");
        found.Seen.Should().Contain("something else than 10 fresh ones, which agree with each other:\n  state.n: 2 in that instance, 1 in fresh ones");
        report.Findings[^1].Kind.Should().Be(FindingKind.NotEnded, "fresh ones count to 1 for ever");
        report.Findings[^1].Seen.Should().Be("The item is queued at version 5 (\"count\") after 5 steps.");
    }

    [Test]
    public async Task What_a_field_keeps_from_the_first_step_is_found_by_who_throws()
    {
        VerificationReport report = await EngineVerifier.CheckAsync(() => new FieldMemory(), new WorkItem("one", new { name = "a" }));

        report.Findings.Select(found => found.Kind).Should().Equal(FindingKind.InstanceDiffers, FindingKind.DeadLetter);
        report.Findings[0].Seen.Should().StartWith(
            "Fresh engines have thrown in each of 4 tries, and an instance that has made every step so far has returned Done:\n  NullReferenceException: ");
        report.Findings[0].Times.Should().Be(10, "once for each attempt");
    }

    [Test]
    public async Task Of_one_instance_the_fields_are_seen_where_they_change_from_try_to_try_and_a_note_says_what_is_not()
    {
        VerificationReport report = await EngineVerifier.CheckAsync(new FieldCounter(), Item());

        report.Findings.Should().ContainSingle().Which.Kind.Should().Be(FindingKind.TriesDiffer);
        report.Notes.Should().ContainSingle().Which.Should().Contain("Give a factory");
        report.CrashesAfterCommit.Should().Be(0);
    }

    [TestCase("state.text", TestName = "A_fresh_value_in_the_state")]
    [TestCase("artifacts[\"when.json\"].content.at", TestName = "A_fresh_value_in_an_artifact")]
    [TestCase("artifacts[\"notes.md\"].content", TestName = "A_fresh_value_in_a_text")]
    [TestCase("artifacts[\"a.bin\"].content", TestName = "A_fresh_value_in_bytes")]
    [TestCase("events[0].data.at", TestName = "A_fresh_value_in_an_event")]
    [TestCase("children[0].payload.at", TestName = "A_fresh_value_in_a_child")]
    [TestCase("signals[0].payload.at", TestName = "A_fresh_value_in_a_signal")]
    [TestCase("after", TestName = "A_fresh_value_in_a_delay")]
    [TestCase("step", TestName = "A_fresh_value_in_the_steps_name")]
    [TestCase("reason", TestName = "A_fresh_value_in_a_reason")]
    [TestCase("wait.question", TestName = "A_fresh_value_in_a_question")]
    public async Task Is_found_at_its_path_and_nowhere_else(string path)
    {
        VerificationReport report = await EngineVerifier.CheckAsync(() => new OneStep((kept, context) => Fresh(path, kept, context)), Item());

        Finding found = report.Findings.Should().Contain(one => one.Kind == FindingKind.TriesDiffer).Which;
        found.Paths.Should().Equal(path);
        (found.Step, found.Version).Should().Be(("init", 1));
        found.Seen.Should().StartWith("From the same snapshot, with the same context.Now and context.IdempotencyKey, two tries have brought different things:");
    }

    [Test]
    public async Task A_static_count_is_found_as_a_difference_of_tries()
    {
        VerificationReport report = await EngineVerifier.CheckAsync(
            () => new OneStep((kept, _) => Outcome.Done(kept with { N = Interlocked.Increment(ref shared) })), Item());

        report.Findings.Should().ContainSingle().Which.Paths.Should().Equal("state.n");
    }

    [Test]
    public async Task What_a_coin_decides_is_told_as_a_difference_of_tries_and_as_nothing_else()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            var coin = new Random(seed);
            VerificationReport report = await EngineVerifier.CheckAsync(
                () => new OneStep((kept, _) => kept.N < 8 ? Outcome.Continue(new Kept(kept.N + 1, Toss(coin))) : Outcome.Done(kept)), Item());

            report.Findings.Select(found => found.Kind).Distinct().Should().Equal([FindingKind.TriesDiffer], $"of coin {seed}");
            report.Notes.Should().BeEmpty($"of coin {seed}");
        }

        static string Toss(Random coin) => coin.Next(2) == 0 ? "heads" : "tails";
    }

    [Test]
    public async Task A_body_that_is_streamed_is_said_not_to_be_looked_at()
    {
        using var http = new HttpClient(new StepKeyHandler(new FakeService()));

        VerificationReport report = await EngineVerifier.CheckAsync(
            () => new OneStep(async (kept, context) =>
            {
                using var body = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(context.IdempotencyKey)));
                using HttpResponseMessage answer = await http.PutAsync(new Uri("http://store/a"), body, context.CancellationToken);
                return Outcome.Done(kept with { N = (int)answer.StatusCode });
            }),
            Item());

        report.Findings.Should().ContainSingle().Which.Seen
            .Should().StartWith("PUT http://store/a was sent").And.Contain("its body is a stream and was not looked at");
    }

    [TestCase(KeyPlace.None, "Run with another key, the step has sent the same once more.")]
    [TestCase(KeyPlace.Fresh, "Another try with the same key has not sent this request.")]
    public async Task A_POST_without_the_steps_key_is_found_through_the_frameworks_own_handlers(KeyPlace place, string told)
    {
        await using var service = new LoopbackService();
        using var http = new HttpClient();

        VerificationReport report = await EngineVerifier.CheckAsync(() => new Charging(http, service.Address, place), new WorkItem("charging"));

        Finding found = report.Findings.Should().ContainSingle().Which;
        (found.Kind, found.Version).Should().Be((FindingKind.CallWithoutKey, 1));
        found.Seen.Should().Contain($"POST {service.Address} was sent without the step's key").And.Contain(told).And.Contain("Content-Type");
        report.HttpCalls.Should().Be(service.Calls, "each is seen, and only once");
    }

    [Test]
    public async Task A_POST_through_a_handler_of_a_test_is_found_behind_a_StepKeyHandler_and_told_of_as_unseen_without()
    {
        using var shown = new HttpClient(new StepKeyHandler(new FakeService()));
        using var hidden = new HttpClient(new FakeService());

        VerificationReport seen = await EngineVerifier.CheckAsync(() => new Charging(shown, "http://pay/charges", KeyPlace.None), new WorkItem("charging"));
        VerificationReport unseen = await EngineVerifier.CheckAsync(() => new Charging(hidden, "http://pay/", KeyPlace.None), new WorkItem("charging"));

        seen.Findings.Should().ContainSingle().Which.Kind.Should().Be(FindingKind.CallWithoutKey);
        seen.Notes.Should().BeEmpty();
        unseen.Findings.Should().BeEmpty();
        unseen.Notes.Should().ContainSingle().Which.Should().StartWith("4 HTTP calls went through a handler of the program's own");
    }

    [Test]
    public async Task A_state_that_does_not_come_back_is_found_by_its_type_or_by_its_value()
    {
        VerificationReport type = await EngineVerifier.CheckAsync(() => new PrivateSetter(), Item());
        VerificationReport value = await EngineVerifier.CheckAsync(() => new LostComparer(), Item());

        type.Findings.Should().ContainSingle().Which.Seen.Should().Contain("Counter.N: its setter is private");
        type.Findings[0].Kind.Should().Be(FindingKind.StateNotKept);
        (type.Steps, type.Item).Should().Be((0, null));
        value.Findings.Should().ContainSingle().Which.Kind.Should().Be(FindingKind.StateNotKept);
        value.Item!.FailReason.Should().Be(FailReasons.StateNotKept);
    }

    [Test]
    public async Task What_it_waits_for_and_is_not_given_is_told()
    {
        VerificationReport report = await EngineVerifier.CheckAsync(
            () => new OneStep((kept, context) => context.Wake is null ? Outcome.WaitFor(kept, new() { Signals = ["go"] }, "wait") : Outcome.Done(kept)),
            Item());

        Finding found = report.Findings.Should().ContainSingle().Which;
        found.Kind.Should().Be(FindingKind.NotEnded);
        found.Seen.Should().StartWith("The item is waiting at version 2 (\"wait\")").And.Contain("signal go");
        found.ToDo.Should().Contain("Signals");
    }

    [Test]
    public async Task A_step_that_always_throws_is_told_as_a_dead_letter_and_one_that_gives_up_is_not()
    {
        Func<Kept, StepContext, Outcome> throwing = (_, _) => throw new IOException("no");
        VerificationReport throws = await EngineVerifier.CheckAsync(() => new OneStep(throwing), Item());
        VerificationReport fails = await EngineVerifier.CheckAsync(() => new OneStep((kept, _) => Outcome.Fail(kept, "It cannot be.")), Item());

        throws.Findings.Should().ContainSingle().Which.Seen.Should().Contain("reason max_attempts: no");
        fails.Passed.Should().BeTrue();
        fails.Item!.State.Should().Be(WorkState.Failed);
    }

    [Test]
    public async Task A_step_that_hangs_ends_the_run()
    {
        VerificationReport report = await EngineVerifier.CheckAsync(
            () => new OneStep(async (kept, context) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
                return Outcome.Done(kept);
            }),
            Item(),
            new() { Patience = TimeSpan.FromMilliseconds(300) });

        report.Findings.Should().Contain(found => found.Kind == FindingKind.NotEnded && found.Seen.Contains("of the real clock"));
    }

    [Test]
    public async Task The_exception_has_the_whole_account()
    {
        Func<Task> verifying = () => EngineVerifier.VerifyAsync(() => new FieldCounter(), Item(), new() { MaxSteps = 5 });

        EngineVerificationException thrown = (await verifying.Should().ThrowAsync<EngineVerificationException>()).Which;

        thrown.Message.Should().Be(thrown.Report.ToString());
        thrown.Message.Should().StartWith("3 found in 5 steps and ").And.Contain("crashes before a commit").And.Contain("To do: ");
        foreach (Finding found in thrown.Report.Findings) thrown.Message.Should().Contain(found.ToString());
    }

    [Test]
    public async Task Bad_input_is_refused_by_name()
    {
        await FluentActions.Awaiting(() => EngineVerifier.CheckAsync(() => new FieldCounter(), Item(), new() { MaxSteps = 0 }))
            .Should().ThrowAsync<InvalidInputException>().WithMessage("MaxSteps: is 0*");
        await FluentActions.Awaiting(() => EngineVerifier.CheckAsync(() => new FieldCounter(), Item(), new() { Runtime = new() { Path = "a.db" } }))
            .Should().ThrowAsync<InvalidInputException>().WithMessage("Path: *");
        await FluentActions.Awaiting(() => EngineVerifier.CheckAsync(() => new FieldCounter(), new WorkItem("two")))
            .Should().ThrowAsync<InvalidInputException>().WithMessage("item: is for engine \"two\", and the one to verify is \"one\".");
        await FluentActions.Awaiting(() => EngineVerifier.CheckAsync(() => null!, Item()))
            .Should().ThrowAsync<InvalidInputException>().WithMessage("factory: *");
        await FluentActions.Awaiting(() => EngineVerifier.CheckAsync(() => new FieldCounter(), Item(), cancellationToken: new(canceled: true)))
            .Should().ThrowAsync<OperationCanceledException>();
    }

    private static WorkItem Item() => new("one");

    private static Outcome Fresh(string path, Kept kept, StepContext context)
    {
        string fresh = Guid.NewGuid().ToString();
        if (path.StartsWith("artifacts[\"when", StringComparison.Ordinal)) context.AddArtifact("when.json", new { n = 1, at = fresh });
        if (path.StartsWith("artifacts[\"notes", StringComparison.Ordinal)) context.AddArtifactText("notes.md", $"# Notes\n\n{fresh}\n");
        if (path.StartsWith("artifacts[\"a.bin", StringComparison.Ordinal)) context.AddArtifactBytes("a.bin", Guid.NewGuid().ToByteArray());
        if (path.StartsWith("events", StringComparison.Ordinal)) context.AddEvent("seen", new { n = 1, at = fresh });
        if (path.StartsWith("children", StringComparison.Ordinal)) context.AddChild(new WorkItem("other", new { n = 1, at = fresh }));
        if (path.StartsWith("signals", StringComparison.Ordinal)) context.Signal("somebody", "go", new { n = 1, at = fresh });
        return path switch
        {
            "state.text" => Outcome.Done(kept with { Text = fresh }),
            "after" when kept.N == 0 => Outcome.Continue(kept with { N = 1 }, TimeSpan.FromMilliseconds(Random.Shared.Next(1, 1_000_000_000))),
            "step" => Outcome.Done(kept, fresh),
            "reason" => Outcome.Fail(kept, fresh),
            "wait.question" => context.Wake is null
                ? Outcome.WaitFor(kept, new() { Ask = new Ask(fresh), Timeout = TimeSpan.FromDays(1) })
                : Outcome.Done(kept),
            _ => Outcome.Done(kept),
        };
    }
}
