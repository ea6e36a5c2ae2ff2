using System.Security.Cryptography;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>
/// Questions about effects. A step is over where it reaches an effect of which it is not known whether it has happened: its item waits, at the same version,
/// until somebody has said so, and the step is tried again. What the version was woken by, and what it sees of its mailbox, stays as it was.
/// </summary>
internal sealed class EffectTransitions(
    WriteConnection connection, Lanes lanes, WorkTable workTable, EffectTable effects, AskTable asks, WaitTransitions waits, Events events, Exit exit)
{
    /// <summary>running -> waiting. False: the lease is lost.</summary>
    public bool Ask(LeasedWork lease, EffectAsk about)
    {
        if (workTable.LoadHeld(lease) is not { } row) return false;
        WorkRow tried = row with { Acquitted = row.Interruptions, Solo = false }; // It has not killed its process.
        WorkRow after = row.CancelRequested ? tried.AsEnded(WorkState.Cancelled, connection.Now)
            : connection.HasPassed(row.Deadline) ? tried.AsEnded(WorkState.Failed, connection.Now)
            : tried.AsWaiting(null, null, connection.Now);
        workTable.Save(row, after);
        exit.Leave(after, after.State == WorkState.Failed ? Failure.Deadline(row.Deadline!.Value, row.Failures + 1) : null);
        if (after.State != WorkState.Waiting) return true;
        about.Ask.Trace = lease.Trace?.ToPassOn;
        asks.Insert(after, lease.Item.Id, about.Ask, about.Path);
        events.Append(EventKinds.Waiting, row.Key, about, static (json, it) =>
        {
            json.WriteStartArray("signals");
            json.WriteEndArray();
            json.WriteString("ask", it.Ask.Id);
            json.WriteString("effect", it.Path);
        });
        return true;
    }

    /// <summary>
    /// waiting -> queued, or failed where that is the answer. False: the same answer by the same person was accepted before; null: it is not open any more.
    /// </summary>
    public bool? Answer(in StoredAsk ask, NewAnswer answer)
    {
        if (ask.State != AskState.Open) return ask.Refuse(answer);
        if (workTable.Load(ask.Work) is not { State: WorkState.Waiting } row || row.Version != ask.Version) throw WaitTable.Damaged();
        waits.Accept(row.Key, ask.Key, answer);
        switch (answer.Verdict)
        {
            case EffectVerdict.Happened:
                effects.Told(row.Key, row.Version, ask.Effect!, answer.EffectResult!, SHA256.HashData(answer.EffectResult!), answer.By);
                break;
            case EffectVerdict.DidNot:
                effects.Remove(row.Key, row.Version, ask.Effect!);
                break;
            default:
                Fail(row, ask.Effect!, answer);
                return true;
        }
        waits.WakeUp(row, WakeKind.Answer);
        return true;
    }

    private void Fail(in WorkRow row, string path, NewAnswer answer)
    {
        WorkRow after = row.AsEnded(WorkState.Failed, connection.Now);
        workTable.Save(row, after);
        string message = $"It is not known whether effect \"{path}\" has happened, and {answer.By} has answered that the item fails" +
            $"{(answer.Comment is null ? "." : $": {answer.Comment}")}";
        exit.Failed(after, new(FailReasons.EffectUnknown, null, FailureText.Message(message), null, row.Failures)
        {
            Group = FailureShape.KeyOf(lanes.Find(row.Lane)!.Engine, FailReasons.EffectUnknown, null, message),
        });
    }
}
