namespace Roost.Execution;

/// <summary>An engine as registered: an instance for what it says about itself, and how to get the one that runs a step.</summary>
internal sealed record EngineEntry(IEngine Facts, Func<IEngine> Get)
{
    public static EngineEntry For(IEngine engine)
    {
        Check(engine);
        return new(engine, () => engine);
    }

    public static EngineEntry For(Func<IEngine> factory)
    {
        IEngine facts = factory() ?? throw new InvalidInputException("factory", "returned null; it must make an engine.");
        Check(facts);
        return new(facts, factory);
    }

    private static void Check(IEngine engine)
    {
        Names.CheckExact("engine_id", engine.EngineId);
        if (engine.StateVersion < 1) throw new InvalidInputException("state_version", $"of engine \"{engine.EngineId}\" is {engine.StateVersion}; it must be 1 or more.");
        if (engine.MaxConcurrency is < 1) throw new InvalidInputException("max_concurrency", $"of engine \"{engine.EngineId}\" is {engine.MaxConcurrency}; it must be 1 or more, or null for no limit.");
        if (engine.StepTimeout is { } timeout && (timeout < TimeSpan.FromMilliseconds(1) || timeout > WorkItemCheck.MaxTimeout))
            throw new InvalidInputException("step_timeout", $"of engine \"{engine.EngineId}\" is {timeout}; it must be from 1 ms to 24 days, or null for no limit of its own.");
    }
}
