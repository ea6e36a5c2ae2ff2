namespace Roost.Stores;

/// <summary>What became of a commit.</summary>
internal enum CommitResult
{
    /// <summary>Saved; the same lease goes on with the next step.</summary>
    Kept,

    /// <summary>Saved; the lease is given back.</summary>
    Released,

    /// <summary>Nothing was saved: the lease belongs to nobody or somebody else.</summary>
    Lost,
}

/// <summary>A step's outcome, checked and written as JSON, ready for its transaction.</summary>
internal sealed record StepCommit(LeasedWork Lease, OutcomeKind Kind, string? Reason, long DelayMs, Snapshot? Next, byte[] Hash, int StateVersion, Staged? Staged)
{
    /// <summary>The lane of the next step, where the lease was kept.</summary>
    public Lane? KeptLane { get; set; }

    /// <summary>How many times in a row the state has been the same with this commit; 0 where it got on.</summary>
    public int Unchanged { get; init; }

    /// <summary>The group of the dead letter that it makes, where it is one.</summary>
    public long Group { get; init; }

    public int Bytes => (Next?.Utf8.Length ?? 0) + (Staged?.Bytes ?? 0) + 256;
}
