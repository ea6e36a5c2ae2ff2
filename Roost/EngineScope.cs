namespace Roost;

/// <summary>
/// The engine of one step, and what lives exactly as long as that step. <see cref="RoostRuntime.AddScopedEngine"/> asks for one before each step
/// and disposes it after, also where the step has failed; a step that was abandoned keeps its own until its code has really returned.
/// </summary>
/// <param name="engine">Runs the step. Not disposed itself unless it is given as the owner as well.</param>
/// <param name="owner">What is disposed after the step, asynchronously where it can be: a container's scope, the engine itself. Default: nothing.</param>
public sealed class EngineScope(IEngine engine, object? owner = null) : IAsyncDisposable
{
    /// <summary>Runs the step.</summary>
    public IEngine Engine { get; } = engine ?? throw new InvalidInputException("engine", "is null; give the engine that runs the step.");

    /// <summary>Disposes the owner.</summary>
    public ValueTask DisposeAsync()
    {
        switch (owner)
        {
            case IAsyncDisposable asynchronous:
                return asynchronous.DisposeAsync();
            case IDisposable synchronous:
                synchronous.Dispose();
                return ValueTask.CompletedTask;
            default:
                return ValueTask.CompletedTask;
        }
    }
}
