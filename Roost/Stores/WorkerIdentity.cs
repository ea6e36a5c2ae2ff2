namespace Roost.Stores;

/// <summary>What a worker says about itself when it starts.</summary>
internal sealed record WorkerIdentity(
    string Id, int ProcessId, string Machine, string LockFile, long LeaseMs, int Concurrency,
    IReadOnlyList<ServedEngine> Engines, IReadOnlyList<string> Queues);

/// <summary>A running worker as the table has it.</summary>
internal sealed record WorkerRow(long Key, string Id, string LockFile, long Heartbeat, long ExpiresAt, long LeaseMs);

/// <summary>One engine that a worker serves, as stored in its row.</summary>
internal sealed record ServedEngine(string Id, int StateVersion, int? Limit);
