namespace Roost.Stores;

/// <summary>
/// What the running loop can take at this moment: its engines and queues, its free slots. Belongs to the writer thread, which counts slots
/// inside the transaction that fills or frees them and takes the count back when that transaction is rolled back.
/// </summary>
internal sealed class SlotLedger(
    long workerKey,
    string workerId,
    IReadOnlyDictionary<string, EngineFacts> engines,
    IReadOnlyCollection<string> queues,
    int slots,
    long claims,
    ILeaseTaker taker
)
{
    private readonly Dictionary<string, int> running = [];
    private readonly List<(string Engine, int N)> journal = [];
    private readonly List<(long Lane, int Priority)> yielded = [];
    private readonly ServedScope served = new(engines.Select(engine => (engine.Key, engine.Value.StateVersion)), queues);
    private long taken;
    private bool paused;

    /// <summary>Who takes the leases, once the claims are durable.</summary>
    public ILeaseTaker Taker => taker;

    /// <summary>Lock files tell whether other workers live.</summary>
    public bool LocksTell { get; init; } = true;

    /// <summary>It was told that nothing can run now.</summary>
    public bool IdleTold { get; set; }

    public long WorkerKey { get; private set; } = workerKey;

    public string WorkerId { get; private set; } = workerId;

    /// <summary>The worker's row is gone: another has declared it dead, and it claims nothing before it has a new seat.</summary>
    public bool Displaced { get; set; }

    /// <summary>Until when the worker row says that this worker lives; renewed by a claim where it has run down.</summary>
    public long ExpiresAt { get; set; }

    /// <summary>When that was written, by the monotonic clock.</summary>
    public long RenewedAt { get; set; }

    public int Running { get; private set; }

    /// <summary>An item that was interrupted twice runs, and nothing beside it.</summary>
    public bool SoloRunning { get; set; }

    /// <summary>An item has gone back behind its equals.</summary>
    public void Yield(long lane, int priority) => yielded.Add((lane, priority));

    /// <summary>How many items of a lane, of this priority or above, have gone back behind their equals in this transaction.</summary>
    public int YieldedIn(long lane, int priority)
    {
        int n = 0;
        foreach ((long Lane, int Priority) item in yielded)
            if (item.Lane == lane && item.Priority >= priority) n++;
        return n;
    }

    /// <summary>How many items have gone back behind their equals in this transaction.</summary>
    public int Yielded => yielded.Count;

    public void ForgetYielded() => yielded.Clear();

    /// <summary>No new claims: the loop is stopping. Set from outside the writer thread, so that it holds even where nothing can be written.</summary>
    public bool Paused
    {
        get => Volatile.Read(ref paused);
        set => Volatile.Write(ref paused, value);
    }

    /// <summary>The clocks have parted by more than half a lease: nothing is claimed until every lease has had its time.</summary>
    public bool ClocksParted { get; set; }

    /// <summary>While set, slots are let run empty so that an item that must run alone can.</summary>
    public long MakeRoomUntil { get; set; }

    /// <summary>For how long they were let run empty the last time; 0 where that succeeded.</summary>
    public long RoomMilliseconds { get; set; }

    public int Free => Paused || Displaced || ClocksParted || SoloRunning ? 0 : (int)Math.Min(slots - Running, claims - taken);

    /// <summary>Keeping a lease would start a step beyond what the loop was asked for.</summary>
    public bool MayGoOn => !Paused && taken < claims;

    /// <summary>Engines with a limit of their own whose steps have become more or fewer since the order of the ready items was looked at last.</summary>
    public List<string> RoomChanged { get; } = [];

    public bool Serves(Lane lane) => served.Serves(lane.Engine, lane.Queue, lane.StateVersion);

    public EngineFacts EngineOf(Lane lane) => engines[lane.Engine];

    public bool HasRoomFor(string engine) => engines[engine].MaxConcurrency is not { } limit || running.GetValueOrDefault(engine) < limit;

    public void TakeSlot(string engine)
    {
        Count(engine, 1);
        taken++;
        journal.Add((engine, 1));
    }

    public void FreeSlot(string engine)
    {
        Count(engine, -1);
        journal.Add((engine, -1));
        if (Running == 0) SoloRunning = false;
    }

    public void Committed() => journal.Clear();

    /// <summary>How much this transaction has counted so far.</summary>
    public int Mark => journal.Count;

    public void RolledBack() => RolledBackTo(0);

    /// <summary>Takes back what was counted since the mark.</summary>
    public void RolledBackTo(int mark)
    {
        for (int i = mark; i < journal.Count; i++)
        {
            Count(journal[i].Engine, -journal[i].N);
            if (journal[i].N > 0) taken -= journal[i].N;
        }
        journal.RemoveRange(mark, journal.Count - mark);
        ForgetYielded();
        ExpiresAt = 0;
        if (Running == 0) SoloRunning = false;
    }

    /// <summary>Goes on under another row of the table.</summary>
    public void Reseat(long worker, string id)
    {
        WorkerKey = worker;
        WorkerId = id;
        ExpiresAt = 0;
        Displaced = false;
    }

    private void Count(string engine, int n)
    {
        running[engine] = running.GetValueOrDefault(engine) + n;
        Running += n;
        if (engines.TryGetValue(engine, out EngineFacts? facts) && facts.MaxConcurrency is not null) RoomChanged.Add(engine);
    }
}
