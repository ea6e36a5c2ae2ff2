using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>The ways out that no outcome decides: a failed try, cancel, retry and discard of a dead letter, and a deadline that has passed.</summary>
internal sealed class EndTransitions(
    WriteConnection connection, Counters counters, Lanes lanes, WorkTable workTable, SnapshotTable snapshots, ReadyOrder ready, Events events,
    StepTally tally, FailureTable failures, WaitTransitions waits, EffectTable effects, StreamTable streams, EndTable ends, Exit exit)
{
    // With the next step nothing would be otherwise: what is wrong is told as that, even where a deadline has passed as well.
    private static readonly string[] FinalReasons =
    [
        FailReasons.CorruptSnapshot, FailReasons.CorruptPayload, FailReasons.CorruptSignal, FailReasons.InvalidStep, FailReasons.StateNotKept,
        FailReasons.NoProgress, FailReasons.NotRetried, FailReasons.EffectMismatch, FailReasons.EffectUnrecordable, FailReasons.CorruptEffect,
    ];

    private readonly Statement allowMoreSteps = connection.Prepare(
        "UPDATE roost_work_input SET steps_from = max(1, ?2) WHERE work = ?1 AND max_steps IS NOT NULL");

    /// <summary>running -> queued after the backoff, or failed where no further try is left. False: the lease is lost.</summary>
    public bool FailStep(LeasedWork lease, Failure failure, long backoffMs, bool lastTry)
    {
        if (workTable.LoadHeld(lease) is not { } row) return false;
        WorkRow failed = row with { Failures = row.Failures + 1 };
        // A try that returned has not killed its process; one that was abandoned may yet.
        if (failure.Reason != FailReasons.Abandoned) failed = failed with { Acquitted = row.Interruptions, Solo = false };
        bool isOverdue = connection.HasPassed(row.Deadline);
        WorkRow after = row.CancelRequested ? failed.AsEnded(WorkState.Cancelled, connection.Now)
            : isOverdue || lastTry ? failed.AsEnded(WorkState.Failed, connection.Now)
            : backoffMs > 0 ? failed.AsDelayed(backoffMs, connection.Now)
            : failed.AsReady(counters.NextPlace(), connection.Now);
        workTable.Save(row, after);
        tally.Add(lease, lease.StepBefore, failed: true);
        if (after.State == WorkState.Queued) NoteRetry(after, failure, backoffMs);
        exit.Leave(after, isOverdue && !FinalReasons.Contains(failure.Reason) ? failure.AtDeadline(row.Deadline!.Value) : failure);
        return true;
    }

    /// <summary>running -> queued after the delay that the step has asked for, without a charge. False: the lease is lost.</summary>
    public bool RetryAfter(LeasedWork lease, RetryLater later)
    {
        if (workTable.LoadHeld(lease) is not { } row) return false;
        WorkRow again = row with { RetryAfters = row.RetryAfters + 1, Acquitted = row.Interruptions, Solo = false }; // It has not killed its process.
        WorkRow after = row.CancelRequested ? again.AsEnded(WorkState.Cancelled, connection.Now)
            : connection.HasPassed(row.Deadline) ? again.AsEnded(WorkState.Failed, connection.Now)
            : later.DelayMs > 0 ? again.AsDelayed(later.DelayMs, connection.Now) with { RetryWhy = later.Why }
            : again.AsReady(counters.NextPlace(), connection.Now);
        workTable.Save(row, after);
        if (after.State == WorkState.Queued) connection.Measured.Retried(after.Lane, FailReasons.RetryAfter);
        events.Append(EventKinds.RetryAfter, row.Key, (later, after.RetryAfters), static (json, it) =>
        {
            json.WriteNumber("delay_ms", it.later.DelayMs);
            json.WriteString("why", it.later.Why);
            json.WriteNumber("times", it.RetryAfters);
        });
        exit.Leave(after, after.State == WorkState.Failed ? Failure.Deadline(row.Deadline!.Value, row.Failures + 1) : null);
        return true;
    }

    /// <summary>queued -> cancelled at once; a running step is asked to stop. False where the item has ended already.</summary>
    public bool Cancel(in WorkRow row, string? reason)
    {
        if (row.State.IsEnded()) return false;
        if (row.State == WorkState.Running)
        {
            if (row.CancelRequested) return true;
            workTable.Save(row, row with { CancelRequested = true, CancelReason = reason });
            events.AppendReason(EventKinds.CancelRequested, row.Key, reason);
            return true;
        }
        WorkRow after = row.AsEnded(WorkState.Cancelled, connection.Now) with { CancelReason = reason };
        workTable.Save(row, after);
        exit.Cancelled(after);
        return true;
    }

    /// <summary>
    /// failed -> queued, from the last snapshot, with a clean record; or to the wait in which it failed. Its deadline is lifted where it has passed.
    /// </summary>
    /// <param name="row">The dead letter.</param>
    /// <param name="reason">Why.</param>
    /// <param name="fresh">Without what its step has recorded, and with other keys.</param>
    public void Retry(in WorkRow row, string? reason, bool fresh = false)
    {
        if (fresh) effects.BeginAnew(row.Key, row.Version);
        Retry(row, row, reason, fresh);
    }

    /// <summary>The same from a state that somebody has given: the next version.</summary>
    /// <exception cref="ConflictException">The item is not at the version that the state was made of.</exception>
    public void Retry(in WorkRow row, string workId, StateEdit edit, string? reason)
    {
        if (row.Version != edit.FromVersion)
            throw new ConflictException(
                $"Work item {workId} is at version {row.Version}, and the state was edited at version {edit.FromVersion}; look at what it is now."
            );
        Lane lane = lanes.Find(row.Lane)!;
        if (lane.StateVersion != edit.StateVersion) lane = lanes.Get(lane.Engine, lane.Queue, edit.StateVersion);
        int version = row.Version + 1;
        var whole = new StateForm(version, edit.Utf8, null);
        snapshots.Save(row.Key, new(version, edit.StateVersion, edit.Step, edit.Hash, 0), whole);
        snapshots.Trim(row.Key, version, whole, mayHaveDifferences: true, isSteady: false);
        streams.KeepTry(row.Key, row.Version, 0); // None of its tries has made the version that there is now.
        events.Append(EventKinds.Edited, row.Key, edit.Told);
        if (row.HasMail) waits.MoveTo(row.Key, version);
        Retry(row, row with { Version = version, Lane = lane.Key }, reason);
    }

    private void Retry(in WorkRow row, in WorkRow from, string? reason, bool fresh = false)
    {
        StoredWait? wait = waits.InWhichItFailed(from);
        WorkRow clean = from.WithCleanRecord();
        WorkRow after = (wait is { } it ? clean.AsWaiting(it.TimeoutMs, it.Until, connection.Now) : clean.AsReady(counters.NextPlace(), connection.Now)) with
        {
            CancelRequested = false,
            CancelReason = null,
            Unchanged = 0,
        };
        workTable.Save(row, after);
        failures.LeaveGroup(row.Key);
        failures.Forget(row.Key);
        ends.Drop(row.Key);
        allowMoreSteps.Bind(1, row.Key).Bind(2, after.Version).Run();
        if (connection.HasPassed(row.Deadline)) workTable.LiftDeadline(row.Key);
        if (row.Deadline is not null) ready.DeadlinesChanged();
        if (!fresh) events.AppendReason(EventKinds.Retried, row.Key, reason);
        else events.Append(EventKinds.Retried, row.Key, reason, static (json, reason) =>
        {
            json.WriteBoolean("fresh", true);
            if (reason is not null) json.WriteString("reason", reason);
        });
        if (wait is { } same) waits.Again(after, same);
    }

    /// <summary>failed -> cancelled.</summary>
    public void Discard(in WorkRow row, string? reason)
    {
        WorkRow after = row.AsEnded(WorkState.Cancelled, connection.Now) with { CancelReason = reason };
        workTable.Save(row, after);
        exit.Discarded(after);
    }

    /// <summary>queued or waiting -> failed.</summary>
    public void FailOverdue(in WorkRow row)
    {
        WorkRow after = row.AsEnded(WorkState.Failed, connection.Now);
        workTable.Save(row, after);
        exit.Overdue(after);
    }

    private void NoteRetry(in WorkRow row, Failure failure, long backoffMs)
    {
        failures.Save(row, failure);
        connection.Measured.Retried(row.Lane, failure.Reason);
        events.Append(EventKinds.StepFailed, row.Key, (failure, backoffMs), static (json, it) =>
        {
            json.WriteString("reason", it.failure.Reason);
            json.WriteNumber("attempt", it.failure.Attempt);
            json.WriteString("error_type", it.failure.ErrorType);
            json.WriteString("message", it.failure.Message);
            Exit.WriteCause(json, it.failure);
            json.WriteNumber("backoff_ms", it.backoffMs);
        });
    }
}
