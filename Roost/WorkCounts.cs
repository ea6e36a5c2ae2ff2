
namespace Roost;

/// <summary>How many work items there are in each state, with queued told apart into ready, delayed and blocked.</summary>
public sealed record StateCounts
{
    /// <summary>Queued, and may run at once, unless it is paused.</summary>
    public long Ready { get; init; }

    /// <summary>Queued, and not due or not yet noticed to be due.</summary>
    public long Delayed { get; init; }

    /// <summary>Queued, and waiting for a resource.</summary>
    public long Blocked { get; init; }

    /// <summary>Leased by a worker.</summary>
    public long Running { get; init; }

    /// <summary>Waiting for a signal or a time.</summary>
    public long Waiting { get; init; }

    /// <summary>Finished by their engine.</summary>
    public long Done { get; init; }

    /// <summary>Dead letters.</summary>
    public long Failed { get; init; }

    /// <summary>Cancelled, or discarded from the dead letters.</summary>
    public long Cancelled { get; init; }

    /// <summary>
    /// Paused themselves, each counted in its condition as well: one that is ready counts as ready and as paused. What waits only because its engine, its queue
    /// or the file is paused is not counted here; <see cref="WorkCounts.Pauses"/> tells of those.
    /// </summary>
    public long Paused { get; init; }

    /// <summary>Ready, delayed and blocked together.</summary>
    public long Queued => Ready + Delayed + Blocked;

    /// <summary>All of them, each once.</summary>
    public long Total => Queued + Running + Waiting + Done + Failed + Cancelled;

    internal static StateCounts None { get; } = new();

    internal StateCounts Plus(StateCounts other) => new()
    {
        Ready = Ready + other.Ready,
        Delayed = Delayed + other.Delayed,
        Blocked = Blocked + other.Blocked,
        Running = Running + other.Running,
        Waiting = Waiting + other.Waiting,
        Done = Done + other.Done,
        Failed = Failed + other.Failed,
        Cancelled = Cancelled + other.Cancelled,
        Paused = Paused + other.Paused,
    };
}

/// <summary>The counts of one engine's items in one queue.</summary>
public sealed record QueueCounts
{
    /// <summary>The id of the engine.</summary>
    public required string Engine { get; init; }

    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>How many items there are in each state.</summary>
    public required StateCounts Counts { get; init; }
}

/// <summary>The counts of all work items in the file. They are kept by every change of state, not counted when asked for.</summary>
public sealed record WorkCounts
{
    /// <summary>One line for each engine and queue that ever had an item, by name.</summary>
    public required IReadOnlyList<QueueCounts> Queues { get; init; }

    /// <summary>The sum of the lines.</summary>
    public required StateCounts Total { get; init; }

    /// <summary>The pauses of the file, of engines and of queues, in this order and by name; those of items are counted alone.</summary>
    public IReadOnlyList<PauseInfo> Pauses { get; init; } = [];
}
