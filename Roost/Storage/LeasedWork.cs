namespace Roost.Storage;

/// <summary>One claimed work item in the hands of this process: what the step needs, and what its commit is fenced by.</summary>
internal sealed class LeasedWork
{
    /// <summary>Takes from the row what every claim finds anew.</summary>
    public LeasedWork(in WorkRow row, Lane lane, SlotLedger slots)
    {
        WorkKey = row.Key;
        WorkerKey = row.Worker!.Value;
        Lane = lane;
        Slots = slots;
        Token = row.Token!.Value;
        Version = row.Version;
        Failures = row.Failures;
        Interruptions = row.Interruptions;
        Unchanged = row.Unchanged;
        Solo = row.Solo;
        ResourceCount = row.ResourceCount;
        Deadline = row.Deadline;
        CancelRequested = row.CancelRequested;
    }

    private const string FirstStep = "init";

    public long WorkKey { get; }

    /// <summary>The worker that it was claimed for.</summary>
    public long WorkerKey { get; }

    /// <summary>Whose slot it has. A step that outlives its loop must not be counted against the next one.</summary>
    public SlotLedger Slots { get; }

    public Lane Lane { get; private set; }
    public long Token { get; }
    public required WorkItem Item { get; init; }
    public int Version { get; private set; }
    public required Snapshot? Snapshot { get; set; }
    public required byte[]? SnapshotHash { get; set; }

    /// <summary>What the payload has to match; null where it is not known, or checked already.</summary>
    public byte[]? PayloadHash { get; set; }

    /// <summary>How long it had been ready when it was claimed; null for the further steps of a lease that was kept.</summary>
    public long? WaitMilliseconds { get; set; }

    /// <summary>How long the engine's code has taken for the last try.</summary>
    public long RunMicroseconds { get; set; }

    /// <summary>The name of the step that a try which fails is counted under: the one that it started from.</summary>
    public string StepBefore => Snapshot?.Step ?? FirstStep;

    public int Failures { get; private set; }
    public int Interruptions { get; private set; }

    /// <summary>How many times in a row its state was committed as it was before.</summary>
    public int Unchanged { get; private set; }

    public bool Solo { get; }
    public int ResourceCount { get; }
    public long? Deadline { get; }
    public bool CancelRequested { get; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The store's identity; what is done twice on a copy must not have the same keys.</summary>
    public required string FileId { get; init; }

    public required long Nonce { get; init; }
    public required int Branch { get; init; }
    public required int Depth { get; init; }

    /// <summary>When it took its slot, by the clock that nobody sets, and for how long the process had waited by then for others to have their turn.</summary>
    public required (long At, TimeSpan Waited) SlotTaken { get; init; }

    /// <summary>The same item under a new lease, at the version that its last step has saved.</summary>
    public LeasedWork Again(in WorkRow row, Lane lane, SlotLedger slots, Snapshot snapshot, (long At, TimeSpan Waited) slotTaken) => new(row, lane, slots)
    {
        Item = row.Priority == Item.Priority && row.Deadline == Deadline ? Item : Item with { Priority = row.Priority, Deadline = StoredTime.Read(row.Deadline) },
        Snapshot = snapshot,
        SnapshotHash = null,
        FileId = FileId,
        SlotTaken = slotTaken,
        CreatedAt = CreatedAt,
        Nonce = Nonce,
        Branch = Branch,
        Depth = Depth,
    };

    /// <summary>Goes on with the next step under the same lease.</summary>
    public void Advance(StepCommit commit)
    {
        Version++;
        Snapshot = commit.Next;
        SnapshotHash = null;
        PayloadHash = null;
        WaitMilliseconds = null;
        Lane = commit.KeptLane!;
        Failures = 0;
        Interruptions = 0;
        Unchanged = commit.Unchanged;
    }
}
