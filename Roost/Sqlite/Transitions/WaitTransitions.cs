using System.Globalization;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>
/// Waits and what ends them. A signal's arrival and a step's commit are one order: whichever comes second finds the other, so that no wake-up is lost
/// and none comes twice.
/// </summary>
internal sealed class WaitTransitions(
    WriteConnection connection, Counters counters, WorkTable workTable, ChildCounts children, Mailbox mailbox, WaitTable waits, AskTable asks, Events events)
{
    private const int MostTold = 4096;

    private readonly Statement idOfKey = connection.Prepare(WorkRow.IdOfIdempotencyKeySql);

    /// <summary>running -> waiting: its row is saved. What it waits for may be there already.</summary>
    /// <exception cref="InvalidInputException">Its question points to an artifact that there is not, or it waits for more children than can end.</exception>
    public void Begin(in WorkRow row, string workId, WaitFor wait)
    {
        if (wait.Children is { MustBeThere: true } join) CheckReach(row, workId, join);
        Rest(row, Keep(row, workId, wait));
    }

    /// <summary>running -> failed, of a step that would wait: a retry begins the wait.</summary>
    public StoredWait Keep(in WorkRow row, string workId, WaitFor wait) =>
        waits.Begin(row, wait, wait.Ask is null ? null : asks.Insert(row, workId, wait.Ask));

    /// <summary>The wait in which a dead letter has failed; null where it failed in a step.</summary>
    public StoredWait? InWhichItFailed(in WorkRow row) => row.HasMail && waits.Load(row) is { Wake: null } wait ? wait : null;

    /// <summary>Its state was edited, which is a version: what it waits for, or was woken by, is the same.</summary>
    public void MoveTo(long work, int version) => waits.MoveTo(work, version);

    /// <summary>failed -> waiting, for the same as before: its row is saved.</summary>
    public void Again(in WorkRow row, StoredWait wait)
    {
        waits.Again(row);
        if (wait.Ask is { } ask) asks.Reopen(ask);
        Rest(row, wait);
    }

    /// <summary>waiting -> queued: its time is over.</summary>
    public void TimeOut(long work)
    {
        if (workTable.Load(work) is not { State: WorkState.Waiting } row || !connection.HasPassed(row.DueAt)) throw Database.IndexDamaged("due");
        Wake(row, WaitOf(row), WakeKind.Timeout);
    }

    /// <summary>waiting -> queued, where the item waits for ends of its children and these have come: some have ended in this transaction.</summary>
    public void LookAtChildren(long parent)
    {
        if (workTable.Load(parent) is { State: WorkState.Waiting } row && OpenWaitOf(row) is { ChildEnds: not null } wait) Look(row, wait);
    }

    /// <summary>Its first step after a wait is begun: what that sees of its mailbox and its children is settled; up to which signal that is.</summary>
    public long See(in WorkRow row)
    {
        if (!row.IsTried && waits.Load(row) is { ChildEnds: not null }) waits.See(row.Key, children.Load(row.Key));
        return mailbox.Seen(row);
    }

    /// <summary>
    /// waiting -> queued: an answer is accepted, or the question is withdrawn. False: the same answer by the same person was accepted before; null: it is
    /// not open any more.
    /// </summary>
    public bool? Answer(in StoredAsk ask, NewAnswer answer)
    {
        if (ask.State != AskState.Open) return ask.Refuse(answer);
        if (workTable.Load(ask.Work) is not { State: WorkState.Waiting } row || WaitOf(row) is var wait && wait.Ask != ask.Key) throw WaitTable.Damaged();
        if (connection.HasPassed(row.DueAt)) return null;
        Accept(row.Key, ask.Key, answer);
        Wake(row, wait, answer.Value is null ? WakeKind.Withdrawn : WakeKind.Answer);
        return true;
    }

    /// <summary>An answer is accepted, or the question is withdrawn.</summary>
    public void Accept(long work, long ask, NewAnswer answer)
    {
        asks.Accept(ask, answer);
        events.Append(answer.Value is null ? EventKinds.AskWithdrawn : EventKinds.Answered, work, (Id: asks.Id(ask), answer), static (json, it) =>
        {
            json.WriteString("ask", it.Id);
            json.WriteString("by", it.answer.By);
            if (it.answer.Value is { Length: <= MostTold } value)
            {
                json.WritePropertyName("value");
                json.WriteRawValue(value);
            }
            if (it.answer.Comment is not null) json.WriteString(it.answer.Value is null ? "reason" : "comment", it.answer.Comment);
        });
    }

    /// <summary>Puts a signal into the mailbox of an item, and wakes it where it waits for that. False: one with its id has come before.</summary>
    /// <exception cref="ConflictException">The item is done or cancelled, its mailbox is full, or another signal has that id.</exception>
    public bool Signal(in WorkRow row, string workId, NewSignal signal, string? sender)
    {
        if (row.State is WorkState.Done or WorkState.Cancelled)
            throw new ConflictException($"Work item {workId} is {row.State.Name()}; nothing takes signals for it any more.");
        if (mailbox.Add(row, workId, signal, sender) is not { } key) return false;
        events.Append(EventKinds.Signalled, row.Key, (signal, sender), static (json, it) =>
        {
            json.WriteString("name", it.signal.Name);
            if (it.signal.Id is not null) json.WriteString("id", it.signal.Id);
            if (it.sender is not null) json.WriteString("from", it.sender);
        });
        if (!row.HasMail) workTable.HasMail(row.Key);
        if (row.State == WorkState.Waiting && OpenWaitOf(row) is { } wait) Look(row, wait);
        return true;
    }

    /// <summary>The item that a signal is for; null where there is none.</summary>
    public string? IdOf(SignalTarget target) => target.WorkId ?? idOfKey.Bind(1, target.Engine).Bind(2, target.Key).One(static row => row.Text(0));

    /// <summary>A step's signal to another item, which may be gone by now: that is no fault of the step's.</summary>
    public void Send(StagedSignal staged, LeasedWork lease)
    {
        try
        {
            staged.Signal.Trace = lease.Trace?.ToPassOn;
            WorkRow row = workTable.Find(staged.WorkId) ?? throw new NotFoundException($"There is no work item {staged.WorkId}.");
            Signal(row, staged.WorkId, staged.Signal, lease.Item.Id);
        }
        catch (Exception e) when (e is NotFoundException or ConflictException)
        {
            events.Append(EventKinds.SignalDropped, lease.WorkKey, (staged, e.Message), static (json, it) =>
            {
                json.WriteString("to", it.staged.WorkId);
                json.WriteString("name", it.staged.Signal.Name);
                json.WriteString("why", it.Message);
            });
        }
    }

    /// <summary>
    /// A step has committed a version: the wake that it was told, and the signals that it has taken, are done with. True where signals are left. Whoever
    /// saves no version takes nothing.
    /// </summary>
    public bool Settle(StepCommit commit)
    {
        if (commit.Next is null) return true;
        long work = commit.Lease.WorkKey;
        IEnumerable<long> taken = commit.Staged?.Taken ?? [];
        (long? signal, long? seenEnd) = waits.End(work);
        if (seenEnd is { } end) children.Shown(work, end);
        return mailbox.Remove(work, signal is { } key ? taken.Append(key) : taken) > 0;
    }

    /// <summary>waiting -> queued.</summary>
    public void WakeUp(in WorkRow row, WakeKind by)
    {
        connection.Measured.Waited(row.Lane, WaitTable.NameOf(by), connection.Now - row.UpdatedAt);
        workTable.Save(row, row.AsReady(counters.NextPlace(), connection.Now));
        events.Append(EventKinds.Woken, row.Key, by, static (json, it) => json.WriteString("by", WaitTable.NameOf(it)));
    }

    private void Rest(in WorkRow row, StoredWait wait)
    {
        events.Append(EventKinds.Waiting, row.Key, (wait, row.DueAt, Ask: wait.Ask is { } ask ? asks.Id(ask) : null), static (json, it) =>
        {
            json.WritePropertyName("signals");
            json.WriteRawValue(it.wait.Signals);
            if (it.Ask is not null) json.WriteString("ask", it.Ask);
            if (it.wait.ChildEnds is { } ends)
            {
                if (ends == 0) json.WriteString("children", "all");
                else json.WriteNumber("children", ends);
                if (it.wait.OrFailure) json.WriteBoolean("or_failure", true);
            }
            if (it.DueAt is { } until) json.WriteString("until", StoredTime.Read(until));
        });
        Look(row, wait);
    }

    /// <summary>Refuses to wait for more ends of children than there can be.</summary>
    private void CheckReach(in WorkRow row, string workId, ChildJoin join)
    {
        ChildEnds now = children.Load(row.Key);
        long most = now.Open + now.Unshown;
        if (join.Ends <= most) return;
        throw new InvalidInputException("Children", string.Create(CultureInfo.InvariantCulture,
            $"is AtLeast({join.Ends:N0}) where {most:N0} can end: work item {workId} would have {now.Open:N0} open {(now.Open == 1 ? "child" : "children")}, " +
            $"detached ones left out, and {now.Unshown:N0} {(now.Unshown == 1 ? "end" : "ends")} that no step was shown. Wait for fewer, or for All."))
        { Final = new(workId) };
    }

    /// <summary>waiting -> queued where its time is over, or what it waits for is there, a signal or its children; whoever notices that first.</summary>
    private void Look(in WorkRow row, StoredWait wait)
    {
        if (connection.HasPassed(row.DueAt)) Wake(row, wait, WakeKind.Timeout);
        else if (mailbox.Earliest(row.Key, wait.Signals) is { } signal) Wake(row, wait, WakeKind.Signal, signal);
        else if (wait.ChildEnds is { } ends && children.Load(row.Key).Satisfy(ends, wait.OrFailure)) Wake(row, wait, WakeKind.Children);
    }

    private StoredWait WaitOf(in WorkRow row) => OpenWaitOf(row) ?? throw WaitTable.Damaged();

    /// <summary>What an item waits for; null where it waits to be told of an effect of its step, which nothing else ends.</summary>
    private StoredWait? OpenWaitOf(in WorkRow row) =>
        waits.Load(row) is { Wake: null } wait ? wait : asks.AsksOfEffect(row.Key) ? null : throw WaitTable.Damaged();

    private void Wake(in WorkRow row, in StoredWait wait, WakeKind by, long? signal = null)
    {
        waits.Wake(row, by, signal);
        if (wait.Ask is { } ask) asks.Close(ask, by == WakeKind.Timeout ? AskState.Expired : AskState.Closed); // Unless that is what has closed it.
        WakeUp(row, by);
    }
}
