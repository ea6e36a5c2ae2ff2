using System.Text.Json;
using Roost.Stores;
using Roost.Writing;

namespace Roost.Execution;

/// <summary>An engine as registered: what it said about itself, and the one instance that runs its steps or how to open a scope for each.</summary>
internal sealed record EngineEntry(EngineFacts Facts, IEngine? Shared, Func<EngineScope>? Open)
{
    /// <summary>The class of the engine, by which a typed enqueue finds its id.</summary>
    public required Type Type { get; init; }

    /// <summary>The settings of its own that its state is stored by; null where those are the runtime's.</summary>
    public JsonSerializerOptions? Json { get; private init; }

    /// <summary>What reads and writes its state; null where it is an engine on raw snapshots.</summary>
    public IStateTrial? State { get; private init; }

    /// <summary>A scope with an engine of its own, where no instance is shared.</summary>
    /// <exception cref="InvalidInputException">The host has made none.</exception>
    public EngineScope OpenScope() => Opened(Open!);

    public static EngineEntry For(IEngine engine, JsonSerializerOptions json)
    {
        var facts = EngineFacts.Of(engine);
        object? trial = Judge(engine, facts, json);
        return new(facts, engine, null) { Type = engine.GetType(), Json = (engine as ITypedEngine)?.OwnJson, State = trial as IStateTrial };
    }

    /// <summary>
    /// Opens one scope at once, to learn what the engine says of itself and to judge its state; the engines of later ones go on with the same trial.
    /// </summary>
    public static EngineEntry For(Func<EngineScope> open, JsonSerializerOptions json)
    {
        EngineScope scope = Opened(open);
        try
        {
            var facts = EngineFacts.Of(scope.Engine);
            object? trial = Judge(scope.Engine, facts, json);
            return new(facts, null, trial is null ? open : Sharing(open, scope.Engine.GetType(), json, trial))
            {
                Type = scope.Engine.GetType(),
                Json = (scope.Engine as ITypedEngine)?.OwnJson,
                State = trial as IStateTrial,
            };
        }
        finally
        {
            Task.Run(() => scope.DisposeAsync().AsTask()).GetAwaiter().GetResult();
        }
    }

    private static EngineScope Opened(Func<EngineScope> open) =>
        open() ?? throw new InvalidInputException("open", "returned null; it must make a scope with an engine.");

    private static Func<EngineScope> Sharing(Func<EngineScope> open, Type type, JsonSerializerOptions json, object trial) => () =>
    {
        EngineScope scope = open();
        if (scope?.Engine.GetType() == type) ((ITypedEngine)scope.Engine).Share(json, trial);
        return scope!;
    };

    private static string Advice(Exception e) => e is NotSupportedException
        ? "Give the engine its JsonTypeInfo (base(Context.Default.State)), or RoostOptions.Json a TypeInfoResolver that knows the type."
        : "Give the member another name by [JsonPropertyName], or mark what is not to be kept [JsonIgnore].";

    private static object? Judge(IEngine engine, EngineFacts facts, JsonSerializerOptions json)
    {
        if (engine is not ITypedEngine typed) return null;
        try
        {
            return typed.Judge(facts.EngineId, json);
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidInputException("state", $"of engine \"{facts.EngineId}\" has no usable JSON metadata: {e.Message} {Advice(e)}", e);
        }
    }
}
