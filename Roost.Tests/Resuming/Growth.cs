using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>
/// One item with a large state, whose versions are stored as differences, and of which only the first and the last few are kept. It was begun by an older
/// engine, so that its state is migrated.
/// </summary>
internal sealed class Growth : Scenario
{
    public const string Id = "grows";

    public const int Seed = 5, Steps = 9, First = 2, Last = 3;

    public const int Shape = 2;

    private const int StepsBefore = 3;

    public override RoostRuntime Open(string path, Action<string> say) => Open(path, Shape);

    /// <summary>With engines of another version: from 2 on they migrate what they are given.</summary>
    public static RoostRuntime Open(string path, int shape) =>
        new RoostRuntime(Options(path) with { HistoryFirst = First, HistoryLast = Last }).AddEngine(new GrowingEngine(Seed, Steps) { Shape = shape });

    public override async Task PrepareAsync(string path)
    {
        await using RoostRuntime roost = Open(path, Shape - 1);
        await roost.EnqueueAsync(new WorkItem("growing") { Id = Id });
        for (int i = 0; i < StepsBefore; i++) await roost.StepOnceAsync();
    }

    public override Task ActAsync(RoostRuntime roost, Action<string> say) => RunUntilEndedAsync(roost);
}
