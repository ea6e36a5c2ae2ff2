namespace Roost.Storage;

/// <summary>Which lanes the living workers serve, and what is missing where none does.</summary>
internal sealed class ServedLanes(IReadOnlyList<WorkerInfo> workers)
{
    private readonly WorkerInfo[] alive = [.. workers.Where(worker => worker.IsAlive)];

    public int WorkersOf(string engine) => alive.Count(worker => Find(worker, engine) is not null);

    /// <summary>Null where a living worker serves the lane; else why none does.</summary>
    public string? WhyUnserved(string engine, string queue, int stateVersion)
    {
        if (alive.Length == 0) return $"no worker runs; it needs one that serves engine {engine} in queue {queue}";
        int[] known = [.. alive.Where(worker => worker.Queues.Contains(queue)).Select(worker => Find(worker, engine)).OfType<WorkerEngine>().Select(it => it.StateVersion)];
        if (known.Length == 0)
            return $"no worker serves engine {engine}" + (WorkersOf(engine) > 0 || queue != WorkItem.DefaultQueue ? $" in queue {queue}" : "");
        return known.Max() >= stateVersion ? null : $"state version {stateVersion} is newer than what any worker serves (up to {known.Max()} for engine {engine} in queue {queue})";
    }

    /// <summary>Of the living workers that serve a lane, the first that claims again, where none does before; else null.</summary>
    public WorkerInfo? FirstToClaimAgain(string engine, string queue, int stateVersion)
    {
        WorkerInfo[] serving = [.. alive.Where(worker => worker.Queues.Contains(queue) && Find(worker, engine)?.StateVersion >= stateVersion)];
        return serving.All(worker => worker.ClaimsAgainAt is not null) ? serving.MinBy(worker => worker.ClaimsAgainAt) : null;
    }

    private static WorkerEngine? Find(WorkerInfo worker, string engine) => worker.Engines.FirstOrDefault(served => served.EngineId == engine);
}
