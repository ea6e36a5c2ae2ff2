namespace Roost;

/// <summary>A work item in one line.</summary>
public sealed record WorkSummary
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The id of its engine.</summary>
    public required string Engine { get; init; }

    /// <summary>Its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required WorkState State { get; init; }

    /// <summary>Higher runs first.</summary>
    public required int Priority { get; init; }

    /// <summary>The version of its last snapshot; 0 before the first.</summary>
    public required int Version { get; init; }

    /// <summary>The name of its last step, or null before the first.</summary>
    public string? Step { get; init; }

    /// <summary>When it was enqueued.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed its state or committed a step.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it was done, failed or cancelled; else null.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it is a dead letter, or why its last try failed: one of <see cref="FailReasons"/>; else null.</summary>
    public string? FailReason { get; init; }

    /// <summary>The message of that error; else null.</summary>
    public string? Error { get; init; }

    /// <summary>Who has paused this item, why and until when; null where nobody has. Its engine, its queue or the file may be paused all the same.</summary>
    public PauseInfo? Pause { get; init; }

    /// <summary>How far it is, as one of its steps has said last; null where none has.</summary>
    public WorkProgress? Progress { get; init; }
}
