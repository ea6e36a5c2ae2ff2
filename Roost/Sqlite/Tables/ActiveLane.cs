using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>An item at the head of one of a lane's orders.</summary>
internal readonly record struct Head(long Work, int Priority, long Place)
{
    /// <summary>Of a row of key, priority and place.</summary>
    public static Head Read(Statement row) => new(row.Int64(0), row.Int32(1), row.Int64(2));

    /// <summary>The same with the item's lane behind it.</summary>
    public static (long Lane, Head Head) ReadWithLane(Statement row) => (row.Int64(3), Read(row));

    /// <summary>Strict priority, then longest ready.</summary>
    public bool IsBefore(in Head other) => Priority != other.Priority ? Priority > other.Priority : Place < other.Place;
}

/// <summary>The orders in which a lane's items wait.</summary>
internal enum LaneOrder
{
    /// <summary>By priority and place: what is ready.</summary>
    Ready,

    /// <summary>The same for what must run alone.</summary>
    Alone,

    /// <summary>By due time: what is delayed.</summary>
    Due,
}

/// <summary>What is known of one order of a lane: its head.</summary>
internal struct Front
{
    public Head Head;

    /// <summary>Whether there is a head.</summary>
    public bool Exists;

    /// <summary>The head has left: whoever follows stands no earlier, and is looked up before the order is asked.</summary>
    public bool HasLeft;

    /// <summary>Where the lane stands among those with such an order.</summary>
    public int Place;
}

/// <summary>A lane with something ready or delayed in it, or that had it lately, and the other such lanes of its engine.</summary>
internal sealed class ActiveLane(Lane lane, EngineLanes engine)
{
    private Front ready, alone, due;

    public Lane Lane => lane;

    public EngineLanes Engine => engine;

    /// <summary>Its engine, its queue or the file is paused: nothing of it is claimed, and what is due in it becomes ready.</summary>
    public bool IsPaused { get; set; }

    /// <summary>How many were counted at this priority or above when somebody asked last; 0 once one of them has left.</summary>
    public int CountedPriority { get; set; }

    public int Counted { get; set; }

    public bool IsEmpty => !ready.Exists && !alone.Exists && !due.Exists;

    public ref Front this[LaneOrder order]
    {
        get
        {
            if (order == LaneOrder.Ready) return ref ready;
            return ref order == LaneOrder.Alone ? ref alone : ref due;
        }
    }

    internal readonly struct ByReady : IRank<ActiveLane>
    {
        public static bool IsBefore(ActiveLane one, ActiveLane other) => one.ready.Head.IsBefore(other.ready.Head);

        public static ref int PlaceOf(ActiveLane item) => ref item.ready.Place;
    }

    internal readonly struct ByAlone : IRank<ActiveLane>
    {
        public static bool IsBefore(ActiveLane one, ActiveLane other) => one.alone.Head.IsBefore(other.alone.Head);

        public static ref int PlaceOf(ActiveLane item) => ref item.alone.Place;
    }

    internal readonly struct ByDue : IRank<ActiveLane>
    {
        public static bool IsBefore(ActiveLane one, ActiveLane other) => one.due.Head.IsBefore(other.due.Head);

        public static ref int PlaceOf(ActiveLane item) => ref item.due.Place;
    }
}

/// <summary>The lanes of one served engine in which something is ready, first come first.</summary>
internal sealed class EngineLanes
{
    private int place;

    public RankedHeap<ActiveLane, ActiveLane.ByReady> Lanes { get; } = new();

    /// <summary>Whether the engine's own limit lets one more step run.</summary>
    public bool HasRoom { get; set; }

    /// <summary>The head of the first lane.</summary>
    public ref readonly Head Head => ref Lanes.First![LaneOrder.Ready].Head;

    internal readonly struct ByHead : IRank<EngineLanes>
    {
        public static bool IsBefore(EngineLanes one, EngineLanes other) => one.Head.IsBefore(other.Head);

        public static ref int PlaceOf(EngineLanes item) => ref item.place;
    }
}
