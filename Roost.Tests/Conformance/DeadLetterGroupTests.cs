using Microsoft.Extensions.Time.Testing;
using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Dead letters that failed alike: counted as they come and go, and changed exactly as counted.</summary>
internal sealed class DeadLetterGroupTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly RoostOptions OneTry = new() { MaxAttempts = 1 };

    [TestCase("Request 17 failed after 1,204.5 ms", "Request # failed after # ms")]
    [TestCase("req_8fKx92LmZ of 10.0.0.1:443", "# of #:#")]
    [TestCase("item 0190a5b2-7c1d-7000-8000-5f2a3b4c5d6e is gone", "item # is gone")]
    [TestCase("no digits, none.", "no digits, none.")]
    [TestCase("3. of 4, then", "#. of #, then")]
    [TestCase("Zähler ٣ läuft", "Zähler # läuft")]
    [TestCase("", "")]
    public void The_shape_of_a_message_is_what_is_left_without_numbers_and_ids(string message, string shape) => FailureShape.Of(message).Should().Be(shape);

    [Test]
    public void Messages_that_differ_beyond_their_beginning_are_alike() =>
        FailureShape.Of(new string('x', 10_000) + "a").Should().Be(FailureShape.Of(new string('x', 10_000) + "b")).And.HaveLength(500);

    [Test]
    public async Task A_group_is_of_one_engine_reason_type_at_the_bottom_and_shape()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await FailedAsync(clock);

        DeadLetterGroupList groups = await roost.ListDeadLetterGroupsAsync();

        groups.Should().BeEquivalentTo(new { IsComplete = true, Total = 8L, Others = 0L });
        groups.Items.Select(group => (group.Engine, group.Reason, group.ErrorType, group.Count)).Should().BeEquivalentTo(
        [
            ("a", "max_attempts", "System.FormatException", 3L), ("a", "max_attempts", "System.ArgumentException", 1L),
            ("a", "max_attempts", "System.FormatException", 1L), ("a", "engine_failed", null, 2L),
            ("b", "max_attempts", (string?)"System.FormatException", 1L),
        ]);
        groups.Items[0].Should().BeEquivalentTo(new
        {
            LastWorkId = "a-3",
            LastError = "line 3 is bad",
            FirstFailedAt = TestRuntime.Start,
            LastFailedAt = TestRuntime.Start.AddMinutes(2),
        });
        (await roost.ListDeadLetterGroupsAsync(1)).Should().BeEquivalentTo(new { IsComplete = false, Total = 8L, Others = 5L });
        MustAgree(roost);
    }

    [Test]
    public async Task An_action_takes_exactly_what_the_group_counts()
    {
        await using RoostRuntime roost = await FailedAsync(TestRuntime.Clock());
        DeadLetterGroup group = (await roost.ListDeadLetterGroupsAsync()).Items[0];
        var filter = new DeadLetterFilter { Group = group.Key };

        (await roost.ListDeadLettersAsync(filter))
            .Items.Select(letter => (letter.Item.Id, letter.Group))
            .Should()
            .Equal(("a-3", group.Key), ("a-2", group.Key), ("a-1", group.Key));
        (await roost.ListDeadLettersAsync(filter with { FailedBefore = group.LastFailedAt, FailedAfter = group.FirstFailedAt.AddMilliseconds(1) }))
            .Items.Select(letter => letter.Item.Id)
            .Should()
            .Equal("a-2");
        (await roost.ListDeadLettersAsync(filter with { Engine = "b" })).Items.Should().BeEmpty();
        (await roost.CountDeadLettersAsync(filter)).Should().Be(group.Count);
        (await roost.RetryAllAsync(filter)).Should().Be(3);
        (await roost.ListDeadLetterGroupsAsync()).Should().BeEquivalentTo(new { Total = 5L, Others = 0L });
        (await roost.GetDeadLetterAsync("a-other")).Group.Should().NotBe(group.Key);
        MustAgree(roost);
    }

    [Test]
    public async Task Pages_of_a_group_show_each_once()
    {
        await using RoostRuntime roost = await OpenAsync(
            OneTry,
            TestRuntime.Clock(),
            ScriptedEngine.From((_, context) => throw new FormatException($"{context.Item.Id[..1]} of {context.Item.Id}"))
        );
        await roost.EnqueueAsync(Enumerable.Range(0, 25).Select(n => new WorkItem("scripted") { Id = $"{(n % 5 == 0 ? "x" : "y")}-{n}" }));
        await roost.RunUntilIdleAsync();
        DeadLetterGroup group = (await roost.ListDeadLetterGroupsAsync()).Items[0];
        var seen = new List<string>();

        string? cursor = null;
        do
        {
            Page<DeadLetter> page = await roost.ListDeadLettersAsync(new() { Group = group.Key }, 3, cursor);
            seen.AddRange(page.Items.Select(letter => letter.Item.Id));
            cursor = page.Next;
        }
        while (cursor is not null);

        seen.Should().HaveCount(20).And.OnlyHaveUniqueItems().And.OnlyContain(id => id[0] == 'y');
    }

    [Test]
    public async Task Whoever_leaves_the_dead_letters_leaves_the_group()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await FailedAsync(clock);
        string key = (await roost.GetDeadLetterAsync("a-1")).Group!;

        await roost.DiscardAsync("a-1");
        await Counted(2);
        await roost.RetryAsync("a-2");
        await Counted(1);
        await roost.RunUntilIdleAsync();
        await Counted(2, "it has failed again");
        clock.Advance(TimeSpan.FromDays(1));
        await roost.PurgeAsync(new(TimeSpan.FromHours(1)) { States = [WorkState.Failed] });
        (await roost.ListDeadLetterGroupsAsync()).Should().BeEquivalentTo(new { Items = Array.Empty<DeadLetterGroup>(), Total = 0L });
        MustAgree(roost);

        async Task Counted(long n, string because = "")
        {
            MustAgree(roost);
            (await roost.ListDeadLetterGroupsAsync()).Items.Single(group => group.Key == key).Count.Should().Be(n, because);
        }
    }

    [Test]
    public async Task A_try_that_failed_is_in_no_group_until_the_item_is_a_dead_letter()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { MaxAttempts = 2 },
            clock,
            ScriptedEngine.From((_, _) => throw new FormatException("no"))
        );
        await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();
        (await roost.ListDeadLetterGroupsAsync()).Items.Should().BeEmpty();

        await roost.RunThroughAsync(clock);

        (await roost.ListDeadLetterGroupsAsync()).Items.Should().ContainSingle().Which.Count.Should().Be(1);
    }

    [Test]
    public async Task What_ends_without_its_engine_is_a_group_for_its_reason()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(Enumerable.Range(1, 3).Select(n => new WorkItem("elsewhere") { Deadline = clock.GetUtcNow().AddHours(n) }));
        clock.Advance(TimeSpan.FromHours(4));
        await roost.RunUntilIdleAsync();

        (await roost.ListDeadLetterGroupsAsync())
            .Items.Should()
            .ContainSingle()
            .Which.Should()
            .BeEquivalentTo(
                new
                {
                    Reason = FailReasons.DeadlineExceeded,
                    Count = 3L,
                    ErrorType = (string?)null,
                }
            );
        MustAgree(roost);
    }

    [TestCase("")]
    [TestCase("0123")]
    [TestCase("012345678901234g")]
    [TestCase("+123456789012345")]
    public async Task What_is_no_key_of_a_group_is_refused(string key)
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await roost.Invoking(it => it.ListDeadLettersAsync(new() { Group = key })).Should().ThrowAsync<InvalidInputException>())
            .WithMessage("*16 hexadecimal digits*")
            .Which.Field.Should()
            .Be("Group");
        await roost.Invoking(it => it.ListDeadLetterGroupsAsync(0)).Should().ThrowAsync<InvalidInputException>();
        (await roost.ListDeadLettersAsync(new() { Group = "0123456789abcdef" })).Items.Should().BeEmpty();
    }

    private async Task<RoostRuntime> FailedAsync(FakeTimeProvider clock) =>
        await FailedItems.MakeAsync(await OpenAsync(OneTry, clock, FailedItems.Engine("a"), FailedItems.Engine("b")), clock);
}
