using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>How delays are moved with a clock that was set, in the rows of the file.</summary>
[TestFixture]
internal sealed class DelayMoveTests
{
    [Test]
    public async Task Some_are_moved_in_each_transaction_and_who_comes_after_a_crash_moves_the_rest_and_nothing_twice()
    {
        const int Many = 2500;
        TimeSpan hour = TimeSpan.FromHours(1), moment = TimeSpan.FromMilliseconds(100);
        FakeTimeProvider clock = TestRuntime.Clock();
        var wall = new SetClock(clock) { SetBy = hour };
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { TimeProvider = wall }, null);
        await roost.EnqueueAsync(Enumerable.Range(0, Many).Select(i => new WorkItem("scripted") { Queue = $"q{i % 3}", Delay = moment * (i % 7) + moment }));
        await roost.EnqueueAsync(Enumerable.Range(0, Many).Select(_ => new WorkItem("scripted") { NotBefore = TestRuntime.Start + hour + hour }));
        wall.SetBy = default;

        using (SqliteGhost first = await SqliteGhost.StartAsync(roost, ScriptedEngine.CountingTo(1)))
            await first.ClaimAsync();
        roost
            .Number("SELECT count(*) FROM roost_work WHERE delayed_at > " + wall.GetUtcNow().ToUnixTimeMilliseconds())
            .Should()
            .BeInRange(1, Many - 1, "one transaction moves some");
        clock.Advance(moment / 2);
        using (SqliteGhost second = await SqliteGhost.StartAsync(roost, ScriptedEngine.CountingTo(1)))
        {
            for (int i = 0; i < 10; i++) await second.ClaimAsync(0);
        }

        roost.Number("SELECT count(*) FROM roost_work WHERE delayed_at > " + wall.GetUtcNow().ToUnixTimeMilliseconds()).Should().Be(0);
        long start = TestRuntime.Start.ToUnixTimeMilliseconds();
        roost
            .Number($"SELECT count(*) FROM roost_work WHERE delayed_at IS NOT NULL AND due_at - {start} NOT BETWEEN 100 AND 750")
            .Should()
            .Be(0, "each is due its delay after it was moved, and was moved once");
        roost.Number($"SELECT count(*) FROM roost_work WHERE due_at = {start + (2 * hour.TotalMilliseconds)}").Should().Be(Many);
        roost
            .Number($"SELECT max(saved_at) FROM roost_writer")
            .Should()
            .BeLessThanOrEqualTo(start + 50, "nothing in the file says any more that the clock was ahead");
    }
}
