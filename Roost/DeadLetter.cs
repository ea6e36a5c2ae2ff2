
namespace Roost;

/// <summary>A failed work item with its reason and last error, kept until it is retried or discarded.</summary>
public sealed record DeadLetter
{
    /// <summary>The item in one line, with the step that it had reached.</summary>
    public required WorkSummary Item { get; init; }

    /// <summary>
    /// Why it failed. A list leaves the stack trace and the exceptions within the error out, but for type and message of the one at the bottom.
    /// </summary>
    public required WorkFailure Failure { get; init; }

    /// <summary>
    /// The snapshot that a retry goes on from; null before the first, in lists, and where <see cref="SnapshotError"/> says that it is damaged.
    /// </summary>
    public Snapshot? Snapshot { get; init; }

    /// <summary>
    /// The key of the group of dead letters that failed alike, for <see cref="DeadLetterFilter.Group"/>; null for what failed before groups were kept.
    /// </summary>
    public string? Group { get; init; }

    /// <summary>Why the snapshot cannot be shown: it is missing or does not match its SHA-256. Else null.</summary>
    public string? SnapshotError { get; init; }
}

/// <summary>Which dead letters are meant. What is left out does not narrow it: an empty filter means all of them.</summary>
public sealed record DeadLetterFilter
{
    /// <summary>As <see cref="Group"/>: those that are in no group, because they failed before groups were kept.</summary>
    public const string NoGroup = "none";

    /// <summary>Items of this engine alone. Default: of any.</summary>
    public string? Engine { get; init; }

    /// <summary>Items in this queue alone. Default: in any.</summary>
    public string? Queue { get; init; }

    /// <summary>Those that failed for this reason: one of <see cref="FailReasons"/>. Default: for any.</summary>
    public string? Reason { get; init; }

    /// <summary>Those whose exception, or the one at its bottom, had this type, by its full name. Default: any.</summary>
    public string? ErrorType { get; init; }

    /// <summary>
    /// Those whose error message, or that of the exception at its bottom, holds this text, the letters A to Z in either case; 1 to 1,000 characters. Default:
    /// any.
    /// </summary>
    public string? Error { get; init; }

    /// <summary>Those of this group: a <see cref="DeadLetterGroup.Key"/>, or <see cref="NoGroup"/>. Default: of any.</summary>
    public string? Group { get; init; }

    /// <summary>Those that failed before this moment. Default: whenever.</summary>
    public DateTimeOffset? FailedBefore { get; init; }

    /// <summary>Those that failed at this moment or later. Default: whenever.</summary>
    public DateTimeOffset? FailedAfter { get; init; }
}
