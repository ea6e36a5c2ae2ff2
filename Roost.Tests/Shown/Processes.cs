using Roost.Samples.Demo;

namespace Roost.Tests.Shown;

/// <summary>Code that pages show: one runtime enqueues, another steps, on one file.</summary>
internal static class Processes
{
    public static async Task TwoOnOneFileAsync(string file)
    {
        await using var web = new RoostRuntime(file); // Adds no engine and runs no loop: it enqueues and reads.
        string id = await web.EnqueueAsync(new WorkItem("demo", new { count_to = 2 }) { Queue = "slow" });

        await using var worker = new RoostRuntime(new RoostOptions { Path = file, Queues = ["slow", "default"], Concurrency = 4 });
        worker.AddEngine(new DemoEngine());
        using var stop = new CancellationTokenSource();
        Task loop = worker.RunAsync(stop.Token);

        WorkSummary ended = await web.WaitAsync(id, TimeSpan.FromMinutes(1));
        await stop.CancelAsync();
        await loop;

        ended.State.Should().Be(WorkState.Done);
    }
}
