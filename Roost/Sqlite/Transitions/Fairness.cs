using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>
/// Whether an item that continues without delay has to go back behind its equals, or keeps its lease. It goes back where
/// <list type="number">
/// <item>slots are let run empty for an item that must run alone;</item>
/// <item>an item that goes before it waits for a name that it holds for its step;</item>
/// <item>its engine is at its limit, and an item of that engine goes before it;</item>
/// <item>no slot is free, and an item that must run alone goes before it;</item>
/// <item>more items go before it than the free slots will take.</item>
/// </list>
/// An item goes before it that has a higher priority; or its own, once its slot time is over. Among those of rules 3 and 5 that holds for items that have come;
/// equals that have only taken turns themselves wait for ten slot times. While the clocks have parted nothing is claimed, so that rules 3 to 5 do not count.
/// </summary>
internal sealed class Fairness(WriteConnection connection, Counters counters, ReadyOrder ready, ResourceTable resources)
{
    private const int SlotTimesOfEquals = 10;

    private readonly List<ActiveLane> lanes = [];

    private enum Held
    {
        WithinSlotTime,
        BeyondSlotTime,
        LongBeyond,
    }

    public bool MustYield(SlotLedger ledger, LeasedWork lease)
    {
        if (ledger.MakeRoomUntil > connection.Steady) return true;
        Held held = HowLongHeld(lease);
        int priority = lease.Item.Priority, least = held == Held.WithinSlotTime ? priority + 1 : priority;
        if (LetsIn(lease, least)) return true;
        if (ledger.ClocksParted) return false;
        Head last = LastBefore(priority, held);
        return NeedsItsEngine(ledger, lease.Lane.Engine, last) || NeedsToBeAlone(ledger, least) || NeedsItsSlot(ledger, last);
    }

    private Held HowLongHeld(LeasedWork lease)
    {
        // What this process had to wait for others to have their turn is nobody's slot time.
        TimeSpan time = connection.Options.TimeProvider.GetElapsedTime(lease.SlotTaken.At) - (connection.WaitedForTurns - lease.SlotTaken.Waited);
        TimeSpan slotTime = connection.Options.SlotTime;
        return time >= slotTime * SlotTimesOfEquals ? Held.LongBeyond : time >= slotTime ? Held.BeyondSlotTime : Held.WithinSlotTime;
    }

    /// <summary>
    /// The last place of an item that goes before one of this priority: behind a later one than the last that came, all have gone back themselves.
    /// </summary>
    private Head LastBefore(int priority, Held held) => new(0, priority, held switch
    {
        Held.LongBeyond => long.MaxValue,
        Held.BeyondSlotTime => counters.LastComer.Number,
        _ => long.MinValue,
    });

    private bool LetsIn(LeasedWork lease, int least) =>
        lease.ResourceCount > 0 && lease.Item.ResourceHold == ResourceHold.Step && resources.BestWaiting(lease.WorkKey) >= least;

    private bool NeedsItsEngine(SlotLedger ledger, string engine, in Head last) =>
        !ledger.HasRoomFor(engine) && ready.FirstOf(ledger, engine) is { } first && !last.IsBefore(first);

    private bool NeedsToBeAlone(SlotLedger ledger, int least) =>
        ledger.Free <= 0 && ready.FirstAlone(ledger) is { } alone && alone.Head.Priority >= least;

    /// <summary>
    /// Whether more is ready up to the last place than the free slots will take: they serve the first of those that are ready without us, and
    /// those that have yielded in this transaction stand behind us.
    /// </summary>
    private bool NeedsItsSlot(SlotLedger ledger, in Head last)
    {
        int left = ledger.Free + 1;
        long lastComer = counters.LastComer.Number;
        ready.Collect(ledger, last, left + ledger.Yielded, lanes);
        foreach (ActiveLane lane in lanes)
        {
            // Of our own priority those count too that may go before us at this place.
            bool hasCome = lane[LaneOrder.Ready].Head.Place <= lastComer;
            bool equalsCount = hasCome ? last.Place >= lastComer : last.Place == long.MaxValue;
            int least = equalsCount ? last.Priority : last.Priority + 1;
            int behind = ledger.YieldedIn(lane.Lane.Key, least);
            left -= ready.CountOf(lane, least, left + behind) - behind;
            if (left <= 0) return true;
        }
        return false;
    }
}
