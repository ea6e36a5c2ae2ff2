using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Dead letters: listed, inspected, retried and discarded, one by one and in bulk.</summary>
internal sealed class DeadLetterTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly RoostOptions OneTry = new() { MaxAttempts = 1 };

    [Test]
    public async Task The_list_tells_why_each_failed_last_failed_first()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await WithFailuresAsync(clock);

        Page<DeadLetter> page = await roost.ListDeadLettersAsync();

        page.Items.Select(letter => letter.Item.Id).Should().Equal("gave-up", "argument", "operation");
        page.Items[1]
            .Failure.Should()
            .Be(
                new WorkFailure
                {
                    Reason = FailReasons.MaxAttempts,
                    ErrorType = "System.ArgumentException",
                    Message = "bad 50%",
                    Attempt = 1,
                    Version = 1,
                    At = TestRuntime.Start.AddMinutes(1),
                }
            );
        page.Items[1].Item.State.Should().Be(WorkState.Failed);
        page.Next.Should().BeNull();
    }

    [Test]
    public async Task Each_filter_narrows_the_list()
    {
        await using RoostRuntime roost = await WithFailuresAsync(TestRuntime.Clock());
        DateTimeOffset start = TestRuntime.Start;

        (await IdsAsync(roost, new() { Reason = FailReasons.EngineFailed })).Should().Equal("gave-up");
        (await IdsAsync(roost, new() { ErrorType = "System.ArgumentException" })).Should().Equal("argument");
        (await IdsAsync(roost, new() { Error = "BAD" })).Should().Equal("argument", "operation");
        (await IdsAsync(roost, new() { Error = "50%" })).Should().Equal("argument");
        (await IdsAsync(roost, new() { Error = "0_" })).Should().BeEmpty();
        (await IdsAsync(roost, new() { Engine = "none" })).Should().BeEmpty();
        (await IdsAsync(roost, new() { Queue = "default" })).Should().HaveCount(3);
        (await IdsAsync(roost, new() { FailedBefore = start.AddMinutes(1) })).Should().Equal("operation");
        (await IdsAsync(roost, new() { FailedAfter = start.AddMinutes(1) })).Should().Equal("gave-up", "argument");
        (await IdsAsync(roost, new() { FailedAfter = start.AddTicks(1), FailedBefore = start.AddMinutes(1).AddTicks(1) })).Should().Equal("argument");
    }

    [Test]
    public async Task Paging_shows_each_once()
    {
        await using RoostRuntime roost = await WithFailuresAsync(TestRuntime.Clock());

        Page<DeadLetter> first = await roost.ListDeadLettersAsync(new() { Error = "a" }, limit: 1);
        Page<DeadLetter> second = await roost.ListDeadLettersAsync(new() { Error = "a" }, limit: 2, cursor: first.Next);

        first.Items.Concat(second.Items).Select(letter => letter.Item.Id).Should().Equal("gave-up", "argument", "operation");
        await roost.Invoking(it => it.ListDeadLettersAsync(cursor: "?")).Should().ThrowAsync<InvalidInputException>();
        await roost.Invoking(it => it.ListDeadLettersAsync(limit: 0)).Should().ThrowAsync<InvalidInputException>();
    }

    [Test]
    public async Task One_is_inspected_with_its_stack_and_the_snapshot_that_a_retry_goes_on_from()
    {
        await using RoostRuntime roost = await WithFailuresAsync(TestRuntime.Clock());

        DeadLetter letter = await roost.GetDeadLetterAsync("operation");

        letter.Failure.Stack.Should().Contain(nameof(DeadLetterTests));
        letter.Failure.Attempt.Should().Be(1);
        letter.Item.Step.Should().Be("init");
        letter.Snapshot!.DataAs<int>().Should().Be(0);
        letter.Snapshot.FailedAt.Should().Be(TestRuntime.Start);
    }

    [Test]
    public async Task An_item_that_has_not_failed_is_no_dead_letter()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("e") { Id = "w" });

        foreach (Func<Task> act in (Func<Task>[])[() => roost.GetDeadLetterAsync("w"), () => roost.RetryAsync("w"), () => roost.DiscardAsync("w")])
            (await act.Should().ThrowAsync<ConflictException>()).WithMessage("Work item w is queued; only a failed one is a dead letter.");
        await roost.Invoking(it => it.GetDeadLetterAsync("nobody")).Should().ThrowAsync<NotFoundException>();
    }

    [Test]
    public async Task Retrying_by_filter_queues_those_that_it_means_longest_failed_first()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await WithFailuresAsync(clock);
        clock.Advance(TimeSpan.FromHours(1));

        int retried = await roost.RetryAllAsync(new() { Error = "bad" }, "fixed");

        retried.Should().Be(2);
        (await IdsAsync(roost, new())).Should().Equal("gave-up");
        (await roost.ListEventsAsync())
            .Items.Where(one => one.Kind == EventKinds.Retried)
            .Select(one => (one.WorkId, one.Data!.Value.GetProperty("reason").GetString()))
            .Should()
            .Equal(("operation", "fixed"), ("argument", "fixed"));
        (await roost.GetAsync("operation"))
            .Should()
            .BeEquivalentTo(new { Failures = 0, ReadySince = (DateTimeOffset?)TestRuntime.Start.AddHours(1).AddMinutes(3) });
    }

    [Test]
    public async Task Discarding_by_filter_gives_up_those_that_it_means()
    {
        await using RoostRuntime roost = await WithFailuresAsync(TestRuntime.Clock());

        (await roost.DiscardAllAsync(new() { Reason = FailReasons.MaxAttempts }, "never mind")).Should().Be(2);

        (await IdsAsync(roost, new())).Should().Equal("gave-up");
        WorkDetail discarded = await roost.GetAsync("argument");
        discarded.Summary.State.Should().Be(WorkState.Cancelled);
        discarded.CancelReason.Should().Be("never mind");
    }

    [Test]
    public async Task More_are_retried_than_one_transaction_takes()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("no")));
        await roost.EnqueueAsync(Enumerable.Range(0, 600).Select(_ => new WorkItem("scripted")));
        await roost.RunUntilIdleAsync();

        (await roost.RetryAllAsync(new())).Should().Be(600);

        roost.Totals().Should().BeEquivalentTo(new { Ready = 600L, Failed = 0L });
    }

    [Test]
    public async Task A_bulk_change_without_a_match_changes_nothing()
    {
        await using RoostRuntime roost = await WithFailuresAsync(TestRuntime.Clock());

        (await roost.RetryAllAsync(new() { Engine = "none" })).Should().Be(0);
        (await roost.Invoking(it => it.RetryAllAsync(new() { Error = "" })).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("Error");
        (await roost.Invoking(it => it.DiscardAllAsync(new(), new string('x', 1001))).Should().ThrowAsync<InvalidInputException>())
            .Which.Field.Should()
            .Be("reason");
        (await IdsAsync(roost, new())).Should().HaveCount(3);
    }

    [Test]
    public async Task A_backup_copy_keeps_its_dead_letters()
    {
        await using RoostRuntime roost = await WithFailuresAsync(TestRuntime.Clock());
        await using RoostRuntime copy = await Host.CopyAsync(roost);

        await copy.Invoking(it => it.RetryAllAsync(new())).Should().ThrowAsync<FileRefusedException>();
        (await IdsAsync(copy, new())).Should().HaveCount(3);
    }

    [Test]
    public async Task The_error_of_before_is_gone_once_a_retried_item_goes_on()
    {
        bool works = false;
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(OneTry, clock, ScriptedEngine.From((state, _) =>
            works ? ScriptedEngine.GoOn(state + 1, TimeSpan.FromHours(1)) : throw new InvalidOperationException("broken")));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        works = true;

        await roost.RetryAsync(id);
        await roost.RunUntilIdleAsync();

        WorkDetail detail = await roost.GetAsync(id);
        detail.Summary.Version.Should().Be(2);
        detail.LastFailure.Should().BeNull("its last try did not fail");
        detail.Summary.FailReason.Should().BeNull();
    }

    [Test]
    public async Task Whoever_gives_up_after_failed_tries_says_in_which()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.From((_, context) =>
            context.Attempt < 3 ? throw new InvalidOperationException("broken") : ScriptedEngine.GiveUp("no more")));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunThroughAsync(clock);

        roost.Detail(id).LastFailure.Should().BeEquivalentTo(new { Reason = FailReasons.EngineFailed, Attempt = 3, Message = "no more" });
    }

    /// <summary>Three that failed a minute apart: operation, argument, gave-up.</summary>
    private async Task<RoostRuntime> WithFailuresAsync(FakeTimeProvider clock)
    {
        RoostRuntime roost = await OpenAsync(OneTry, clock, ScriptedEngine.From((_, context) => context.Item.Id switch
        {
            "operation" => throw new InvalidOperationException("a bad thing"),
            "argument" => throw new ArgumentException("bad 50%"),
            _ => ScriptedEngine.GiveUp("the page is gone"),
        }));
        foreach (string id in (string[])["operation", "argument", "gave-up"])
        {
            await roost.EnqueueAsync(new WorkItem("scripted") { Id = id });
            await roost.RunUntilIdleAsync();
            clock.Advance(TimeSpan.FromMinutes(1));
        }
        return roost;
    }

    private static async Task<IEnumerable<string>> IdsAsync(RoostRuntime roost, DeadLetterFilter filter) =>
        (await roost.ListDeadLettersAsync(filter)).Items.Select(letter => letter.Item.Id);
}
