using Roost.Writing;

namespace Roost;

/// <summary>What a step can end with; a continuation may have a delay.</summary>
public enum OutcomeKind
{
    /// <summary>Step again, at once or after a delay.</summary>
    Continue,

    /// <summary>The work is done.</summary>
    Done,

    /// <summary>The work has failed for good.</summary>
    Fail,
}

/// <summary>What a step returns: continue, continue after a delay, done, or failed for good. The set is closed.</summary>
public class Outcome
{
    private protected Outcome(OutcomeKind kind, Snapshot? next, TimeSpan after, string? reason)
    {
        Kind = kind;
        Next = next;
        After = after;
        Reason = reason;
    }

    /// <summary>Which it is; a continuation with a delay has <see cref="After"/> above zero.</summary>
    public OutcomeKind Kind { get; }

    /// <summary>The next snapshot. Null only where a step fails without one.</summary>
    public Snapshot? Next { get; }

    /// <summary>The delay before the next step; zero for none.</summary>
    public TimeSpan After { get; }

    /// <summary>Why the work has failed, for a person; else null.</summary>
    public string? Reason { get; }

    /// <summary>Save the snapshot and step again, at once or after a delay.</summary>
    /// <param name="next">The next snapshot: <see cref="Snapshot.Next(object?, string?)"/> of the one that the step was given.</param>
    /// <param name="after">The delay before the next step, 0 to 10 years, in whole milliseconds rounded up. Default none.</param>
    public static Outcome Continue(Snapshot next, TimeSpan after = default) => new(OutcomeKind.Continue, next, after, null);

    /// <summary>Save the snapshot as the item's last: the work is done.</summary>
    /// <param name="last">The last snapshot.</param>
    public static Outcome Done(Snapshot last) => new(OutcomeKind.Done, last, default, null);

    /// <summary>Give up for good, without further tries: the item becomes a dead letter with reason <c>engine_failed</c>.</summary>
    /// <param name="reason">What a person should know, at most 10,000 characters.</param>
    /// <param name="last">A last snapshot to save, or null to keep the one before.</param>
    public static Outcome Fail(string reason, Snapshot? last = null) => new(OutcomeKind.Fail, last, default, reason);
}

/// <summary>An outcome whose next state is still an object: what <see cref="Engine{TState}"/> returns before its base writes it as JSON.</summary>
internal sealed class TypedOutcome<TState>(OutcomeKind kind, TState? state, bool hasState, TimeSpan after, string? step, string? reason)
    : Outcome(kind, null, after, reason)
{
    public Outcome ToRaw(Snapshot before, StateTrial<TState> trial, int maxBytes)
    {
        if (hasState && state is null) throw new InvalidInputException("state", $"is null (engine \"{before.Engine}\", work item {before.WorkId}, version {before.Version}); give {Kind} the next state.");
        Snapshot? next = hasState ? before.Next(trial.Write(state!, maxBytes), step) : null;
        return Kind switch
        {
            OutcomeKind.Continue => Continue(next!, After),
            OutcomeKind.Done => Done(next!),
            _ => Fail(Reason!, next),
        };
    }
}
