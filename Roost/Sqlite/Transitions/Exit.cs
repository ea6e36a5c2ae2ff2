using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>
/// The one exit of every item. Whatever ends it, or takes it out of its slot and back to the queue, has saved its row and comes here: its event is written,
/// what it held goes on to others, and whoever waits for its end looks again.
/// </summary>
internal sealed class Exit(
    WriteConnection connection, Lanes lanes, ReadyOrder ready, ResourceTable resources, AskTable asks, Events events, FailureTable failures, EndTable ends,
    TreeCancelTable trees)
{
    /// <summary>True once an item has ended in this transaction: whoever waits for one looks again.</summary>
    public bool AnyEnded { get; set; }

    /// <summary>A lease is over, however it ended but by a step that is done; <paramref name="failure"/> is why, where the item has failed.</summary>
    public void Leave(in WorkRow row, Failure? failure)
    {
        switch (row.State)
        {
            case WorkState.Cancelled:
                Cancelled(row);
                break;
            case WorkState.Failed:
                Failed(row, failure!);
                break;
            default:
                Requeued(row);
                break;
        }
    }

    /// <summary>A step has said that it is done, and its event is written.</summary>
    public void Done(in WorkRow row)
    {
        failures.Forget(row.Key);
        End(row);
    }

    /// <summary>With the reason that its row has.</summary>
    public void Cancelled(in WorkRow row)
    {
        events.AppendReason(EventKinds.Cancelled, row.Key, row.CancelReason);
        trees.Add(row.Key);
        ends.Add(row, lanes.Find(row.Lane)!);
        End(row);
    }

    /// <summary>A dead letter that somebody has given up.</summary>
    public void Discarded(in WorkRow row)
    {
        failures.LeaveGroup(row.Key);
        events.AppendReason(EventKinds.Discarded, row.Key, row.CancelReason);
        trees.Add(row.Key);
        ends.Add(row, lanes.Find(row.Lane)!);
        End(row);
    }

    public void Failed(in WorkRow row, Failure failure)
    {
        Lane lane = lanes.Find(row.Lane)!;
        failures.SaveDeadLetter(row, lane.Engine, failure);
        events.Append(EventKinds.Failed, row.Key, failure, static (json, it) =>
        {
            json.WriteString("reason", it.Reason);
            json.WriteNumber("attempt", it.Attempt);
            if (it.ErrorType is not null) json.WriteString("error_type", it.ErrorType);
            json.WriteString("message", it.Message);
            WriteCause(json, it);
        });
        ends.Add(row, lane);
        End(row, failure.Reason);
    }

    /// <summary>Its deadline has passed while it was queued: with what its last try said.</summary>
    public void Overdue(in WorkRow row) =>
        Failed(row, (row.Failures > 0 ? failures.Last(row) : null)?.AtDeadline(row.Deadline!.Value) ?? Failure.Deadline(row.Deadline!.Value, row.Failures));

    /// <summary>It no longer runs and has not ended: what it held for its step alone goes on to others.</summary>
    public void Requeued(in WorkRow row)
    {
        if (!row.HoldsForLife) Release(row);
        if (row.Deadline is not null) ready.DeadlinesChanged();
    }

    /// <summary>What was found at the bottom of an error, in an event.</summary>
    public static void WriteCause(Utf8JsonWriter json, Failure failure)
    {
        if (failure.CauseType is null) return;
        json.WriteString("cause_type", failure.CauseType);
        json.WriteString("cause_message", failure.CauseMessage);
    }

    private void End(in WorkRow row, string? reason = null)
    {
        connection.Measured.Ended(row.Lane, row.State, reason);
        AnyEnded = true;
        if (row.HasMail) asks.CloseOf(row.Key);
        Release(row);
        if (row.Deadline is not null) ready.DeadlinesChanged();
    }

    private void Release(in WorkRow row)
    {
        if (row.ResourceCount > 0) resources.ReleaseAll(row.Key);
    }
}
