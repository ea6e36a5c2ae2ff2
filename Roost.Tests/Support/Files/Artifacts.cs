namespace Roost.Tests.Support;

/// <summary>What the tests of artifacts share.</summary>
internal static class Artifacts
{
    /// <summary>What a store keeps content in may be of this size: those about it and about its multiples are worth a try.</summary>
    public const int Chunk = 256 * 1024;

    public static ScriptedEngine Once(Func<StepContext, Task> step) => new(async (state, context) =>
    {
        await step(context);
        return ScriptedEngine.Finish(state);
    });

    public static async Task<string> RunAsync(RoostRuntime roost)
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilDoneAsync(id);
        return id;
    }

    /// <summary>Steps without ever leaving the loop, so that a worker's leaving cannot tidy up what its steps should have.</summary>
    public static async Task StepToEndAsync(RoostRuntime roost)
    {
        while (await Safely(roost.StepOnceAsync()) is { State: WorkState.Queued }) { }
    }

    public static async Task<string> TextAsync(RoostRuntime roost, string id, string name, int? version = null) =>
        System.Text.Encoding.UTF8.GetString(await roost.ReadArtifactAsync(id, name, version));

    public static byte[] Bytes(int size, int seed = 7)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static async Task<T> ThrownByAsync<T>(Func<Task> action) where T : Exception => (await action.Should().ThrowAsync<T>()).Which;

    public static async Task Ignoring(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public static Task Safely(Task task) => task.WaitAsync(TimeSpan.FromSeconds(60));

    public static Task<T> Safely<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(60));
}
