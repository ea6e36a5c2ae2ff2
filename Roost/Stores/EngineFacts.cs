namespace Roost.Stores;

/// <summary>What an engine says about itself, read once when it is registered: none of its code runs within a transaction.</summary>
internal sealed record EngineFacts(string EngineId, int StateVersion, int? MaxConcurrency, TimeSpan? StepTimeout, OnInterrupted OnInterrupted)
{
    /// <summary>It is told of items that end without being done.</summary>
    public bool WantsEnds { get; private init; }

    public static EngineFacts Of(IEngine engine)
    {
        var facts = new EngineFacts(engine.EngineId, engine.StateVersion, engine.MaxConcurrency, engine.StepTimeout, engine.OnInterrupted)
        {
            WantsEnds = engine is ITypedEngine typed
                ? typed.WantsEnds
                : new Func<Snapshot?, EndContext, Task>(engine.OnEndedAsync).Method.DeclaringType != typeof(IEngine),
        };
        Names.CheckExact("EngineId", facts.EngineId);
        if (facts.StateVersion < 1)
            throw new InvalidInputException("StateVersion", $"of engine \"{facts.EngineId}\" is {facts.StateVersion}; it must be 1 or more.");
        if (facts.MaxConcurrency is < 1)
            throw new InvalidInputException(
                "MaxConcurrency",
                $"of engine \"{facts.EngineId}\" is {facts.MaxConcurrency}; it must be 1 or more, or null for no limit."
            );
        if (facts.StepTimeout is { } timeout && (timeout < TimeSpan.FromMilliseconds(1) || timeout > WorkItemCheck.MaxTimeout))
            throw new InvalidInputException(
                "StepTimeout",
                $"of engine \"{facts.EngineId}\" is {timeout}; it must be from 1 ms to 24 days, or null for no limit of its own."
            );
        return facts;
    }
}
