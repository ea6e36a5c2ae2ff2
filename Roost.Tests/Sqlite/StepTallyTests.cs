using Microsoft.Extensions.Time.Testing;
using Roost.Sqlite.Tables;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>How much is kept of the counts of steps.</summary>
[TestFixture]
internal sealed class StepTallyTests
{
    [Test]
    public async Task Old_minutes_and_hours_go_and_steps_without_end_share_a_line()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        var engine = new NamingEngine();
        await using RoostRuntime roost = TestRuntime.Create(clock, engine);
        await roost.EnqueueAsync(new WorkItem(engine.EngineId));
        await roost.RunThroughAsync(clock);
        StepStatistics found = await roost.GetStepStatisticsAsync();
        found.Steps.Should().HaveCount(201);
        found.Steps.Single(line => line.Step == StepTally.OtherSteps).Steps.Should().Be(NamingEngine.Steps - 200 + 1);

        clock.Advance(TimeSpan.FromDays(40));
        for (int i = 0; i < 2; i++)
        {
            await roost.EnqueueAsync(new WorkItem(engine.EngineId, new { }) { Priority = i });
            await roost.StepOnceAsync();
            clock.Advance(TimeSpan.FromMinutes(1));
        }
        roost
            .Number("SELECT count(*) FROM roost_step_tally WHERE at * span * 60000 < $0", clock.GetUtcNow().AddDays(-30).ToUnixTimeMilliseconds())
            .Should()
            .Be(0);
    }

    [TestCase(0, 64)]
    [TestCase(64, 64)]
    [TestCase(65, 77)]
    [TestCase(128, 128)]
    [TestCase(1_000_000, 1_048_576)]
    [TestCase(long.MaxValue, long.MaxValue)]
    public void A_run_time_is_told_by_the_upper_bound_of_its_class(long microseconds, long most)
    {
        var times = new RunTimes();
        times.Add(microseconds);
        double told = times.Percentile(0.5)!.Value.TotalMicroseconds;
        if (microseconds < long.MaxValue) told.Should().BeInRange(microseconds, most + 1);
        var stored = new RunTimes();
        stored.Add(times.ToBytes());
        stored.Percentile(1).Should().Be(times.Percentile(1));
    }

    [Test]
    public void Percentiles_are_those_of_all_runs()
    {
        var times = new RunTimes();
        for (int i = 1; i <= 1000; i++) times.Add(i * 1000);
        times.Percentile(0.5)!.Value.TotalMilliseconds.Should().BeInRange(500, 595);
        times.Percentile(0.95)!.Value.TotalMilliseconds.Should().BeInRange(950, 1131);
        new RunTimes().Percentile(0.5).Should().BeNull();
    }

    [Test]
    public async Task They_survive_that_everybody_closes_the_file()
    {
        using var folder = new TemporaryFolder();
        FakeTimeProvider clock = TestRuntime.Clock();
        var options = new RoostOptions { Path = folder["roost.db"], TimeProvider = clock };
        for (int round = 0; round < 3; round++)
        {
            await using var roost = new RoostRuntime(options);
            roost.AddEngine(ScriptedEngine.CountingTo(4));
            await roost.EnqueueAsync(new WorkItem("scripted"));
            await roost.RunUntilIdleAsync();
            await using RoostRuntime beside = TestRuntime.Beside(roost, ScriptedEngine.CountingTo(4));
            await beside.EnqueueAsync(new WorkItem("scripted"));
            await beside.RunUntilIdleAsync();
            clock.Advance(TimeSpan.FromMinutes(20));
        }
        await using var reader = new RoostRuntime(options);
        StepStatistics found = await reader.GetStepStatisticsAsync();
        Lines(found).Should().Equal("scripted/done 4+0", "scripted/init 16+0");
        found.Points.Where(point => point.Steps > 0).Select(point => (int)(point.At - TestRuntime.Start).TotalMinutes).Should().Equal(20, 40);
        Lines(await reader.GetStepStatisticsAsync(StatisticsSpan.Day)).Should().Equal("scripted/done 6+0", "scripted/init 24+0");
    }

    private static string[] Lines(StepStatistics found) => [.. found.Steps.Select(line => $"{line.Engine}/{line.Step} {line.Steps}+{line.FailedTries}")];

    private sealed class NamingEngine : Engine<int>
    {
        public const int Steps = 260;

        public override string EngineId => "naming";

        protected override int Init(WorkItem item) => 0;

        protected override Task<Outcome> StepAsync(int state, StepContext context) =>
            Task.FromResult(state + 1 < Steps ? Continue(state + 1, step: $"page {state}") : Done(state + 1, $"page {state}"));
    }
}
