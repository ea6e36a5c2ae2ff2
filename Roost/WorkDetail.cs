using System.Text.Json;

namespace Roost;

/// <summary>One work item with everything about it, as of one moment.</summary>
public sealed record WorkDetail
{
    /// <summary>The item in one line.</summary>
    public required WorkSummary Summary { get; init; }

    /// <summary>Where it stands, as a sentence for a person: what runs it, or why nothing does.</summary>
    public required string Situation { get; init; }

    /// <summary>
    /// The same, to stand beside <see cref="WorkSummary.State"/>: without the state's name where the sentence begins with it. <c>since 2026-01-01 00:00:00Z</c>
    /// of an item that is done. Null where the state says it all.
    /// </summary>
    public string? Why { get; init; }

    /// <summary>
    /// The payload that it was enqueued with, checked against its SHA-256; JSON null where <see cref="PayloadError"/> says that it is damaged.
    /// </summary>
    public required JsonElement Payload { get; init; }

    /// <summary>Why the payload cannot be shown: it does not match its SHA-256. Else null.</summary>
    public string? PayloadError { get; init; }

    /// <summary>The resources that it asks for, in name order.</summary>
    public required IReadOnlyList<string> Resources { get; init; }

    /// <summary>Those of <see cref="Resources"/> that it holds now, or was handed while it still waits for others.</summary>
    public required IReadOnlyList<string> ResourcesHeld { get; init; }

    /// <summary>How long it holds its resources.</summary>
    public required ResourceHold ResourceHold { get; init; }

    /// <summary>The resource that it waits for, while it is blocked; else null.</summary>
    public string? BlockedOn { get; init; }

    /// <summary>Since when it is ready; null where it is not.</summary>
    public DateTimeOffset? ReadySince { get; init; }

    /// <summary>Until when it is delayed; null where it is not.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>The moment after which it fails; null for none.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>How long each of its steps may take; null where the engine or the options decide.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How many tries each of its steps gets; null where the options decide.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>How many steps it may commit after its first state, or after its last retry; null for no limit.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>The idempotency key that it was enqueued with, or null.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The item that it belongs to, or null.</summary>
    public string? ParentId { get; init; }

    /// <summary>Whether it is a child of that in name only: the parent neither waits for its end nor takes it along when it is cancelled.</summary>
    public bool Detached { get; init; }

    /// <summary>How many children it has in each state; a state without any is left out.</summary>
    public required IReadOnlyDictionary<WorkState, int> Children { get; init; }

    /// <summary>What it waits for, while it waits; else null.</summary>
    public WaitInfo? Wait { get; init; }

    /// <summary>What keeps it from being claimed: its own pause, then those of the file, its engine and its queue. Empty once it has ended.</summary>
    public IReadOnlyList<PauseInfo> Pauses { get; init; } = [];

    /// <summary>How many signals lie in its mailbox that no step has taken.</summary>
    public int Signals { get; init; }

    /// <summary>How many tries of its present step have failed.</summary>
    public required int Failures { get; init; }

    /// <summary>How many times the process has died during its present step.</summary>
    public required int Interruptions { get; init; }

    /// <summary>How many times in a row its present step has asked to be tried again without being charged.</summary>
    public required int RetryAfters { get; init; }

    /// <summary>Why it did so the last time, while the item is delayed for it; else null.</summary>
    public string? RetryWhy { get; init; }

    /// <summary>Whether somebody asked to cancel it while it runs.</summary>
    public required bool CancelRequested { get; init; }

    /// <summary>The reason that was given for cancelling or discarding it, or null.</summary>
    public string? CancelReason { get; init; }

    /// <summary>Its last snapshot, checked against its SHA-256; null before the first, and where <see cref="SnapshotError"/> says that it is damaged.</summary>
    public Snapshot? Snapshot { get; init; }

    /// <summary>Why the last snapshot cannot be shown: it is missing or does not match its SHA-256. Else null.</summary>
    public string? SnapshotError { get; init; }

    /// <summary>Who holds it, while it runs; else null.</summary>
    public Lease? Lease { get; init; }

    /// <summary>Why it is a dead letter, or why the last try of its present step failed; else null.</summary>
    public WorkFailure? LastFailure { get; init; }

    /// <summary>What it has produced, oldest first.</summary>
    public required IReadOnlyList<Artifact> Artifacts { get; init; }
}
