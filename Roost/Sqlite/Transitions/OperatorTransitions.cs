using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>What a person may change by hand.</summary>
internal sealed class OperatorTransitions(
    WriteConnection connection,
    FileIdentity identity,
    Counters counters,
    WorkTable workTable,
    Events events,
    LeaseTransitions leases,
    EnqueueTransition enqueueing
)
{
    private readonly Statement workersThere = connection.Prepare("SELECT key, id FROM roost_worker");

    /// <summary>Makes a delayed item ready at once. False where it was ready already.</summary>
    public bool RequeueNow(in WorkRow row, string workId, string? reason)
    {
        if (row.State != WorkState.Queued)
        {
            string advice = row.State switch
            {
                WorkState.Failed => " Retry it instead.",
                WorkState.Waiting => " Send it the signal that it waits for, or answer or withdraw its question.",
                _ => "",
            };
            throw new ConflictException($"Work item {workId} is {row.State.Name()}; only a queued one can be made ready now.{advice}");
        }
        if (row.Condition == Condition.Blocked)
            throw new ConflictException(
                $"Work item {workId} waits for the resource \"{row.BlockedOn}\", which another item holds; it runs when that is released."
            );
        if (row.Condition == Condition.Ready)
            return false;
        workTable.Save(row, row.AsReady(counters.NextPlace(), connection.Now));
        events.AppendReason(EventKinds.Requeued, row.Key, reason);
        return true;
    }

    /// <summary>Changes the priority; it counts from the next claim on.</summary>
    public bool SetPriority(in WorkRow row, string workId, int priority, string? reason)
    {
        if (row.State.IsEnded()) throw new ConflictException($"Work item {workId} is {row.State.Name()}; its priority no longer matters.");
        if (row.Priority == priority) return false;
        workTable.Save(row, row with { Priority = priority });
        events.Append(EventKinds.PriorityChanged, row.Key, (From: row.Priority, To: priority, reason), static (json, it) =>
        {
            json.WriteNumber("from", it.From);
            json.WriteNumber("to", it.To);
            if (it.reason is not null) json.WriteString("reason", it.reason);
        });
        return true;
    }

    /// <summary>Takes a running item from its worker without a charge; the step's token fires and nothing of it lands.</summary>
    public void ReleaseByForce(in WorkRow row, string workId, string? reason)
    {
        if (row.State != WorkState.Running) throw new ConflictException($"Work item {workId} is {row.State.Name()}; there is no lease to release.");
        leases.Release(row, reason ?? "released by force");
    }

    /// <summary>Enqueues the same work anew, where it is done or was cancelled.</summary>
    public void RunAgain(in WorkRow row, string workId, NewWork again, byte[] told)
    {
        if (row.State is not (WorkState.Done or WorkState.Cancelled)) throw Store.NotOver(workId, row.State);
        events.Append(EventKinds.RunAgain, row.Key, told);
        enqueueing.Execute(again);
    }

    /// <summary>
    /// Makes a backup copy a file of its own, without leases of workers that run on the original: with a fresh identity, or with that of an original which
    /// is lost.
    /// </summary>
    public string Adopt(string? reason, bool restore)
    {
        string? there = identity.CopyOf is not null ? null : identity.Settle() ?? throw new ConflictException(
            "This file is no backup copy, nor one that was made by hand of a file that is still there; there is nothing to adopt.");
        if (restore && there is not null)
            throw new ConflictException(
                $"This file would take the place of {there}, which is still there; two files of one identity do the same work under the same keys. Remove " +
                $"that one first, or adopt this one without restoring."
            );
        foreach ((long key, string id) in workersThere.All(static row => (row.Int64(0), row.Text(1)))) leases.Unregister(key, id);
        string fileId = restore ? identity.TakePlace() : identity.NewIdentity();
        events.AppendReason(EventKinds.Adopted, null, reason);
        return fileId;
    }
}
