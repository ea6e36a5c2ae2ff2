using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Dead letters in the rows of the file: groups that an older version has not kept, and how many a transaction takes.</summary>
[TestFixture]
internal sealed class DeadLetterRowsTests
{
    [Test]
    public async Task What_failed_before_groups_were_kept_is_counted_as_such_and_can_be_changed_alone()
    {
        await using RoostRuntime roost = await FailedAsync(TestRuntime.Clock());
        roost.Execute("UPDATE roost_failure SET group_key = NULL WHERE work IN (SELECT key FROM roost_work WHERE id IN ('a-1', 'a-2', 'a-3'))");
        roost.Execute("DELETE FROM roost_dead_letter_group WHERE n = 3");

        (await roost.ListDeadLetterGroupsAsync()).Should().BeEquivalentTo(new { IsComplete = true, Total = 8L, Others = 3L });
        (await roost.GetDeadLetterAsync("a-1")).Group.Should().BeNull();
        (await roost.RetryAllAsync(new() { Group = DeadLetterFilter.NoGroup })).Should().Be(3);
        (await roost.ListDeadLetterGroupsAsync()).Should().BeEquivalentTo(new { Total = 5L, Others = 0L });
        FileAudit.MustAgree(roost.Path);
    }

    [Test]
    public async Task Many_are_retried_in_small_transactions()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("no")));
        await roost.EnqueueAsync(Enumerable.Range(0, 1100).Select(_ => new WorkItem("scripted")));
        await roost.RunUntilIdleAsync();
        long before = roost.Number("SELECT sum(batch) FROM roost_writer");

        int retried = await roost.RetryAllAsync(new());

        retried.Should().Be(1100);
        (roost.Number("SELECT sum(batch) FROM roost_writer") - before).Should().Be(3, "500, 500 and 100");
        (await roost.GetCountsAsync()).Total.Should().BeEquivalentTo(new { Ready = 1100L, Failed = 0L });
    }

    private static Task<RoostRuntime> FailedAsync(FakeTimeProvider clock) => FailedItems.MakeAsync(
        TestRuntime.Create(new RoostOptions { MaxAttempts = 1 }, clock, FailedItems.Engine("a"), FailedItems.Engine("b")), clock);
}
