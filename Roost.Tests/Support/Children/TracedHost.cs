using System.Diagnostics;

namespace Roost.Tests.Support;

/// <summary>A program that enqueues an item within an activity of its own, and says which.</summary>
internal static class TracedHost
{
    public static async Task<int> RunAsync(string path)
    {
        using var activity = new Activity("request") { TraceStateString = "vendor=1" };
        activity.Start();
        await using var roost = new RoostRuntime(path);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "traced" });
        ChildProgram.Say($"enqueued {activity.Id}");
        return 0;
    }
}
