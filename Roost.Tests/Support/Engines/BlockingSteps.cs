namespace Roost.Tests.Support;

/// <summary>A child process whose steps block their threads.</summary>
internal static class BlockingSteps
{
    public static async Task<int> RunAsync(string path, TimeSpan lease, int slots, TimeSpan step)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        await using RoostRuntime roost = new RoostRuntime(ChildVerbs.Options(path) with { LeaseTime = lease, Concurrency = slots }).AddEngine(
            ScriptedEngine.From(
                (state, _) =>
                {
                    Thread.Sleep(step);
                    return ScriptedEngine.Finish(state);
                },
                "blocks"
            )
        );
        await roost.RunUntilIdleAsync(end);
        ChildProgram.Say("idle");
        return 0;
    }
}
