namespace Roost;

/// <summary>Why a work item is a dead letter, or why its last try failed.</summary>
public static class FailReasons
{
    /// <summary>The engine returned <see cref="Outcome.Fail"/>.</summary>
    public const string EngineFailed = "engine_failed";

    /// <summary>The engine threw in every try.</summary>
    public const string MaxAttempts = "max_attempts";

    /// <summary>
    /// The program is wrong, and no further try was made: the engine made no first state, or has no outcome, state, name or reason where there must
    /// be one; its state is too large, does not serialize or is none of this step's; the payload or the state cannot be read as the type that was
    /// asked for; or an artifact, event or child that the step added breaks a rule. Change the engine or the payload, then retry.
    /// </summary>
    public const string InvalidStep = "invalid_step";

    /// <summary>The engine threw, and said by <see cref="IEngine.Retry"/> that no further try can help.</summary>
    public const string NotRetried = "not_retried";

    /// <summary>
    /// A try asked to be tried again (<see cref="Outcome.RetryAfter"/>) more often in a row than <see cref="RoostOptions.MaxRetryAfters"/>, and was charged;
    /// the last one of a dead letter has <see cref="MaxAttempts"/> instead.
    /// </summary>
    public const string RetryAfter = "retry_after";

    /// <summary>A try of the step threw; the last one of a dead letter has <see cref="MaxAttempts"/> instead.</summary>
    public const string Error = "error";

    /// <summary>A try of the step took longer than it may.</summary>
    public const string TimedOut = "timed_out";

    /// <summary>A try went on after its timeout and grace period and was abandoned; its code may still be running.</summary>
    public const string Abandoned = "abandoned";

    /// <summary>The process died during the step too often, or once where the engine asks to park such items.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>The deadline passed before the work was done.</summary>
    public const string DeadlineExceeded = "deadline_exceeded";

    /// <summary>The stored snapshot does not match its SHA-256, or is missing.</summary>
    public const string CorruptSnapshot = "corrupt_snapshot";

    /// <summary>The stored payload does not match its SHA-256.</summary>
    public const string CorruptPayload = "corrupt_payload";

    /// <summary>A stored signal or answer that the step was given, or took, does not match its SHA-256.</summary>
    public const string CorruptSignal = "corrupt_signal";

    /// <summary>A recorded result of an effect does not match its SHA-256.</summary>
    public const string CorruptEffect = "corrupt_effect";

    /// <summary>
    /// A try came with other arguments for an effect than were recorded, or its recorded result cannot be read as the type that is asked for. Change the engine
    /// so that each try makes the same calls; or retry it without what was recorded.
    /// </summary>
    public const string EffectMismatch = "effect_mismatch";

    /// <summary>
    /// The result of an effect cannot be recorded: it is too large, is not written as JSON, or does not come back from it. The call may have been made.
    /// </summary>
    public const string EffectUnrecordable = "effect_unrecordable";

    /// <summary>It is not known whether an effect has happened, and a person who was asked has answered that the item fails.</summary>
    public const string EffectUnknown = "effect_unknown";

    /// <summary>
    /// A state that a step returned would not come back from the file as it is: a member of it would be lost or changed. The step is not tried again.
    /// </summary>
    public const string StateNotKept = "state_not_kept";

    /// <summary>
    /// The item committed an unchanged state <see cref="RoostOptions.MaxStepsWithoutProgress"/> times in a row, without a delay, an event, an artifact or a
    /// child.
    /// </summary>
    public const string NoProgress = "no_progress";

    /// <summary>The item has committed as many steps as <see cref="WorkItem.MaxSteps"/> allows, and would have gone on.</summary>
    public const string MaxSteps = "max_steps";
}
