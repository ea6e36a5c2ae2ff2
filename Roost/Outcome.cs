using System.Runtime.CompilerServices;
using Roost.Writing;

namespace Roost;

/// <summary>What a step can end with; a continuation may have a delay.</summary>
public enum OutcomeKind
{
    /// <summary>Step again, at once or after a delay.</summary>
    Continue,

    /// <summary>Rest until what is waited for has come, then step again.</summary>
    Wait,

    /// <summary>The work is done.</summary>
    Done,

    /// <summary>The work has failed for good.</summary>
    Fail,

    /// <summary>Save nothing and try the same step again after a delay, uncharged.</summary>
    RetryAfter,
}

/// <summary>What a step returns: continue, continue after a delay, wait, done, failed for good, or once more after a delay. The set is closed.</summary>
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

    /// <summary>The next snapshot. Null only where a step fails without one, or asks to be tried again.</summary>
    public Snapshot? Next { get; }

    /// <summary>The delay before the next step or try; zero for none.</summary>
    public TimeSpan After { get; }

    /// <summary>What it waits for, where it does; else null.</summary>
    public Wait? Wait { get; private protected init; }

    /// <summary>Why the work has failed, or is to be tried again, for a person; else null.</summary>
    public string? Reason { get; }

    /// <summary>Save the snapshot and step again, at once or after a delay.</summary>
    /// <param name="next">The next snapshot: <see cref="Snapshot.Next(object?, string?)"/> of the one that the step was given.</param>
    /// <param name="after">The delay before the next step, 0 to 10 years, in whole milliseconds rounded up. Default none.</param>
    [OverloadResolutionPriority(1)] // A snapshot is no state.
    public static Outcome Continue(Snapshot next, TimeSpan after = default) => new(OutcomeKind.Continue, next, after, null);

    /// <summary>
    /// Save the snapshot and rest until what is waited for has come, or a time is over; the next step is told which by <see cref="StepContext.Wake"/>.
    /// </summary>
    /// <param name="next">The next snapshot.</param>
    /// <param name="wait">What it waits for.</param>
    [OverloadResolutionPriority(1)] // A snapshot is no state.
    public static Outcome WaitFor(Snapshot next, Wait wait) => new(OutcomeKind.Wait, next, default, null) { Wait = wait };

    /// <summary>Save the snapshot as the item's last: the work is done.</summary>
    /// <param name="last">The last snapshot.</param>
    [OverloadResolutionPriority(1)] // A snapshot is no state.
    public static Outcome Done(Snapshot last) => new(OutcomeKind.Done, last, default, null);

    /// <summary>Give up for good, without further tries: the item becomes a dead letter with reason <c>engine_failed</c>.</summary>
    /// <param name="reason">What a person should know, at most 10,000 characters.</param>
    /// <param name="last">A last snapshot to save, or null to keep the one before.</param>
    [OverloadResolutionPriority(1)] // A snapshot is no state.
    public static Outcome Fail(string reason, Snapshot? last = null) => new(OutcomeKind.Fail, last, default, reason);

    /// <summary>
    /// Save nothing and try the same step again after a delay, for what is nobody's fault: a service that asks to come back later, or that is not there yet.
    /// What the step has added (events, artifacts, children) is dropped. It is not charged as a failed try, up to <see
    /// cref="RoostOptions.MaxRetryAfters"/> times in a row for one version of the state; beyond that each is a failed try, with this delay before the next.
    /// Meanwhile the item counts as delayed: it keeps no names but those that it holds for life, and its deadline goes on.
    /// </summary>
    /// <param name="delay">How long to wait before the next try: 0 to 10 years, in whole milliseconds rounded up.</param>
    /// <param name="why">What a person should know; of more than 1,000 characters the first are kept.</param>
    public static Outcome RetryAfter(TimeSpan delay, string why) => new(OutcomeKind.RetryAfter, null, delay, why);

    /// <summary>For the step of an <see cref="Engine{TState}"/>, from wherever it is called: save the state and step again, at once or after a delay.</summary>
    /// <param name="state">The next state: of the engine's type of state.</param>
    /// <param name="after">The delay before the next step, 0 to 10 years, in whole milliseconds rounded up. Default none.</param>
    /// <param name="step">The name of the step for people, 1 to 256 characters. Default: as before.</param>
    public static Outcome Continue<TState>(TState state, TimeSpan after = default, string? step = null) =>
        new TypedOutcome<TState>(OutcomeKind.Continue, state, true, after, step, null);

    /// <summary>For the step of an <see cref="Engine{TState}"/>: save the state and rest until what is waited for has come, or a time is over.</summary>
    /// <param name="state">The next state: of the engine's type of state.</param>
    /// <param name="wait">What it waits for.</param>
    /// <param name="step">The name of the step for people. Default: as before.</param>
    public static Outcome WaitFor<TState>(TState state, Wait wait, string? step = null) =>
        new TypedOutcome<TState>(OutcomeKind.Wait, state, true, default, step, null, wait);

    /// <summary>For the step of an <see cref="Engine{TState}"/>: save the state as the item's last: the work is done.</summary>
    /// <param name="state">The last state: of the engine's type of state.</param>
    /// <param name="step">The name of the step for people.</param>
    public static Outcome Done<TState>(TState state, string step = "done") => new TypedOutcome<TState>(OutcomeKind.Done, state, true, default, step, null);

    /// <summary>For the step of an <see cref="Engine{TState}"/>: give up for good, without further tries, saving a last state.</summary>
    /// <param name="state">The last state: of the engine's type of state.</param>
    /// <param name="reason">What a person should know, at most 10,000 characters.</param>
    /// <param name="step">The name of the step for people.</param>
    public static Outcome Fail<TState>(TState state, string reason, string step = "failed") =>
        new TypedOutcome<TState>(OutcomeKind.Fail, state, true, default, step, reason);
}

/// <summary>An outcome with a state that an engine's base has still to write as JSON.</summary>
internal abstract class StateOutcome : Outcome
{
    protected StateOutcome(OutcomeKind kind, TimeSpan after, string? reason, Wait? wait) : base(kind, null, after, reason) => Wait = wait;

    /// <summary>The same with the engine's type of state, where the step has returned another that is one.</summary>
    public abstract TypedOutcome<T> Of<T>(Snapshot before);
}

/// <summary>An outcome whose next state is still an object: what <see cref="Engine{TState}"/> returns before its base writes it as JSON.</summary>
internal sealed class TypedOutcome<TState>(
    OutcomeKind kind, TState? state, bool hasState, TimeSpan after, string? step, string? reason, Wait? wait = null) : StateOutcome(kind, after, reason, wait)
{
    public override TypedOutcome<T> Of<T>(Snapshot before)
    {
        if (this is TypedOutcome<T> same)
            return same;
        if (!hasState || state is null)
            return new(Kind, default, hasState, After, step, Reason, Wait);
        if (state is T other)
            return new(Kind, other, true, After, step, Reason, Wait);
        throw new InvalidInputException(
            "state",
            $"is {TypeNames.A(state.GetType())} where engine \"{before.Engine}\" has {TypeNames.A(typeof(T))} (work item {before.WorkId}, version " +
            $"{before.Version}); give {Kind} the engine's own state."
        )
        {
            Final = new(before.WorkId),
        };
    }

    public Outcome ToRaw(Snapshot before, StateTrial<TState> trial, int maxBytes)
    {
        if (hasState && state is null)
            throw new InvalidInputException(
                "state",
                $"is null (engine \"{before.Engine}\", work item {before.WorkId}, version {before.Version}); give {Kind} the next state."
            )
            {
                Final = new(before.WorkId),
            };
        int about = before.Utf8.Length + before.Utf8.Length / 16;
        Snapshot? next = hasState ? before.NextWritten(StateJson.Of(before.WorkId, state!, trial, maxBytes, about), step, isOurs: true) : null;
        return Kind switch
        {
            OutcomeKind.Continue => Continue(next!, After),
            OutcomeKind.Wait => WaitFor(next!, Wait!),
            OutcomeKind.Done => Done(next!),
            OutcomeKind.Fail => Fail(Reason!, next),
            _ => throw new InvalidOperationException($"An outcome of kind {Kind} has no raw form."),
        };
    }
}
