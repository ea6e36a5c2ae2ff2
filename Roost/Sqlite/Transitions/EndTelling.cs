using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>Engines are told of ends: each is taken for a while, told outside of any transaction, and then gone or due again.</summary>
internal sealed class EndTelling(WriteConnection connection, Lanes lanes, WorkTable workTable, EndTable ends, LeaseLoader loader, Events events)
{
    private readonly Statement failure = connection.Prepare("SELECT reason, message FROM roost_failure WHERE work = ?1");

    /// <summary>The first that is due of these engines in these queues; null where none is.</summary>
    public EndedWork? Take(IReadOnlyList<EngineFacts> engines, IReadOnlyList<string> queues)
    {
        RoostOptions options = connection.Options;
        long until = connection.Now + (long)(options.EndedTimeout + options.StepTimeoutGrace).TotalMilliseconds;
        foreach (EngineFacts engine in engines)
            foreach (string queue in queues)
                if (ends.Take(engine, queue, until) is { } taken) return Load(taken);
        return null;
    }

    /// <summary>How a try went. Where another has taken it since, or the item goes on, nobody needs to know.</summary>
    public void Told(EndedWork ended, EndTold how)
    {
        if (how.Error is not null && !how.IsLast)
        {
            ends.Again(ended, how.IsUncharged, connection.Now + how.WaitMs);
            return;
        }
        if (!ends.Finish(ended)) return;
        events.Append(how.Error is null ? EventKinds.EndTold : EventKinds.EndUntold, ended.Work, (ended, how.Error), static (json, it) =>
        {
            json.WriteString("state", it.ended.State.Name());
            json.WriteNumber("attempt", it.ended.Attempt);
            if (it.Error is null) return;
            if (it.Error.ErrorType is not null) json.WriteString("error_type", it.Error.ErrorType);
            json.WriteString("message", it.Error.Message);
        });
    }

    private EndedWork Load((long Work, long Nonce, int Attempt) taken)
    {
        WorkRow row = workTable.Load(taken.Work) ?? throw Database.IndexDamaged("end");
        (string Reason, string Message)? failed =
            row.State == WorkState.Failed ? failure.Bind(1, row.Key).OneValue(static it => (it.Text(0), it.Text(1))) : null;
        return loader.LoadEnded(row, lanes.Find(row.Lane)!, taken.Nonce, taken.Attempt, failed?.Reason ?? row.CancelReason, failed?.Message);
    }
}
