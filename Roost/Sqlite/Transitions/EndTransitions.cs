using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>The ways out that no outcome decides: a failed try, cancel, retry and discard of a dead letter.</summary>
internal sealed class EndTransitions(WriteConnection connection, Counters counters, Lanes lanes, WorkTable workTable, ReadyOrder ready, ResourceTable resources, Events events, StepTally tally, DeadLetterGroupTable groups)
{
    private readonly Statement saveFailure = connection.Prepare(
        """
        INSERT INTO roost_failure (work, reason, error_type, message, stack, attempt, version, at, causes, cause_type, cause_message, group_key)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (work) DO UPDATE SET reason = excluded.reason, error_type = excluded.error_type, message = excluded.message,
            stack = excluded.stack, attempt = excluded.attempt, version = excluded.version, at = excluded.at,
            causes = excluded.causes, cause_type = excluded.cause_type, cause_message = excluded.cause_message, group_key = excluded.group_key
        """);
    private readonly Statement lastFailure = connection.Prepare("SELECT error_type, message, stack, causes, cause_type, cause_message FROM roost_failure WHERE work = ?1");
    private readonly Statement forgetFailure = connection.Prepare("DELETE FROM roost_failure WHERE work = ?1");

    /// <summary>True once an item has ended in this transaction: whoever waits for one looks again.</summary>
    public bool AnyEnded { get; set; }

    /// <summary>running -> queued after the backoff, or failed where no further try is left. False: the lease is lost.</summary>
    public bool FailStep(LeasedWork lease, Failure failure, long backoffMs, bool lastTry)
    {
        if (workTable.LoadHeld(lease) is not { } row) return false;
        WorkRow failed = row with { Failures = row.Failures + 1 };
        // A try that returned has not killed its process; one that was abandoned may yet.
        if (failure.Reason != FailReasons.Abandoned) failed = failed with { Acquitted = row.Interruptions, Solo = false };
        bool overdue = row.Deadline <= connection.Now;
        WorkRow after = row.CancelRequested ? failed.AsEnded(WorkState.Cancelled, connection.Now)
            : overdue || lastTry ? failed.AsEnded(WorkState.Failed, connection.Now)
            : backoffMs > 0 ? failed.AsDelayed(backoffMs, connection.Now)
            : failed.AsReady(counters.NextReady(), connection.Now);
        if (!workTable.Save(row, after)) return false;
        tally.Add(lease, lease.StepBefore, failed: true);

        if (after.State == WorkState.Cancelled)
        {
            RecordCancelled(after);
        }
        else if (after.State == WorkState.Failed)
        {
            bool isFinal = failure.Reason is FailReasons.CorruptSnapshot or FailReasons.CorruptPayload or FailReasons.InvalidStep or FailReasons.StateNotKept or FailReasons.NoProgress;
            DeadLetter(after, overdue && !isFinal ? failure.AtDeadline(row.Deadline!.Value) : failure);
        }
        else
        {
            SaveFailure(after, failure, null);
            events.Append(EventKinds.StepFailed, row.Key, (failure, backoffMs), static (json, it) =>
            {
                json.WriteString("reason", it.failure.Reason);
                json.WriteNumber("attempt", it.failure.Attempt);
                json.WriteString("error_type", it.failure.ErrorType);
                json.WriteString("message", it.failure.Message);
                WriteCause(json, it.failure);
                json.WriteNumber("backoff_ms", it.backoffMs);
            });
        }
        LeftSlot(after);
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
        RecordCancelled(after);
        ReleaseResources(after);
        return true;
    }

    /// <summary>failed -> queued, from the last snapshot, with a clean record; its deadline is lifted where it has passed.</summary>
    public void Retry(in WorkRow row, string? reason)
    {
        WorkRow after = row.WithCleanRecord().AsReady(counters.NextReady(), connection.Now) with { CancelRequested = false, CancelReason = null, Unchanged = 0 };
        workTable.Save(row, after);
        groups.Remove(row.Key);
        ForgetFailure(row.Key);
        if (row.Deadline <= connection.Now) workTable.LiftDeadline(row.Key);
        else if (row.Deadline is not null) ready.DeadlinesChanged();
        events.AppendReason(EventKinds.Retried, row.Key, reason);
    }

    /// <summary>failed -> cancelled.</summary>
    public void Discard(in WorkRow row, string? reason)
    {
        WorkRow after = row.AsEnded(WorkState.Cancelled, connection.Now) with { CancelReason = reason };
        workTable.Save(row, after);
        groups.Remove(row.Key);
        events.AppendReason(EventKinds.Discarded, row.Key, reason);
        Ended(after);
    }

    /// <summary>Writes down why an item that has just become failed did so.</summary>
    public void DeadLetter(in WorkRow row, Failure failure)
    {
        SaveFailure(row, failure, groups.Add(lanes.Find(row.Lane)!.Engine, failure));
        events.Append(EventKinds.Failed, row.Key, failure, static (json, it) =>
        {
            json.WriteString("reason", it.Reason);
            json.WriteNumber("attempt", it.Attempt);
            if (it.ErrorType is not null) json.WriteString("error_type", it.ErrorType);
            json.WriteString("message", it.Message);
            WriteCause(json, it);
        });
        Ended(row);
    }

    /// <summary>The same for one whose deadline has passed, with what its last try said.</summary>
    public void DeadLetterOverdue(in WorkRow row) =>
        DeadLetter(row, (row.Failures > 0 ? LastFailure(row) : null)?.AtDeadline(row.Deadline!.Value) ?? Failure.Deadline(row.Deadline!.Value, row.Failures));

    /// <summary>Writes down that an item has just become cancelled, with the reason that its row has.</summary>
    public void RecordCancelled(in WorkRow row)
    {
        events.AppendReason(EventKinds.Cancelled, row.Key, row.CancelReason);
        Ended(row);
    }

    /// <summary>An item no longer runs: what it held for the step alone goes on to others.</summary>
    public void LeftSlot(in WorkRow after)
    {
        if (after.State.IsEnded() || !after.HoldsForLife) ReleaseResources(after);
        if (after.Deadline is not null) ready.DeadlinesChanged();
    }

    public void ReleaseResources(in WorkRow row)
    {
        if (row.ResourceCount > 0) resources.ReleaseAll(row.Key);
    }

    public void ForgetFailure(long work) => forgetFailure.Bind(1, work).Run();

    /// <summary>The one exit of every item: whoever waits for one looks again.</summary>
    public void Ended(in WorkRow row)
    {
        AnyEnded = true;
        if (row.State == WorkState.Done) ForgetFailure(row.Key);
        if (row.Deadline is not null) ready.DeadlinesChanged();
    }

    /// <summary>An item that goes is no dead letter any more.</summary>
    public void LeaveGroup(long work) => groups.Remove(work);

    private Failure? LastFailure(in WorkRow row)
    {
        lastFailure.Bind(1, row.Key);
        if (!lastFailure.Step()) return null;
        var failure = new Failure("", lastFailure.NullableText(0), lastFailure.Text(1), lastFailure.NullableText(2), row.Failures)
        {
            Causes = lastFailure.IsNull(3) ? null : lastFailure.Bytes(3).ToArray(),
            CauseType = lastFailure.NullableText(4),
            CauseMessage = lastFailure.NullableText(5),
        };
        lastFailure.Reset();
        return failure;
    }

    private void SaveFailure(in WorkRow row, Failure failure, long? group)
    {
        saveFailure.Bind(1, row.Key).Bind(2, failure.Reason).Bind(3, failure.ErrorType).Bind(4, failure.Message).Bind(5, failure.Stack)
            .Bind(6, failure.Attempt).Bind(7, row.Version).Bind(8, connection.Now);
        if (failure.Causes is null) saveFailure.BindNull(9);
        else saveFailure.BindText(9, failure.Causes);
        saveFailure.Bind(10, failure.CauseType).Bind(11, failure.CauseMessage).Bind(12, group).Run();
    }

    private static void WriteCause(Utf8JsonWriter json, Failure failure)
    {
        if (failure.CauseType is null) return;
        json.WriteString("cause_type", failure.CauseType);
        json.WriteString("cause_message", failure.CauseMessage);
    }
}
