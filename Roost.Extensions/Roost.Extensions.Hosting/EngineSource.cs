using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace Roost.Extensions.Hosting;

/// <summary>Where the instances of one engine come from.</summary>
/// <param name="Type">The engine's class, as it was named.</param>
internal abstract record EngineSource(Type Type)
{
    /// <summary>Adds the engine; opens a scope, or makes the one instance, to learn its id.</summary>
    public abstract void AddTo(RoostRuntime roost, IServiceProvider services);
}

/// <summary>An instance that the host has made and disposes.</summary>
internal sealed record GivenEngine(IEngine Engine) : EngineSource(Engine.GetType())
{
    public override void AddTo(RoostRuntime roost, IServiceProvider services) => roost.AddEngine(Engine);
}

/// <summary>The one instance that the container has.</summary>
internal sealed record SharedEngine(Type Type) : EngineSource(Type)
{
    public override void AddTo(RoostRuntime roost, IServiceProvider services) => roost.AddEngine((IEngine)services.GetRequiredService(Type));
}

/// <summary>An instance for each step, from a scope of the container that ends with the step.</summary>
/// <param name="Type">The engine's class.</param>
/// <param name="Key">What it is registered under, where a factory makes it; else null.</param>
internal sealed record ScopedEngine(Type Type, object? Key) : EngineSource(Type)
{
    public override void AddTo(RoostRuntime roost, IServiceProvider services)
    {
        IServiceScopeFactory scopes = services.GetRequiredService<IServiceScopeFactory>();
        roost.AddScopedEngine(() => Open(scopes));
    }

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "An engine's class is no value type, of which code would have to be made.")]
    private EngineScope Open(IServiceScopeFactory scopes)
    {
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        try
        {
            object engine = Key is null ? scope.ServiceProvider.GetRequiredService(Type) : scope.ServiceProvider.GetRequiredKeyedService(Type, Key);
            return new((IEngine)engine, scope);
        }
        catch
        {
            Abandon(scope);
            throw;
        }
    }

    /// <summary>What was made of the engine's services is disposed; what that throws is less than what made it necessary.</summary>
    private static void Abandon(AsyncServiceScope scope)
    {
        try
        {
            Task.Run(async () => await scope.DisposeAsync().ConfigureAwait(false)).GetAwaiter().GetResult();
        }
        catch
        {
            // The caller is told why there is no engine.
        }
    }
}
