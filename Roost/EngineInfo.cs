
namespace Roost;

/// <summary>The item at the head of the ready order for one priority: how long that priority waits.</summary>
/// <param name="Priority">The priority.</param>
/// <param name="Since">Since when that item is ready.</param>
public sealed record OldestReady(int Priority, DateTimeOffset Since);

/// <summary>Work of an engine in one queue that could run now, if a living worker served it and it were not paused.</summary>
public sealed record UnservedWork
{
    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>The version of the stored state's shape; 0 for items without a snapshot.</summary>
    public required int StateVersion { get; init; }

    /// <summary>How many items are ready, those that are paused themselves among them.</summary>
    public required long Ready { get; init; }

    /// <summary>Since when the longest due of the delayed items is due; null where none is.</summary>
    public DateTimeOffset? DueSince { get; init; }

    /// <summary>What is missing, or what is paused, in words.</summary>
    public required string Why { get; init; }
}

/// <summary>One engine as the file knows it, whether a worker serves it or not.</summary>
public sealed record EngineInfo
{
    /// <summary>The id of the engine.</summary>
    public required string EngineId { get; init; }

    /// <summary>Its counts in each queue.</summary>
    public required IReadOnlyList<QueueCounts> Queues { get; init; }

    /// <summary>The sum of them.</summary>
    public required StateCounts Counts { get; init; }

    /// <summary>How many living workers serve it, in whatever queue.</summary>
    public required int Workers { get; init; }

    /// <summary>Who has paused it, why and until when; null where nobody has. One of its queues, or the file, may be paused all the same.</summary>
    public PauseInfo? Pause { get; init; }

    /// <summary>The longest waiting for each priority that has ready items, highest first, the first 100 priorities.</summary>
    public required IReadOnlyList<OldestReady> OldestReady { get; init; }

    /// <summary>Its ready and due work that no living worker serves, or that is paused by engine, queue or file; empty where all is served.</summary>
    public required IReadOnlyList<UnservedWork> Unserved { get; init; }
}
