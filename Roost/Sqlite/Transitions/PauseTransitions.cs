using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>
/// A pause begins and ends. An item's is a mark beside its condition: it stays in its state, leaves the orders that lead to a claim, and gives back what it
/// holds for a step. That of an engine, a queue or the file makes their lanes count as unserved, whatever is in them.
/// </summary>
internal sealed class PauseTransitions(WriteConnection connection, PauseTable pauses, WorkTable workTable, ResourceTable resources, Events events)
{
    private const int OverAtOnce = 500;

    /// <summary>Whether the end of a pause has passed.</summary>
    public bool IsAnyOver => connection.HasPassed(pauses.NextEnd);

    /// <summary>When the next pause ends.</summary>
    public long? NextEnd => pauses.NextEnd;

    /// <summary>Pauses an engine, a queue or the file. False where it was paused, which it is by this one now.</summary>
    /// <exception cref="NotFoundException">Nothing in the file has to do with it.</exception>
    public bool Pause(PauseTarget target, NewPause pause, string path)
    {
        if (!pauses.IsKnown(target))
            throw new NotFoundException(
                $"There is no item of {target} in {path}, and no worker serves it, so that a pause would keep nothing back. Look at how it is spelled; or " +
                $"enqueue to it first, or start a worker that serves it."
            );
        bool isNew = Begin(target, null, pause);
        if (isNew) resources.WorkersChanged();
        return isNew;
    }

    /// <summary>Pauses an item. False where it was paused, which it is by this one now.</summary>
    /// <exception cref="ConflictException">It has ended.</exception>
    public bool Pause(in WorkRow row, PauseTarget target, NewPause pause)
    {
        if (row.State.IsEnded()) throw new ConflictException($"Work item {target.Name} is {row.State.Name()}; there is nothing to pause.");
        bool isNew = Begin(target, row.Key, pause);
        if (row.IsPaused) return isNew;
        WorkRow unblocked = row.Condition == Condition.Blocked ? row.AsReady(row.PlaceBefore!.Value, connection.Now) : row;
        workTable.Save(row, unblocked with { IsPaused = true });
        if (row.State == WorkState.Queued && row.ResourceCount > 0 && !row.HoldsForLife) resources.ReleaseAll(row.Key);
        return isNew;
    }

    /// <summary>Ends the pause of an engine, a queue or the file. False where there is none.</summary>
    public bool Resume(PauseTarget target, string by, string? reason)
    {
        if (pauses.Find(target, null) is not { } pause) return false;
        if (connection.HasPassed(pause.Until))
        {
            EndOver(pause);
            return false;
        }
        pauses.Remove(pause.Key);
        Resumed(target, null, by, reason);
        resources.WorkersChanged();
        return true;
    }

    /// <summary>The same of an item.</summary>
    public bool Resume(in WorkRow row, PauseTarget target, string by, string? reason)
    {
        if (!row.IsPaused) return false;
        if (pauses.Find(target, row.Key) is not { } pause) throw PauseTable.Damaged();
        if (connection.HasPassed(pause.Until))
        {
            EndOver(pause);
            return false;
        }
        workTable.Save(row, row with { IsPaused = false });
        Resumed(target, row.Key, by, reason);
        return true;
    }

    /// <summary>Ends what has its end behind it: a bounded number at a time.</summary>
    public void EndOver()
    {
        if (!IsAnyOver) return;
        List<StoredPause> passed = pauses.Over(OverAtOnce);
        if (passed.Count == 0) throw PauseTable.Damaged();
        foreach (StoredPause pause in passed) EndOver(pause);
    }

    private void EndOver(in StoredPause pause)
    {
        if (pause.Work is { } work)
        {
            if (workTable.Load(work) is not { IsPaused: true } row) throw PauseTable.Damaged();
            workTable.Save(row, row with { IsPaused = false });
        }
        else pauses.Remove(pause.Key);
        events.Append(EventKinds.PauseOver, pause.Work, (pause.Scope, pause.Name), static (json, it) => Write(json, it.Scope, it.Name));
        if (pause.Work is null) resources.WorkersChanged();
    }

    private bool Begin(PauseTarget target, long? work, NewPause pause)
    {
        StoredPause? before = pauses.Find(target, work);
        bool isNew = before is null || connection.HasPassed(before.Value.Until);
        pauses.Put(target, work, pause, before);
        events.Append(EventKinds.Paused, work, (target, pause), static (json, it) =>
        {
            Write(json, it.target.Scope, it.target.Name);
            json.WriteString("by", it.pause.By);
            json.WriteString("reason", it.pause.Reason);
            if (it.pause.Until is { } until) json.WriteString("until", StoredTime.Read(until));
        });
        return isNew;
    }

    private void Resumed(PauseTarget target, long? work, string by, string? reason) =>
        events.Append(EventKinds.Resumed, work, (target, by, reason), static (json, it) =>
        {
            Write(json, it.target.Scope, it.target.Name);
            json.WriteString("by", it.by);
            if (it.reason is not null) json.WriteString("reason", it.reason);
        });

    /// <summary>An item is told by the event itself.</summary>
    private static void Write(Utf8JsonWriter json, PauseScope scope, string? name)
    {
        json.WriteString("scope", PauseTable.NameOf(scope));
        if (scope is PauseScope.Engine or PauseScope.Queue) json.WriteString("name", name);
    }
}
