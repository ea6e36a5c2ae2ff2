namespace Roost.Tests.Support;

/// <summary>Items that go back behind their equals after every step: what the writer keeps of them at hand must always be what the file holds.</summary>
internal static class RestingItems
{
    public const int Items = 4, Steps = 60;

    /// <summary>One slot and no slot time: every item that continues lets the others in first.</summary>
    public static RoostOptions Options(RoostOptions options) => options with { Concurrency = 1, SlotTime = TimeSpan.Zero };

    /// <summary>Steps its items to their end in a disk that may fail; says each step that was given another state than its version's.</summary>
    public static async Task<int> RunAsync(string path, Fault fault)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        var disk = new FaultDisk();
        await using RoostRuntime roost = new RoostRuntime(Options(ChildVerbs.Options(path))).AddEngine(ScriptedEngine.From((state, context) =>
        {
            if (state != context.Version - 1) ChildProgram.Say($"wrong {context.Item.Id}: version {context.Version} was given state {state}");
            if (state == 5 && context.Item.Id == "item-0") disk.Arm(fault);
            return state + 1 == Steps ? ScriptedEngine.Finish(state + 1) : ScriptedEngine.GoOn(state + 1);
        }));
        Task loop = roost.RunAsync(end);
        for (int i = 0; i < Items; i++) await roost.WaitAsync($"item-{i}", cancellationToken: end);
        disk.Disarm();
        ChildProgram.Say("end");
        return 0;
    }

    public static IEnumerable<WorkItem> All() => Enumerable.Range(0, Items).Select(i => new WorkItem("scripted") { Id = $"item-{i}" });
}
