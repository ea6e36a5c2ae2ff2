using Roost.Observing;

namespace Roost.Stores;

/// <summary>What each claim finds anew of an item.</summary>
internal readonly record struct LeaseFacts
{
    public required long WorkKey { get; init; }

    /// <summary>The worker that it was claimed for.</summary>
    public required long WorkerKey { get; init; }

    /// <summary>Whose slot it has. A step that outlives its loop must not be counted against the next one.</summary>
    public required SlotLedger Slots { get; init; }

    public required Lane Lane { get; init; }
    public required long Token { get; init; }
    public required int Version { get; init; }
    public required int Failures { get; init; }
    public required int Interruptions { get; init; }

    /// <summary>How many times in a row its step has asked to be tried again.</summary>
    public required int RetryAfters { get; init; }

    /// <summary>How many times in a row its state was committed as it was before.</summary>
    public required int Unchanged { get; init; }

    public required bool Solo { get; init; }
    public required int ResourceCount { get; init; }
    public required long? Deadline { get; init; }
    public required bool CancelRequested { get; init; }

    /// <summary>Signals lie in its mailbox, or it was woken from a wait.</summary>
    public required bool HasMail { get; init; }

    /// <summary>A try of its step has been begun before.</summary>
    public required bool IsTried { get; init; }

    /// <summary>When it took its slot, by the clock that nobody sets, and for how long the process had waited by then for others to have their turn.</summary>
    public required (long At, TimeSpan Waited) SlotTaken { get; init; }
}

/// <summary>One claimed work item in the hands of this process: what the step needs, and what its commit is fenced by.</summary>
internal sealed class LeasedWork(LeaseFacts facts)
{
    private const string FirstStep = "init";

    public long WorkKey => facts.WorkKey;
    public long WorkerKey => facts.WorkerKey;
    public SlotLedger Slots => facts.Slots;
    public long Token => facts.Token;
    public bool Solo => facts.Solo;
    public int ResourceCount => facts.ResourceCount;
    public long? Deadline => facts.Deadline;
    public bool CancelRequested => facts.CancelRequested;
    public bool HasMail => facts.HasMail;
    public (long At, TimeSpan Waited) SlotTaken => facts.SlotTaken;

    public Lane Lane { get; private set; } = facts.Lane;
    public required WorkItem Item { get; init; }
    public int Version { get; private set; } = facts.Version;
    public required Snapshot? Snapshot { get; set; }
    public required byte[]? SnapshotHash { get; set; }

    /// <summary>Why there is no <see cref="Snapshot"/> where its version has one.</summary>
    public string? SnapshotFault { get; init; }

    /// <summary>What its next version can be stored as a difference from.</summary>
    public StateBase Base { get; set; }

    /// <summary>Versions of it are, or were, stored as differences.</summary>
    public bool HasDifferences { get; set; }

    /// <summary>Its steps have recorded effects, or written streams.</summary>
    public bool HasRecords { get; set; }

    /// <summary>Code that is not Roost's has had its snapshots in its hands, and may go on looking at them.</summary>
    public bool IsStateSeen { get; set; }

    /// <summary>It has stepped since it was read from the file.</summary>
    public bool HasStepped { get; private set; }

    /// <summary>What the payload has to match; null where it is not known, or checked already.</summary>
    public byte[]? PayloadHash { get; set; }

    /// <summary>Where it comes from, and the span of its step; null where nobody traces it.</summary>
    public ItemTrace? Trace { get; set; }

    /// <summary>What has woken it, where its present step is the first after a wait.</summary>
    public Wake? Wake { get; set; }

    /// <summary>Up to which signal its step sees.</summary>
    public long SignalsSeen { get; set; }

    /// <summary>What its step says while it runs; null where that has said nothing.</summary>
    public StepOutput? Output { get; set; }

    /// <summary>How long it had been ready when it was claimed; null for the further steps of a lease that was kept.</summary>
    public long? WaitMilliseconds { get; set; }

    /// <summary>How long the engine's code has taken for the last try.</summary>
    public long RunMicroseconds { get; set; }

    /// <summary>The name of the step that a try which fails is counted under: the one that it started from.</summary>
    public string StepBefore => Snapshot?.Step ?? FirstStep;

    public int Failures => IsFirst ? facts.Failures : 0;
    public int Interruptions => IsFirst ? facts.Interruptions : 0;

    /// <summary>How many times in a row its step has asked to be tried again.</summary>
    public int RetryAfters => IsFirst ? facts.RetryAfters : 0;

    /// <summary>A try of this step has ended without a version, or its process with it: there is something that its commit has to take back.</summary>
    public bool HasRecord => Failures > 0 || Interruptions > 0 || RetryAfters > 0;

    /// <summary>A try of its step has been begun before, so that something of it may be recorded.</summary>
    public bool IsTried => IsFirst && facts.IsTried;

    /// <summary>The version at which it must have ended; null for none.</summary>
    public required int? LastVersion { get; init; }

    /// <summary>How many times in a row its state was committed as it was before.</summary>
    public int Unchanged { get; private set; } = facts.Unchanged;

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The store's identity; what is done twice on a copy must not have the same keys.</summary>
    public required string FileId { get; init; }

    public required long Nonce { get; init; }
    public required int Branch { get; init; }
    public required int Depth { get; init; }

    /// <summary>The same item under a new lease, at the version that its last step has saved.</summary>
    public LeasedWork Again(LeaseFacts lease, int priority, Snapshot snapshot, StateForm form) => new(lease)
    {
        Item = priority == Item.Priority && lease.Deadline == Deadline ? Item : Item with { Priority = priority, Deadline = StoredTime.Read(lease.Deadline) },
        Snapshot = snapshot,
        SnapshotHash = null,
        Base = form.Base,
        HasDifferences = HasDifferences || !form.IsWhole,
        HasRecords = HasRecords,
        HasStepped = true,
        IsStateSeen = IsStateSeen,
        FileId = FileId,
        CreatedAt = CreatedAt,
        Nonce = Nonce,
        Branch = Branch,
        Depth = Depth,
        LastVersion = LastVersion,
        Trace = Trace?.Origin is { } origin ? new(origin) : null,
    };

    /// <summary>Its step is the one that it was claimed for: nothing is held against those that follow.</summary>
    private bool IsFirst => Version == facts.Version;

    /// <summary>Goes on with the next step under the same lease.</summary>
    public void Advance(StepCommit commit, CommitResult result)
    {
        StateForm form = commit.Form!.Value; // It looks at the state before.
        if (!IsStateSeen) Snapshot?.Recycle();
        Version++;
        Snapshot = commit.Next;
        SnapshotHash = null;
        Base = form.Base;
        HasDifferences |= !form.IsWhole;
        HasStepped = true;
        PayloadHash = null;
        HasRecords |= commit.HasEffects || Output is not null;
        Output = null;
        WaitMilliseconds = null;
        Lane = result.Lane!;
        Unchanged = commit.Unchanged;
    }
}
