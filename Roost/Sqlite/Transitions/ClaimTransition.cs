using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>queued -> running: takes the first ready items that the running loop has room for, each with a fresh token.</summary>
internal sealed class ClaimTransition(
    WriteConnection connection, Timers timers, ReadyOrder ready, WorkTable workTable, WorkerTable workers, ResourceTable resources, Events events,
    LeaseTransitions leases, WaitTransitions waits, LeaseLoader loader)
{
    private const int ParkAtOnce = 256;
    private const long RoomMilliseconds = 10_000;
    private const long MostRoomMilliseconds = 30 * 60_000;
    private const int RoomPause = 6;

    /// <summary>Promotes what is due, then claims until the slots are full or nothing is left that can run here.</summary>
    public void Fill(SlotLedger ledger, List<LeasedWork> claimed)
    {
        ledger.ForgetYielded();
        timers.FireForAll();
        if (!workers.IsRegistered(ledger.WorkerKey))
        {
            ledger.Displaced = true;
            return;
        }
        timers.FireFor(ledger);
        for (int parked = 0; ledger.Free > 0 && parked < ParkAtOnce;)
        {
            if (Choose(ledger) is not { } choice) return;
            LeasedWork? lease = TryClaim(choice.Head.Work, choice.Lane, ledger);
            if (lease is null)
            {
                parked++;
                continue;
            }
            claimed.Add(lease);
        }
    }

    /// <summary>Whether taking the write lock for a claim is worth it: something is ready or due here, or a deadline has passed.</summary>
    public bool IsWorthwhile(SlotLedger ledger) => timers.AnythingToDo(ledger) || (!ledger.Displaced && ledger.Free > 0 && Choose(ledger) is not null);

    private (Lane Lane, Head Head)? Choose(SlotLedger ledger)
    {
        (Lane Lane, Head Head)? best = ready.First(ledger);
        if (ready.FirstAlone(ledger) is not { } alone) return best;
        if (best is { } other && other.Head.IsBefore(alone.Head)) return best;
        if (ledger.Running == 0) return alone;
        return MakesRoom(ledger) ? null : best;
    }

    /// <summary>
    /// Lets the slots run empty for an item that must run alone: for ten seconds first, then, while steps last longer than that, for twice as long
    /// each time, up to half an hour. Between two tries the others work for six times as long, so that a step without end costs a seventh at most.
    /// </summary>
    private bool MakesRoom(SlotLedger ledger)
    {
        if (connection.Steady < ledger.MakeRoomUntil) return true;
        if (connection.Steady < ledger.MakeRoomUntil + (RoomPause * ledger.RoomMilliseconds)) return false;
        ledger.RoomMilliseconds = Math.Clamp(2 * ledger.RoomMilliseconds, RoomMilliseconds, MostRoomMilliseconds);
        ledger.MakeRoomUntil = connection.Steady + ledger.RoomMilliseconds;
        return true;
    }

    private LeasedWork? TryClaim(long work, Lane lane, SlotLedger ledger)
    {
        if (workTable.Load(work) is not { State: WorkState.Queued, ReadyPlace: not null, IsPaused: false } row || row.Lane != lane.Key)
            throw ready.Damaged("ready");
        if (timers.FailIfOverdue(row)) return null;
        if (row.ResourceCount > 0 && resources.TakeAll(work) is { } busy)
        {
            workTable.Save(row, row.AsBlocked(busy, row.ReadyPlace!.Value));
            events.Append(EventKinds.Blocked, work, busy, static (json, name) => json.WriteString("on", name));
            return null;
        }
        EngineFacts engine = ledger.EngineOf(lane);
        WorkRow running = row.AsRunning(ledger.WorkerKey, Counters.Token(), connection.Now) with
        {
            ParkInterrupted = engine.OnInterrupted == OnInterrupted.Park,
        };
        workTable.Save(row, running);
        long readyFor = Math.Max(0, connection.Now - row.ReadyAt!.Value);
        connection.Measured.Waited(lane.Key, "ready", readyFor);
        events.Append(EventKinds.Claimed, work, (ledger.WorkerId, Ready: row.ResourceCount > 0 ? readyFor : (long?)null), static (json, it) =>
        {
            json.WriteString("worker", it.WorkerId);
            if (it.Ready is { } since) json.WriteNumber("ready_ms", since);
        });
        ledger.TakeSlot(lane.Engine);
        if (row.Solo) (ledger.SoloRunning, ledger.MakeRoomUntil, ledger.RoomMilliseconds) = (true, 0, 0);
        leases.KeepAlive(ledger);
        LeasedWork lease = loader.Load(running, lane, ledger, row.HasMail ? waits.See(row) : 0, row.IsTried);
        lease.WaitMilliseconds = readyFor;
        return lease;
    }
}
