using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>
/// The one place where time does something to an item that does not run: what is due becomes ready, a wait or a pause is over, what is overdue fails, and
/// what a clock that was set back has delayed is moved with it. What was cancelled takes its children along at the same place. Any running loop does it.
/// </summary>
internal sealed class Timers(
    WriteConnection connection,
    Delays delays,
    ReadyOrder ready,
    WorkTable workTable,
    EndTransitions endings,
    WaitTransitions waits,
    PauseTransitions pauses,
    TreeCancel trees
)
{
    private const int DueAtOnce = 1000;
    private const int OverdueAtOnce = 500;

    private readonly Statement overdue = connection.Prepare(
        "SELECT key FROM roost_work WHERE deadline IS NOT NULL AND worker IS NULL AND ended_at IS NULL AND deadline <= ?1 ORDER BY deadline LIMIT ?2");

    /// <summary>The next moment at which something that is served here becomes due, a pause ends, or a deadline passes.</summary>
    public long? NextAt(SlotLedger slots) => Earlier(Earlier(ready.NextDue(slots), pauses.NextEnd), ready.NextDeadline());

    private static long? Earlier(long? one, long? other) => one is null || other < one ? other : one;

    /// <summary>Whether there is something to do by now.</summary>
    public bool AnythingToDo(SlotLedger slots) => AnythingForAll || (!slots.Displaced && connection.HasPassed(NextAt(slots)));

    private bool AnythingForAll => delays.IsBehind || pauses.IsAnyOver || IsAnyOverdue || trees.IsAny;

    private bool IsAnyOverdue => connection.HasPassed(ready.NextDeadline());

    /// <summary>Does what concerns items of any engine and queue.</summary>
    public void FireForAll()
    {
        delays.MoveOn();
        pauses.EndOver();
        FailOverdue();
        trees.WorkOff();
    }

    /// <summary>Makes ready what is due and served here, and wakes those whose wait has lasted long enough: a bounded number at a time.</summary>
    public void FireFor(SlotLedger slots)
    {
        for (int left = DueAtOnce; left > 0;)
        {
            List<(long Work, long Lane, bool IsWaiting)> found = ready.FindDue(slots, connection.Now, left);
            if (found.Count == 0) return;
            foreach ((long work, long lane, bool isWaiting) in found)
                if (isWaiting) waits.TimeOut(work);
                else ready.Promote(work, lane, connection.Now);
            left -= found.Count;
        }
    }

    /// <summary>queued -> failed where its deadline has passed; true then.</summary>
    public bool FailIfOverdue(in WorkRow row)
    {
        if (!connection.HasPassed(row.Deadline)) return false;
        endings.FailOverdue(row);
        return true;
    }

    private void FailOverdue()
    {
        if (!IsAnyOverdue) return;
        List<long> passed = overdue.Bind(1, connection.Now).Bind(2, OverdueAtOnce).All(static row => row.Int64(0));
        if (passed.Count == 0) throw Database.IndexDamaged("overdue");
        foreach (long work in passed)
            if (workTable.Load(work) is not { State: WorkState.Queued or WorkState.Waiting } row || !FailIfOverdue(row)) throw Database.IndexDamaged("overdue");
        ready.DeadlinesChanged();
    }
}
