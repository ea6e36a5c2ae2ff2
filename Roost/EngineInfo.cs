
namespace Roost;

/// <summary>The item at the head of the ready order for one priority: how long that priority waits.</summary>
/// <param name="Priority">The priority.</param>
/// <param name="Since">Since when that item is ready.</param>
public sealed record OldestReady(int Priority, DateTimeOffset Since);

/// <summary>Work of an engine in one queue that could run now, if a living worker served it.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="StateVersion">The version of the stored state's shape; 0 for items without a snapshot.</param>
/// <param name="Ready">How many items are ready.</param>
/// <param name="DueSince">Since when the longest due of the delayed items is due; null where none is.</param>
/// <param name="Why">What is missing, in words.</param>
public sealed record UnservedWork(string Queue, int StateVersion, long Ready, DateTimeOffset? DueSince, string Why);

/// <summary>One engine as the file knows it, whether a worker serves it or not.</summary>
/// <param name="EngineId">The id of the engine.</param>
/// <param name="Queues">Its counts in each queue.</param>
/// <param name="Counts">The sum of them.</param>
/// <param name="Workers">How many living workers serve it, in whatever queue.</param>
/// <param name="OldestReady">The longest waiting for each priority that has ready items, highest first, the first 100 priorities.</param>
/// <param name="Unserved">Its ready and due work that no living worker serves; empty where all is served.</param>
public sealed record EngineInfo(
    string EngineId, IReadOnlyList<QueueCounts> Queues, StateCounts Counts, int Workers,
    IReadOnlyList<OldestReady> OldestReady, IReadOnlyList<UnservedWork> Unserved);
