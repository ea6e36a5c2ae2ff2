using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>
/// What every store has to do, told by the runtime's verbs and the store's own. Each class that derives this runs once for each
/// <see cref="StoreHost"/>; none knows which it is.
/// </summary>
[TestFixtureSource(typeof(StoreHost), nameof(StoreHost.All)), Category("Conformance")]
internal abstract class ConformanceTests(StoreHost host)
{
    private protected StoreHost Host => host;

    /// <summary>A runtime on a clean store that goes with it, by a clock that only the test moves, or by the machine's.</summary>
    private protected Task<RoostRuntime> OpenAsync(FakeTimeProvider? clock, params IEngine[] engines) => OpenAsync(new RoostOptions(), clock, engines);

    private protected async Task<RoostRuntime> OpenAsync(RoostOptions options, FakeTimeProvider? clock, params IEngine[] engines) =>
        With(await host.OpenAsync(clock is null ? options : options with { TimeProvider = clock }), engines);

    /// <summary>A second runtime on the same store.</summary>
    private protected Task<RoostRuntime> BesideAsync(RoostRuntime other, params IEngine[] engines) => BesideAsync(other, other.Options, engines);

    private protected async Task<RoostRuntime> BesideAsync(RoostRuntime other, RoostOptions options, params IEngine[] engines) =>
        With(await host.BesideAsync(other, options), engines);

    private protected Task<Ghost> GhostAsync(RoostRuntime roost, params IEngine[] engines) => host.GhostAsync(roost, engines);

    private protected void MustAgree(RoostRuntime roost) => host.MustAgree(roost);

    /// <summary>A worker claims what comes first, and dies.</summary>
    private protected async Task InterruptAsync(RoostRuntime roost, IEngine engine)
    {
        using Ghost ghost = await GhostAsync(roost, engine);
        (await ghost.ClaimAsync()).Should().HaveCount(1);
        ghost.Die();
    }

    /// <summary>A worker of an engine that has no work comes, takes over from the dead, and goes.</summary>
    private protected async Task RescueAsync(RoostRuntime roost)
    {
        await using RoostRuntime rescuer = await BesideAsync(roost, ScriptedEngine.CountingTo(1, id: "none"));
        await rescuer.RunUntilIdleAsync();
    }

    /// <summary>Enqueues an item that two workers have died with, so that it runs alone from here on. It waits a second or so.</summary>
    private protected async Task EnqueueInterruptedAsync(RoostRuntime roost, WorkItem item)
    {
        await roost.EnqueueAsync(item);
        for (int i = 0; i < 2; i++)
        {
            await InterruptAsync(roost, ScriptedEngine.CountingTo(1, id: item.Engine));
            await RescueAsync(roost);
        }
    }

    private static RoostRuntime With(RoostRuntime roost, IEngine[] engines)
    {
        foreach (IEngine engine in engines) roost.AddEngine(engine);
        return roost;
    }
}
