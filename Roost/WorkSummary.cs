namespace Roost;

/// <summary>A work item in one line.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Engine">The id of its engine.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Priority">Higher runs first.</param>
/// <param name="Version">The version of its last snapshot; 0 before the first.</param>
/// <param name="Step">The name of its last step, or null before the first.</param>
/// <param name="CreatedAt">When it was enqueued.</param>
/// <param name="UpdatedAt">When it last changed its state or committed a step.</param>
/// <param name="EndedAt">When it was done, failed or cancelled; else null.</param>
/// <param name="FailReason">Why it is a dead letter, or why its last try failed: one of <see cref="FailReasons"/>; else null.</param>
/// <param name="Error">The message of that error; else null.</param>
public sealed record WorkSummary(
    string Id, string Engine, string Queue, WorkState State, int Priority, int Version, string? Step,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? EndedAt, string? FailReason, string? Error);
