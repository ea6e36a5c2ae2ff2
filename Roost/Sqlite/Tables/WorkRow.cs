namespace Roost.Sqlite.Tables;

/// <summary>The columns of a work item that transitions change.</summary>
internal readonly record struct WorkRow
{
    public long Key { get; init; }
    public long Lane { get; init; }
    public WorkState State { get; init; }
    public int Priority { get; init; }
    public int Version { get; init; }
    public long UpdatedAt { get; init; }
    public long? EndedAt { get; init; }

    /// <summary>Where it stands while it is ready; where it would stand, while it is paused then.</summary>
    public Place? ReadyPlace { get; init; }

    public long? ReadyAt { get; init; }
    public long? DueAt { get; init; }

    /// <summary>When a delay was written that lasts until <see cref="DueAt"/>; null where that is a moment that somebody named.</summary>
    public long? DelayedAt { get; init; }

    public string? BlockedOn { get; init; }

    /// <summary>The place that it had when it met the name that it waits for.</summary>
    public Place? PlaceBefore { get; init; }

    public bool Solo { get; init; }
    public long? Worker { get; init; }
    public long? Token { get; init; }
    public long? ClaimedAt { get; init; }
    public int Failures { get; init; }
    public int Interruptions { get; init; }

    /// <summary>How many of its interruptions came before a try that returned: that one did not kill its process, so it was beside what did.</summary>
    public int Acquitted { get; init; }

    /// <summary>How many times in a row the step of its version has asked to be tried again.</summary>
    public int RetryAfters { get; init; }

    /// <summary>Why it did so the last time, while that is what it is delayed for.</summary>
    public string? RetryWhy { get; init; }

    public bool ParkInterrupted { get; init; }
    public bool CancelRequested { get; init; }
    public string? CancelReason { get; init; }
    public long? Deadline { get; init; }
    public int ResourceCount { get; init; }
    public bool HoldForLife { get; init; }
    public long? Parent { get; init; }

    /// <summary>Its parent neither counts its end nor takes it along when it is cancelled.</summary>
    public bool Detached { get; init; }

    /// <summary>How many times in a row its state was committed as it was before.</summary>
    public int Unchanged { get; init; }

    /// <summary>It has signals in its mailbox, waits, or was woken and has not committed the step after that.</summary>
    public bool HasMail { get; init; }

    /// <summary>Somebody has paused this very item: whatever its condition, it stands in no order that leads to a claim.</summary>
    public bool IsPaused { get; init; }

    /// <summary>The version whose step was begun last: where that is <see cref="Version"/>, what it sees of its mailbox is settled.</summary>
    public int TriedVersion { get; init; }

    /// <summary>A step of its present version has been begun, be it this one or a try before.</summary>
    public bool IsTried => State == WorkState.Running || TriedVersion == Version;

    public Condition Condition => State switch
    {
        WorkState.Queued when ReadyPlace is not null => Condition.Ready,
        WorkState.Queued when DueAt is not null => Condition.Delayed,
        WorkState.Queued => Condition.Blocked,
        WorkState.Running => Condition.Running,
        WorkState.Waiting => Condition.Waiting,
        WorkState.Done => Condition.Done,
        WorkState.Failed => Condition.Failed,
        _ => Condition.Cancelled,
    };

    /// <summary>
    /// Keeps its life-long resources while it is not ended: it has run a step, and is not waiting for one of them, as after a retry. In SQL it is
    /// <see cref="Files.Invariant.HoldsForLifeSql"/>.
    /// </summary>
    public bool HoldsForLife => HoldForLife && BlockedOn is null && (Version > 0 || Failures > 0 || Interruptions > 0);

    /// <summary>
    /// The key of the item of an id, which is ?1. The row that the id's index leads to is looked at again, so that a damaged index finds nothing
    /// rather than another item.
    /// </summary>
    public const string KeyOfIdSql = "(SELECT key FROM roost_work WHERE id = ?1) AND +id = ?1";

    /// <summary>The id of the item of an engine, ?1, that has an idempotency key, ?2.</summary>
    public const string IdOfIdempotencyKeySql =
        "SELECT w.id FROM roost_idempotency k JOIN roost_work w ON w.key = k.work WHERE k.engine = ?1 AND k.key = ?2";

    public WorkRow AsReady(Place place, long now) => Unplaced() with { State = WorkState.Queued, ReadyPlace = place, ReadyAt = now };

    public WorkRow AsDelayed(long delay, long now) => Unplaced() with { State = WorkState.Queued, DueAt = now + delay, DelayedAt = now };

    public WorkRow AsBlocked(string name, Place place) => Unplaced() with { State = WorkState.Queued, BlockedOn = name, PlaceBefore = place };

    /// <param name="delayMs">How long at most; or null.</param>
    /// <param name="until">Until when, where that is a moment which somebody named; or null.</param>
    /// <param name="now">The time.</param>
    public WorkRow AsWaiting(long? delayMs, long? until, long now) => Unplaced() with
    {
        State = WorkState.Waiting,
        DueAt = until ?? now + delayMs,
        DelayedAt = delayMs is null ? null : now,
        HasMail = true,
    };

    public WorkRow AsRunning(long worker, long token, long now) =>
        Unplaced() with { State = WorkState.Running, Worker = worker, Token = token, ClaimedAt = now, TriedVersion = Version };

    public WorkRow AsEnded(WorkState state, long now) => Unplaced() with { State = state, EndedAt = now, Solo = false, IsPaused = false };

    /// <summary>A step has succeeded: nothing is held against the next one.</summary>
    public WorkRow WithCleanRecord() => this with
    {
        Failures = 0,
        Interruptions = 0,
        Acquitted = 0,
        RetryAfters = 0,
        Solo = false,
    };

    /// <summary>How often the process has died during this step since a try of it last returned.</summary>
    public int Suspicions => Interruptions - Acquitted;

    private WorkRow Unplaced() => this with
    {
        ReadyPlace = null,
        ReadyAt = null,
        DueAt = null,
        DelayedAt = null,
        RetryWhy = null,
        BlockedOn = null,
        PlaceBefore = null,
        Worker = null,
        Token = null,
        ClaimedAt = null,
        EndedAt = null,
    };
}
