using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Schedules drawn from seeds under fake time: clocks that pass, jump and sleep, workers that die, vanish and come back late.</summary>
[TestFixture, Category("Reliability")]
internal sealed class ScheduleTests
{
    /// <summary>They wait more than they work.</summary>
    private const int AtOnce = 8;

    [Test]
    public async Task Whatever_clocks_and_workers_do_nothing_told_is_lost_each_version_is_made_once_and_everything_ends()
    {
        int seed = Effort.Seed(), schedules = Effort.Times(120, 10_000), told = 0, refused = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, schedules), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) =>
        {
            int own = unchecked(seed + i);
            await using var schedule = new Schedule(own);
            try
            {
                await schedule.RunAsync();
            }
            catch (Exception e)
            {
                throw new AssertionException($"ROOST_SEED={own} begins with the schedule that failed: {e.Message}", e);
            }
            Interlocked.Add(ref told, schedule.Versions);
            Interlocked.Add(ref refused, schedule.Refused);
        });
        refused.Should().BeGreaterThan(schedules / 20, "late commits have to be among them");
        Effort.Report($"{schedules} schedules, {told} versions that somebody was told of, {refused} late commits refused, nothing lost, doubled or left over");
    }
}
