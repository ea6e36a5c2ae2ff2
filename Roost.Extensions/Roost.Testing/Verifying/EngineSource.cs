namespace Roost.Testing.Verifying;

/// <summary>Where the engines of tries come from: made afresh for each, or the one that was given.</summary>
internal sealed class EngineSource
{
    private readonly Func<IEngine>? factory;
    private readonly IEngine? only;

    public EngineSource(Func<IEngine> factory) => this.factory = factory;

    public EngineSource(IEngine only) => this.only = only;

    /// <summary>Each try has an engine of its own.</summary>
    public bool IsFresh => only is null;

    public IEngine Next() => only ?? factory!() ?? throw new InvalidInputException("factory", "returned null; it must make an engine.");

    /// <summary>Disposes one that was made here.</summary>
    public async ValueTask EndAsync(IEngine engine)
    {
        if (only is not null) return;
        if (engine is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync();
        else (engine as IDisposable)?.Dispose();
    }
}
