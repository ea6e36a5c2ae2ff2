using System.Text.Json;

namespace Roost.Execution;

/// <summary>What an engine says about itself, read once when it is registered: none of its code runs within a transaction.</summary>
internal sealed record EngineFacts(string EngineId, int StateVersion, int? MaxConcurrency, TimeSpan? StepTimeout, OnInterrupted OnInterrupted)
{
    public static EngineFacts Of(IEngine engine)
    {
        var facts = new EngineFacts(engine.EngineId, engine.StateVersion, engine.MaxConcurrency, engine.StepTimeout, engine.OnInterrupted);
        Names.CheckExact("engine_id", facts.EngineId);
        if (facts.StateVersion < 1) throw new InvalidInputException("state_version", $"of engine \"{facts.EngineId}\" is {facts.StateVersion}; it must be 1 or more.");
        if (facts.MaxConcurrency is < 1) throw new InvalidInputException("max_concurrency", $"of engine \"{facts.EngineId}\" is {facts.MaxConcurrency}; it must be 1 or more, or null for no limit.");
        if (facts.StepTimeout is { } timeout && (timeout < TimeSpan.FromMilliseconds(1) || timeout > WorkItemCheck.MaxTimeout))
            throw new InvalidInputException("step_timeout", $"of engine \"{facts.EngineId}\" is {timeout}; it must be from 1 ms to 24 days, or null for no limit of its own.");
        return facts;
    }
}

/// <summary>An engine as registered: what it said about itself, and how to get the one that runs a step.</summary>
internal sealed record EngineEntry(EngineFacts Facts, Func<IEngine> Get)
{
    /// <summary>The settings of its own that its state is stored by; null where those are the runtime's.</summary>
    public JsonSerializerOptions? Json { get; private init; }

    public static EngineEntry For(IEngine engine, JsonSerializerOptions json)
    {
        var facts = EngineFacts.Of(engine);
        Judge(engine, facts, json);
        return new(facts, () => engine) { Json = (engine as ITypedEngine)?.OwnJson };
    }

    public static EngineEntry For(Func<IEngine> factory, JsonSerializerOptions json)
    {
        IEngine first = factory() ?? throw new InvalidInputException("factory", "returned null; it must make an engine.");
        var facts = EngineFacts.Of(first);
        if (Judge(first, facts, json) is not { } trial) return new(facts, factory);
        Type type = first.GetType();
        return new(facts, () =>
        {
            IEngine made = factory();
            if (made?.GetType() == type) ((ITypedEngine)made).Share(json, trial);
            return made!;
        }) { Json = ((ITypedEngine)first).OwnJson };
    }

    private static object? Judge(IEngine engine, EngineFacts facts, JsonSerializerOptions json)
    {
        if (engine is not ITypedEngine typed) return null;
        try
        {
            return typed.Judge(facts.EngineId, json);
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidInputException("state", $"of engine \"{facts.EngineId}\" has no usable JSON metadata: {e.Message} Give the engine its JsonTypeInfo (base(Context.Default.State)), or RoostOptions.Json a TypeInfoResolver that knows the type.", e);
        }
    }
}
