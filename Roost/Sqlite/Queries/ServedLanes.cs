using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Which lanes the living workers serve, and what is missing where none does.</summary>
internal sealed class ServedLanes(IReadOnlyList<WorkerInfo> workers)
{
    private readonly (WorkerInfo Info, ServedScope Scope)[] alive = [.. workers.Where(worker => worker.IsAlive)
        .Select(worker => (worker, new ServedScope(worker.Engines.Select(engine => (engine.EngineId, engine.StateVersion)), worker.Queues)))];

    public int WorkersOf(string engine) => alive.Count(worker => worker.Scope.ServesEngine(engine));

    /// <summary>Null where a living worker serves the lane; else why none does.</summary>
    public string? WhyUnserved(string engine, string queue, int stateVersion)
    {
        if (alive.Length == 0) return $"no worker runs; it needs one that serves engine {engine} in queue {queue}";
        int? known = alive.Max(worker => worker.Scope.StateVersionOf(engine, queue));
        if (known is null)
            return $"no worker serves engine {engine}" + (WorkersOf(engine) > 0 || queue != WorkItem.DefaultQueue ? $" in queue {queue}" : "");
        return known >= stateVersion
            ? null
            : $"state version {stateVersion} is newer than what any worker serves (up to {known} for engine {engine} in queue {queue})";
    }

    /// <summary>Of the living workers that serve a lane, the first that claims again, where none does before; else null.</summary>
    public WorkerInfo? FirstToClaimAgain(string engine, string queue, int stateVersion)
    {
        WorkerInfo[] serving = [.. alive.Where(worker => worker.Scope.Serves(engine, queue, stateVersion)).Select(worker => worker.Info)];
        return serving.All(worker => worker.ClaimsAgainAt is not null) ? serving.MinBy(worker => worker.ClaimsAgainAt) : null;
    }
}
