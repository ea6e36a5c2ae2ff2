using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>One item with a large state, whose versions are stored as differences, and of which only the first and the last few are kept.</summary>
internal sealed class Growth : Scenario
{
    public const string Id = "grows";

    public const int Seed = 5, Steps = 9, First = 2, Last = 3;

    public override RoostRuntime Open(string path, Action<string> say) => Open(path, shape: 1);

    /// <summary>With engines of another version: from 2 on they migrate what they are given.</summary>
    public static RoostRuntime Open(string path, int shape) =>
        new RoostRuntime(Options(path) with { HistoryFirst = First, HistoryLast = Last }).AddEngine(new GrowingEngine(Seed, Steps) { Shape = shape });

    public override async Task ActAsync(RoostRuntime roost, Action<string> say)
    {
        await roost.EnqueueAsync(new WorkItem("growing") { Id = Id, IdempotencyKey = Id });
        Points.Reach("the host has enqueued");
        await RunUntilEndedAsync(roost);
    }
}
