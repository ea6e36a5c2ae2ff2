
namespace Roost;

/// <summary>How many work items there are in each state, with queued told apart into ready, delayed and blocked.</summary>
/// <param name="Ready">Queued, and may run at once.</param>
/// <param name="Delayed">Queued, and not due or not yet noticed to be due.</param>
/// <param name="Blocked">Queued, and waiting for a resource.</param>
/// <param name="Running">Leased by a worker.</param>
/// <param name="Done">Finished by their engine.</param>
/// <param name="Failed">Dead letters.</param>
/// <param name="Cancelled">Cancelled, or discarded from the dead letters.</param>
public sealed record StateCounts(long Ready, long Delayed, long Blocked, long Running, long Done, long Failed, long Cancelled)
{
    /// <summary>Ready, delayed and blocked together.</summary>
    public long Queued => Ready + Delayed + Blocked;

    /// <summary>All of them.</summary>
    public long Total => Queued + Running + Done + Failed + Cancelled;

    internal static StateCounts None { get; } = new(0, 0, 0, 0, 0, 0, 0);

    internal StateCounts Plus(StateCounts other) => new(
        Ready + other.Ready, Delayed + other.Delayed, Blocked + other.Blocked, Running + other.Running,
        Done + other.Done, Failed + other.Failed, Cancelled + other.Cancelled);
}

/// <summary>The counts of one engine's items in one queue.</summary>
/// <param name="Engine">The id of the engine.</param>
/// <param name="Queue">The queue.</param>
/// <param name="Counts">How many items there are in each state.</param>
public sealed record QueueCounts(string Engine, string Queue, StateCounts Counts);

/// <summary>The counts of all work items in the file. They are kept by every change of state, not counted when asked for.</summary>
/// <param name="Queues">One line for each engine and queue that ever had an item, by name.</param>
/// <param name="Total">The sum of the lines.</param>
public sealed record WorkCounts(IReadOnlyList<QueueCounts> Queues, StateCounts Total);
