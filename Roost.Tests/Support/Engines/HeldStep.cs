namespace Roost.Tests.Support;

/// <summary>An engine whose every step waits until the test lets it go on, so that its item runs while the test looks.</summary>
internal sealed class HeldStep : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim entered = new(0);
    private readonly SemaphoreSlim release = new(0);

    public HeldStep(string id = "held") => Engine = new ScriptedEngine(
        async (state, context) =>
        {
            entered.Release();
            await release.WaitAsync(context.CancellationToken);
            return ScriptedEngine.Finish(state + 1);
        }, id);

    public ScriptedEngine Engine { get; }

    /// <summary>Runs the loop, does something while as many steps as asked for are held, lets them end, and runs to idle.</summary>
    public async Task WhileRunningAsync(RoostRuntime roost, Func<Task> body, int steps = 1)
    {
        using var stop = new CancellationTokenSource();
        Task<IdleState> loop = roost.RunUntilIdleAsync(stop.Token);
        try
        {
            for (int i = 0; i < steps; i++) (await entered.WaitAsync(Patience)).Should().BeTrue("the step has to begin");
            await body();
        }
        finally
        {
            release.Release(1000);
            await loop.WaitAsync(Patience);
        }
    }

    public void Dispose()
    {
        entered.Dispose();
        release.Dispose();
    }
}
