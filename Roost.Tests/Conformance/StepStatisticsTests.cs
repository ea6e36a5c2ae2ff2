using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>The counts of steps and failed tries: complete, by engine and step, and there after a restart.</summary>
internal sealed class StepStatisticsTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task Every_step_and_failed_try_is_counted_under_its_engine_and_step()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            clock,
            ScriptedEngine.CountingTo(3, id: "counts"),
            ScriptedEngine.From((_, context) => context.Attempt < 3 ? throw new TimeoutException("Not yet.") : ScriptedEngine.GiveUp("No."), "fails")
        );
        for (int i = 0; i < 10; i++)
            await roost.EnqueueAsync(new WorkItem("counts"));
        await roost.EnqueueAsync(new WorkItem("fails"));
        await roost.RunThroughAsync(clock);

        StepStatistics found = await roost.GetStepStatisticsAsync();
        Lines(found).Should().Equal("counts/done 10+0", "counts/init 30+0", "fails/init 1+3");
        found.Points.Should().HaveCount(60);
        found.Points.Sum(point => point.Steps).Should().Be(41);
        found.Points.Sum(point => point.FailedTries).Should().Be(3);
        found.CountedSince.Should().Be(TestRuntime.Start);
        foreach (StatisticsSpan longer in (StatisticsSpan[])[StatisticsSpan.Day, StatisticsSpan.Week])
            Lines(await roost.GetStepStatisticsAsync(longer)).Should().Equal(Lines(found));
        MustAgree(roost);
    }

    [Test]
    public async Task Times_run_and_waited_are_those_of_the_tries()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { Concurrency = 1 }, clock, ScriptedEngine.From((state, _) =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(state == 19 ? 1000 : 100));
            return state == 19 ? ScriptedEngine.Finish(20) : ScriptedEngine.GoOn(state + 1);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        clock.Advance(TimeSpan.FromSeconds(7));
        await roost.RunThroughAsync(clock);

        StepTotals[] lines = [.. (await roost.GetStepStatisticsAsync()).Steps];
        lines.Sum(line => line.RunTime.TotalMilliseconds).Should().Be(2900);
        lines.Sum(line => line.Claims).Should().Be(1, "the lease was kept");
        lines.Sum(line => line.WaitTime.TotalMilliseconds).Should().Be(7000);
        lines.Single(line => line.Step == "init").RunTimeP50!.Value.TotalMilliseconds.Should().BeInRange(100, 119);
        lines.Single(line => line.Step == "done").RunTimeP95!.Value.TotalMilliseconds.Should().BeInRange(1000, 1190);
    }

    [Test]
    public async Task They_survive_a_restart_and_those_of_several_runtimes_add_up()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime reader = await OpenAsync(clock);
        for (int round = 0; round < 3; round++)
        {
            await using RoostRuntime roost = await BesideAsync(reader, ScriptedEngine.CountingTo(4));
            await roost.EnqueueAsync(new WorkItem("scripted"));
            await roost.RunUntilIdleAsync();
            await using RoostRuntime beside = await BesideAsync(roost, ScriptedEngine.CountingTo(4));
            await beside.EnqueueAsync(new WorkItem("scripted"));
            await beside.RunUntilIdleAsync();
            clock.Advance(TimeSpan.FromMinutes(20));
        }
        StepStatistics found = await reader.GetStepStatisticsAsync();
        Lines(found).Should().Equal("scripted/done 4+0", "scripted/init 16+0");
        found.Points.Where(point => point.Steps > 0).Select(point => (int)(point.At - TestRuntime.Start).TotalMinutes).Should().Equal(20, 40);
        Lines(await reader.GetStepStatisticsAsync(StatisticsSpan.Day)).Should().Equal("scripted/done 6+0", "scripted/init 24+0");
    }

    [Test]
    public async Task What_could_not_be_committed_is_counted_as_a_failed_try_alone()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 1 }, clock, ScriptedEngine.From((_, context) =>
        {
            context.AddChild(new WorkItem("scripted") { Id = context.Item.Id == "other" ? "child" : "other" });
            return ScriptedEngine.Finish(1);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "other", Delay = TimeSpan.FromDays(1) });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "first" });
        await roost.RunUntilIdleAsync();
        roost.StateOf("first").Should().Be(WorkState.Failed);
        Lines(await roost.GetStepStatisticsAsync()).Should().Equal("scripted/init 1+1");
    }

    [Test]
    public async Task Steps_that_end_while_another_runs_on_are_saved_within_a_second()
    {
        var running = new TaskCompletionSource();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions(), null, new ScriptedEngine(async (_, context) =>
        {
            if (context.Item.Id == "long") await running.Task;
            return ScriptedEngine.Finish(1);
        }));
        using var stop = new CancellationTokenSource();
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "long" });
        Task loop = roost.RunAsync(stop.Token);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "short" });
        await roost.WaitAsync("short");
        while ((await roost.GetStepStatisticsAsync()).Steps.All(line => line.Step != "done")) await Task.Delay(20);
        running.SetResult();
        await roost.WaitAsync("long");
        await stop.CancelAsync();
        await loop;
        Lines(await roost.GetStepStatisticsAsync()).Should().Equal("scripted/done 2+0", "scripted/init 2+0");
    }

    [Test]
    public async Task A_span_that_there_is_not_is_refused()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        Func<Task> asking = () => roost.GetStepStatisticsAsync((StatisticsSpan)7);
        await asking.Should().ThrowAsync<InvalidInputException>();
    }

    private static string[] Lines(StepStatistics found) => [.. found.Steps.Select(line => $"{line.Engine}/{line.Step} {line.Steps}+{line.FailedTries}")];
}
