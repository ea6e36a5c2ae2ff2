namespace Roost.Storage;

/// <summary>One claimed work item in the hands of this process: what the step needs, and what its commit is fenced by.</summary>
internal sealed class LeasedWork
{
    public required long WorkKey { get; init; }
    public required Lane Lane { get; set; }
    public required long Token { get; init; }
    public required WorkItem Item { get; init; }
    public required int Version { get; set; }
    public required Snapshot? Snapshot { get; set; }
    public required byte[]? SnapshotHash { get; set; }
    public required int Failures { get; set; }
    public required int Interruptions { get; set; }
    public required bool Solo { get; init; }
    public required int ResourceCount { get; init; }
    public required long? Deadline { get; init; }
    public required bool CancelRequested { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string FileId { get; init; }
    public required long Nonce { get; init; }
    public required int Branch { get; init; }
    public required int Depth { get; init; }

    /// <summary>When it took its slot, on the clock's monotonic timestamps: how long it may keep the slot while others are ready.</summary>
    public required long SlotSince { get; init; }

    /// <summary>What <see cref="Session.WaitedForTurns"/> was then.</summary>
    public required TimeSpan WaitedBefore { get; init; }

    /// <summary>The same item under a new lease, at the version that its last step has saved.</summary>
    public LeasedWork Again(in WorkRow row, Lane lane, Snapshot snapshot, Session session) => new()
    {
        WorkKey = WorkKey,
        Lane = lane,
        Token = row.Token!.Value,
        Item = row.Priority == Item.Priority && row.Deadline == Deadline ? Item : Item with { Priority = row.Priority, Deadline = StoredTime.Read(row.Deadline) },
        Version = row.Version,
        Snapshot = snapshot,
        SnapshotHash = null,
        Failures = row.Failures,
        Interruptions = row.Interruptions,
        Solo = row.Solo,
        ResourceCount = row.ResourceCount,
        Deadline = row.Deadline,
        CancelRequested = row.CancelRequested,
        CreatedAt = CreatedAt,
        FileId = FileId,
        Nonce = Nonce,
        Branch = Branch,
        Depth = Depth,
        SlotSince = session.Options.TimeProvider.GetTimestamp(),
        WaitedBefore = session.WaitedForTurns,
    };

    /// <summary>Goes on with the next step under the same lease.</summary>
    public void Advance(StepCommit commit)
    {
        Version++;
        Snapshot = commit.Next;
        SnapshotHash = null;
        Lane = commit.KeptLane!;
        Failures = 0;
        Interruptions = 0;
    }
}
