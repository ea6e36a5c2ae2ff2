using Roost.Native;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>A writer that sleeps until somebody writes, and the watch on the log by which it knows.</summary>
[TestFixture]
internal sealed class WakeTests
{
    [Test]
    [Platform("Linux", Reason = "Elsewhere an idle loop goes on polling.")]
    public async Task A_loop_that_sleeps_is_woken_by_another_runtime_by_its_own_and_by_the_time()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));
        await using RoostRuntime other = TestRuntime.Beside(roost);
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);

        await Waiting.Until(() => roost.Writer.IsAsleep);
        string foreign = await other.EnqueueAsync(new WorkItem("scripted"));
        await roost.WaitAsync(foreign).Soon();

        await Waiting.Until(() => roost.Writer.IsAsleep);
        string own = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.WaitAsync(own).Soon();

        string delayed = await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromMilliseconds(400) });
        await roost.WaitAsync(delayed).Soon();

        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    [Platform("Linux", Reason = "There is no such watch elsewhere.")]
    public async Task A_watch_on_the_log_tells_one_write_each_time_it_is_armed()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        await roost.EnqueueAsync(new WorkItem("scripted"));
        int told = 0;
        LogWatch watch = LogWatch.TryCreate(roost.Path, () => Interlocked.Increment(ref told))!;

        for (int times = 1; times <= 3; times++)
        {
            watch.Arm().Should().BeTrue();
            await roost.EnqueueAsync(new WorkItem("scripted"));
            await Waiting.Until(() => Volatile.Read(ref told) == times);
            await roost.EnqueueAsync(new WorkItem("scripted"));
        }

        await Task.Run(watch.Dispose).Soon();
        told.Should().Be(3);
    }

    [Test]
    [Platform("Linux", Reason = "There is no such watch elsewhere.")]
    public async Task A_watch_that_was_never_armed_or_still_is_ends_at_once()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        LogWatch fresh = LogWatch.TryCreate(roost.Path, () => { })!, armed = LogWatch.TryCreate(roost.Path, () => { })!;
        armed.Arm();

        await Task.Run(fresh.Dispose).Soon();
        await Task.Run(armed.Dispose).Soon();
    }

    [Test]
    public async Task A_log_that_is_not_there_cannot_be_watched()
    {
        if (LogWatch.TryCreate(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")), () => { }) is not { } watch) return;

        watch.Arm().Should().BeFalse();

        await Task.Run(watch.Dispose).Soon();
    }
}
