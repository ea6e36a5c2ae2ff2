namespace Roost;

/// <summary>One engine that a worker serves.</summary>
/// <param name="EngineId">The id of the engine.</param>
/// <param name="StateVersion">The newest version of the state's shape that this worker knows; items stored with a newer one are left alone.</param>
/// <param name="MaxConcurrency">How many of its steps run at once in this worker; null for no limit of its own.</param>
public sealed record WorkerEngine(string EngineId, int StateVersion, int? MaxConcurrency);

/// <summary>One running runtime.</summary>
/// <param name="Id">The id of the worker; fresh for each start.</param>
/// <param name="ProcessId">The process that it runs in, as its machine or container numbers it.</param>
/// <param name="Machine">The name of its machine.</param>
/// <param name="IsAlive">False where it is known to have died; another worker takes its items over.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="HeartbeatAt">When it last renewed its leases; an idle worker need not.</param>
/// <param name="ExpiresAt">When its leases run out unless they are renewed before; without a meaning while it runs nothing.</param>
/// <param name="Concurrency">How many steps it runs at once.</param>
/// <param name="Engines">The engines that it serves.</param>
/// <param name="Queues">The queues that it serves.</param>
/// <param name="Running">How many items it has leased.</param>
public sealed record WorkerInfo(
    string Id, int ProcessId, string Machine, bool IsAlive, DateTimeOffset StartedAt, DateTimeOffset HeartbeatAt, DateTimeOffset ExpiresAt,
    int Concurrency, IReadOnlyList<WorkerEngine> Engines, IReadOnlyList<string> Queues, int Running)
{
    /// <summary>
    /// When this worker claims again, after the clock was set: until then it gives every lease its time, because it cannot know of another worker
    /// whether it lives. Null while it claims.
    /// </summary>
    public DateTimeOffset? ClaimsAgainAt { get; init; }

    /// <summary>By how much the clock was set (back: negative) where <see cref="ClaimsAgainAt"/> has a value; else null.</summary>
    public TimeSpan? ClockSetBy { get; init; }
}
