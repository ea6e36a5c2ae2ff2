using Roost.Stores;

namespace Roost.Sqlite.Writing;

/// <summary>
/// For whom the writer looks at the file though nobody has asked it to write: the loop whose slots it fills, and those who watch for changes.
/// </summary>
internal sealed class Demand(RoostOptions options, Action changed)
{
    private int watchers;
    private SlotLedger? slots;

    /// <summary>The slots of the running loop, for which claims are made. Set on the writer's thread where a transaction is open, else from outside.</summary>
    public SlotLedger? Slots
    {
        get => Volatile.Read(ref slots);
        set => Volatile.Write(ref slots, value);
    }

    /// <summary>How many look for other processes' writes though no loop runs.</summary>
    public int Watchers => Volatile.Read(ref watchers);

    public bool IsAny => Slots is not null || Watchers > 0;

    /// <summary>
    /// How long the leases may be left to the lease keeper. It renews them at a third of their time; where steps block every thread of the pool it
    /// does not come to that, and the worker lives all the same.
    /// </summary>
    public TimeSpan UntilRenewal => Slots is { Running: > 0, Displaced: false } ledger
        ? (options.LeaseTime / 2) - options.TimeProvider.GetElapsedTime(ledger.RenewedAt)
        : TimeSpan.MaxValue;

    /// <summary>Until it is disposed, other processes' writes are looked for even when no loop runs.</summary>
    public IDisposable Watch() => new Watcher(this);

    private void Count(int n)
    {
        Interlocked.Add(ref watchers, n);
        changed();
    }

    private sealed class Watcher : IDisposable
    {
        private Demand? demand;

        public Watcher(Demand demand)
        {
            this.demand = demand;
            demand.Count(1);
        }

        public void Dispose() => Interlocked.Exchange(ref demand, null)?.Count(-1);
    }
}
