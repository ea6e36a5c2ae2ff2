namespace Roost.Stores;

/// <summary>What became of a commit: the same lease goes on with the next step, it was given back, or nothing was saved.</summary>
internal readonly record struct CommitResult
{
    /// <summary>The lane of the next step, where the lease was kept.</summary>
    public Lane? Lane { get; private init; }

    private bool IsSaved { get; init; }

    public bool IsKept => Lane is not null;

    /// <summary>Saved; the same lease goes on with the next step.</summary>
    public static CommitResult Kept(Lane lane) => new() { IsSaved = true, Lane = lane };

    /// <summary>Saved; the lease is given back.</summary>
    public static CommitResult Released { get; } = new() { IsSaved = true };

    /// <summary>Nothing was saved: the lease belongs to nobody or somebody else.</summary>
    public static CommitResult Lost => default;
}

/// <summary>
/// A step's outcome, checked and written as JSON, ready for its transaction: which sets the time of <paramref name="Next"/>, that no engine has yet.
/// </summary>
internal sealed record StepCommit(
    LeasedWork Lease,
    OutcomeKind Kind,
    string? Reason,
    long DelayMs,
    Snapshot? Next,
    byte[] Hash,
    int StateVersion,
    Staged? Staged
)
{
    private StoredDifference? difference;
    private bool isCompared;

    /// <summary>How many times in a row the state has been the same with this commit; 0 where it got on.</summary>
    public int Unchanged { get; init; }

    /// <summary>What the item waits for, where the step says that it waits.</summary>
    public WaitFor? Wait { get; init; }

    /// <summary>The step has recorded effects.</summary>
    public bool HasEffects { get; init; }

    /// <summary>The group of the dead letter that it makes, where it is one.</summary>
    public long Group { get; init; }

    /// <summary>How its state is stored, where it has one; found out by whoever asks first, which is the step's own thread.</summary>
    public StateForm? Form
    {
        get
        {
            if (Next is null) return null;
            if (!isCompared) (difference, isCompared) = (StateForm.DifferenceOf(Lease, Next.Utf8, StateVersion), true);
            return new(Next.Version, Next.Utf8, difference);
        }
    }

    public int Bytes => (Form?.Bytes ?? 0) + (Staged?.Bytes ?? 0) + 256;
}
