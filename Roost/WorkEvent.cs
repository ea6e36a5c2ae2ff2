using System.Text.Json;

namespace Roost;

/// <summary>One line of the append-only history.</summary>
public sealed record WorkEvent
{
    /// <summary>The sequence number: rising in the order of the commits, never reused; gaps are normal.</summary>
    public required long Sequence { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What happened: one of <see cref="EventKinds"/>, or a name that an engine gave.</summary>
    public required string Kind { get; init; }

    /// <summary>The work item, or null where the event is about the file.</summary>
    public string? WorkId { get; init; }

    /// <summary>The details as JSON, or null.</summary>
    public JsonElement? Data { get; init; }
}

/// <summary>The kinds of events that Roost itself writes. An engine's own kinds are stored with the prefix <c>engine.</c></summary>
public static class EventKinds
{
    /// <summary>A work item was created; the data says its delay, and where it runs another again, which (<c>from</c>).</summary>
    public const string Enqueued = "enqueued";

    /// <summary>A worker took the lease; of an item that asks for resources the data says how long it had been ready by then.</summary>
    public const string Claimed = "claimed";

    /// <summary>A worker would have taken the lease, and another item holds a resource that it takes; the data says which. It waits for that.</summary>
    public const string Blocked = "blocked";

    /// <summary>A step was committed and the item goes on; the data says version and step, and the delay where there is one.</summary>
    public const string Stepped = "stepped";

    /// <summary>The item waits; the data says for which signals, question or children, and until when.</summary>
    public const string Waiting = "waiting";

    /// <summary>The item has waited and goes on; the data says what woke it.</summary>
    public const string Woken = "woken";

    /// <summary>A person has answered a question; the data says which, who and what.</summary>
    public const string Answered = "answered";

    /// <summary>A question was withdrawn; the data says which, who and why.</summary>
    public const string AskWithdrawn = "ask_withdrawn";

    /// <summary>A signal has come; the data says its name, its id and who sent it, where these are known.</summary>
    public const string Signalled = "signalled";

    /// <summary>
    /// A signal that a step has sent was refused: there is no such item, it has ended, or its mailbox is full. The data says to whom and why.
    /// </summary>
    public const string SignalDropped = "signal_dropped";

    /// <summary>The engine has finished the item.</summary>
    public const string Done = "done";

    /// <summary>A try of a step failed; the data says attempt, error and the wait before the next.</summary>
    public const string StepFailed = "step_failed";

    /// <summary>A try saved nothing and asked to be tried again, uncharged; the data says the delay, why, and how many times in a row it has.</summary>
    public const string RetryAfter = "retry_after";

    /// <summary>The item became a dead letter; the data says why.</summary>
    public const string Failed = "failed";

    /// <summary>The process died while a step ran; the item is queued again, and the data says the wait before the next try.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>The lease was given back without a charge: a clean shutdown, or by force.</summary>
    public const string Released = "released";

    /// <summary>Somebody asked to cancel a running item.</summary>
    public const string CancelRequested = "cancel_requested";

    /// <summary>The item was cancelled.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>What belonged to a cancelled item has been cancelled or asked to stop as well; the data says how many of its children.</summary>
    public const string TreeCancelled = "tree_cancelled";

    /// <summary>
    /// Somebody gave a dead letter another state, from which it was retried; the data says the version that this made, its step, and what changed: each path
    /// with what was there and what is there now, at most 50 of them and of each value 200 characters.
    /// </summary>
    public const string Edited = "edited";

    /// <summary>A dead letter was queued again from its last snapshot.</summary>
    public const string Retried = "retried";

    /// <summary>A dead letter was given up.</summary>
    public const string Discarded = "discarded";

    /// <summary>A waiting item was made ready by hand.</summary>
    public const string Requeued = "requeued";

    /// <summary>The priority was changed by hand.</summary>
    public const string PriorityChanged = "priority_changed";

    /// <summary>
    /// An item, an engine, a queue or the file was paused, or paused anew; the data says which (<c>scope</c>, and the <c>name</c> of an engine or queue),
    /// who, why and until when.
    /// </summary>
    public const string Paused = "paused";

    /// <summary>A pause was ended by somebody; the data says what goes on, who and why. An item that ends takes its pause along without this.</summary>
    public const string Resumed = "resumed";

    /// <summary>A pause has ended because its time was over; the data says what goes on.</summary>
    public const string PauseOver = "pause_over";

    /// <summary>An item that is done or was cancelled was enqueued again as a new one; the data says its id, and what changed in its payload.</summary>
    public const string RunAgain = "run_again";

    /// <summary>A trigger enqueued a follow-up.</summary>
    public const string Triggered = "triggered";

    /// <summary>A trigger did not enqueue its follow-up; the data says why.</summary>
    public const string TriggerSkipped = "trigger_skipped";

    /// <summary>An engine was told that the item has ended without being done (<see cref="IEngine.OnEndedAsync"/>); the data says in which try.</summary>
    public const string EndTold = "end_told";

    /// <summary>An engine could not be told so, in as many tries as there are; the data says the last error.</summary>
    public const string EndUntold = "end_untold";

    /// <summary>Finished work was purged; about the file.</summary>
    public const string Purged = "purged";

    /// <summary>A worker started; about the file.</summary>
    public const string WorkerStarted = "worker_started";

    /// <summary>A worker stopped cleanly; about the file.</summary>
    public const string WorkerStopped = "worker_stopped";

    /// <summary>A worker was found dead; about the file.</summary>
    public const string WorkerLost = "worker_lost";

    /// <summary>A backup copy was made the file of its own; about the file.</summary>
    public const string Adopted = "adopted";

    /// <summary>All of them, in the order in which they stand here.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Enqueued, Claimed, Blocked, Stepped, Waiting, Woken, Answered, AskWithdrawn, Signalled, SignalDropped, Done, StepFailed, RetryAfter, Failed,
        Interrupted, Released, CancelRequested, Cancelled, TreeCancelled, Edited, Retried, Discarded, Requeued, PriorityChanged, Paused, Resumed, PauseOver,
        RunAgain, Triggered, TriggerSkipped, EndTold, EndUntold, Purged, WorkerStarted, WorkerStopped, WorkerLost, Adopted,
    ];
}
