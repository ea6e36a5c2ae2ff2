namespace Roost;

/// <summary>One engine that a worker serves.</summary>
public sealed record WorkerEngine
{
    /// <summary>The id of the engine.</summary>
    public required string EngineId { get; init; }

    /// <summary>The newest version of the state's shape that this worker knows; items stored with a newer one are left alone.</summary>
    public required int StateVersion { get; init; }

    /// <summary>How many of its steps run at once in this worker; null for no limit of its own.</summary>
    public int? MaxConcurrency { get; init; }
}

/// <summary>One running runtime.</summary>
public sealed record WorkerInfo
{
    /// <summary>The id of the worker; fresh for each start.</summary>
    public required string Id { get; init; }

    /// <summary>The process that it runs in, as its machine or container numbers it.</summary>
    public required int ProcessId { get; init; }

    /// <summary>The name of its machine.</summary>
    public required string Machine { get; init; }

    /// <summary>False where it is known to have died, or where no lock tells and its lease is over; another worker takes its items over.</summary>
    public required bool IsAlive { get; init; }

    /// <summary>When it started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it last renewed its leases; an idle worker need not.</summary>
    public required DateTimeOffset HeartbeatAt { get; init; }

    /// <summary>When its leases run out unless they are renewed before; without a meaning while it runs nothing.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>How many steps it runs at once.</summary>
    public required int Concurrency { get; init; }

    /// <summary>The engines that it serves.</summary>
    public required IReadOnlyList<WorkerEngine> Engines { get; init; }

    /// <summary>The queues that it serves.</summary>
    public required IReadOnlyList<string> Queues { get; init; }

    /// <summary>How many items it has leased.</summary>
    public required int Running { get; init; }

    /// <summary>
    /// When this worker claims again, after the clock was set: until then it gives every lease its time, because it cannot know of another worker
    /// whether it lives. Null while it claims.
    /// </summary>
    public DateTimeOffset? ClaimsAgainAt { get; init; }

    /// <summary>By how much the clock was set (back: negative) where <see cref="ClaimsAgainAt"/> has a value; else null.</summary>
    public TimeSpan? ClockSetBy { get; init; }
}
