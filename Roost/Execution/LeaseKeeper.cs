using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>
/// Renews this worker's leases, notices when one was taken or is to be cancelled, and takes over from workers that have died. Four times a
/// second by the runtime's clock while there are leases or other workers; an idle worker that is alone wakes every few seconds only.
/// </summary>
internal sealed class LeaseKeeper(RoostRuntime runtime, StoreLoop store, Loop loop, Func<Task> rejoin, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan IdlePeriod = TimeSpan.FromSeconds(5);
    private const int LeastMillisecondsBetween = 50;

    private readonly RoostOptions options = runtime.Options;
    private readonly TimeProvider time = runtime.Options.TimeProvider;
    private readonly ClockWatch clocks = new(runtime.Store.Clock, runtime.Options.LeaseTime, IdlePeriod, log);
    private readonly Dictionary<long, (long Heartbeat, long Since)> seen = [];
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Lock pace = new();
    private ITimer? timer;
    private List<string> ofUnknownLife = [];
    private long renewedAt, askedAt;
    private bool renewNow, isNewRow;
    private int foreignWrites = -1, doubts;
    private volatile bool othersSeen;
    private volatile bool parted;
    private volatile bool stopped;
    private volatile bool idle;

    /// <summary>The clock was set, somebody's life is not known by a lock, and the leases have not had their time since.</summary>
    public bool ClocksParted => parted;

    /// <summary>Takes over from the dead at once, then watches.</summary>
    public async Task StartAsync()
    {
        renewedAt = time.GetTimestamp();
        await LookFirstAsync().ConfigureAwait(false);
        timer = time.CreateTimer(_ => _ = TickAsync(), null, Period, Period);
        store.OnLeasesTouched = Hurry;
    }

    /// <summary>Another process that keeps the file to itself keeps no loop from starting: the ticks do it then.</summary>
    private async Task LookFirstAsync()
    {
        try
        {
            await LookAsync().ConfigureAwait(false);
            await store.SweepAsync().ConfigureAwait(false);
        }
        catch (FileBusyException e)
        {
            log.DeadNotLookedFor(e, store.WorkerId);
        }
    }

    /// <summary>Looks for the dead at once, by itself: nothing can run here before something is taken over from them.</summary>
    public void TakeOver()
    {
        othersSeen = true;
        if (Environment.TickCount64 - askedAt < LeastMillisecondsBetween) return;
        askedAt = Environment.TickCount64;
        ThreadPool.UnsafeQueueUserWorkItem(static keeper => _ = keeper.TickAsync(), this, preferLocal: false);
    }

    /// <summary>Looks after nothing any more.</summary>
    public void Stop() => stopped = true;

    /// <summary>There is something to look after from here on: a lease, or what another process wrote. Cheap, for it is called often.</summary>
    public void Hurry()
    {
        if (!idle) return;
        lock (pace) SetIdle(false);
    }

    /// <summary>Stops, once a tick that is under way has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        stopped = true;
        store.OnLeasesTouched = null;
        if (timer is not null) await timer.DisposeAsync().ConfigureAwait(false);
        await turn.WaitAsync().ConfigureAwait(false);
        turn.Dispose();
    }

    private async Task TickAsync()
    {
        if (stopped || !await turn.WaitAsync(0).ConfigureAwait(false)) return;
        try
        {
            ReadClocks();
            await LookAsync().ConfigureAwait(false);
            await PauseOrGoOnAsync().ConfigureAwait(false);
            SlowDown();
        }
        catch (ObjectDisposedException)
        {
            // The runtime was closed while this tick was on its way.
        }
        catch (Exception e)
        {
            log.LeasesNotKept(e, store.WorkerId);
        }
        finally
        {
            turn.Release();
        }
    }

    private void SlowDown()
    {
        lock (pace)
        {
            if (idle || IsNeeded()) return;
            SetIdle(true);
            if (IsNeeded()) SetIdle(false); // It came while we slowed down, and saw us as we were before.
        }
    }

    private void SetIdle(bool now)
    {
        idle = now;
        TimeSpan period = now ? IdlePeriod : Period;
        timer?.Change(period, period);
    }

    private bool IsNeeded() =>
        loop.Active.Count > 0
        || !store.HasLock
        || othersSeen
        || parted
        || clocks.LeftOfJump is not null
        || store.IsDisplaced
        || foreignWrites != store.ForeignWrites
        || doubts != store.Doubts;

    private async Task LookAsync()
    {
        int foreign = store.ForeignWrites, doubt = store.Doubts;
        bool changed = foreignWrites != foreign, doubtful = doubts != doubt;
        bool shows = loop.Active.Count > 0 || !store.HasLock; // Who cannot be seen to live by a lock shows it while it is idle, too.
        bool due = (shows && (renewNow || time.GetElapsedTime(renewedAt) >= options.LeaseTime / 3)) || store.IsDisplaced;
        if (due || doubtful || changed) await CheckLeasesAsync(due).ConfigureAwait(false);
        if (changed || othersSeen) await CheckOthersAsync().ConfigureAwait(false);
        if (due) renewNow = false;
        (foreignWrites, doubts) = (foreign, doubt); // Not before: what could not be looked at is looked at again.
    }

    /// <summary>Renews by token: whoever was not displaced goes on, even after a suspend of hours.</summary>
    private async Task CheckLeasesAsync(bool renew)
    {
        long key = store.WorkerKey;
        ActiveStep[] before = loop.Active.All;
        LeaseReport report = await store.CheckLeasesAsync(renew).ConfigureAwait(false);
        if (renew) renewedAt = time.GetTimestamp();
        if (!report.IsAlive)
        {
            log.WorkerDisplaced(store.WorkerId);
            await rejoin().ConfigureAwait(false);
            isNewRow = true;
            return;
        }
        var stored = report.Held.ToDictionary(lease => lease.Token);
        foreach (ActiveStep step in before)
        {
            if (step.Lease.WorkerKey != key || !stored.TryGetValue(step.Lease.Token, out StoredLease lease)) step.Cancel(CancellationReason.LeaseLost);
            else if (lease.CancelRequested) step.Cancel(CancellationReason.Cancelled);
        }
    }

    private async Task CheckOthersAsync()
    {
        IReadOnlyList<OtherWorker> others = await store.OthersAsync().ConfigureAwait(false);
        othersSeen = others.Count > 0;
        var unknown = new List<string>();
        foreach (long gone in seen.Keys.Except(others.Select(other => other.Row.Key)).ToList()) seen.Remove(gone);
        foreach (OtherWorker other in others)
        {
            string id = other.Row.Id;
            if (other.IsDead is null) unknown.Add(id);
            if (other.IsDead != true && !HasRunDown(other.Row)) continue;
            int? rescued = await store.RescueAsync(other, loop.Backoff).ConfigureAwait(false);
            if (rescued is not { } count) continue;
            unknown.Remove(id);
            if (count > 0) log.WorkerLost(id, other.IsDead == true ? "has died" : "has let its leases run down", count);
        }
        ofUnknownLife = unknown;
    }

    /// <summary>
    /// Its lease is over by the wall clock, or its heartbeat has stood still for one lease of our own clock, which nobody can set. After the clock
    /// was set or we have slept ourselves, the second alone counts for one lease: whoever lives shows itself within that.
    /// </summary>
    private bool HasRunDown(WorkerRow other)
    {
        ClockReading now = ReadClocks();
        if (clocks.TellsExpiry(now, other.LeaseMs) && other.ExpiresAt <= now.Wall.ToUnixTimeMilliseconds()) return true;
        if (!seen.TryGetValue(other.Key, out (long Heartbeat, long Since) known) || known.Heartbeat != other.Heartbeat)
        {
            seen[other.Key] = (other.Heartbeat, time.GetTimestamp());
            return false;
        }
        return time.GetElapsedTime(known.Since).TotalMilliseconds >= other.LeaseMs;
    }

    /// <summary>
    /// When wall and monotonic clock part by more than half a lease, somebody has set the time, and for one lease nobody's expiry says anything. Where
    /// a lock says of every other worker whether it lives, work goes on all the same; else nothing is claimed for one lease.
    /// </summary>
    private async Task PauseOrGoOnAsync()
    {
        clocks.Tell();
        TimeSpan? left = clocks.LeftOfJump;
        bool now = left is not null && (ofUnknownLife.Count > 0 || !store.IsKnownToLive);
        if (now == parted && !(now && isNewRow)) return;
        parted = now; // Before the ledger is told: one that is just being made asks.
        TimeSpan setBy = clocks.SetBy;
        if (now)
            log.ClaimsPaused(store.WorkerId, left, setBy, ofUnknownLife.Count > 0 ? $"worker {string.Join(", ", ofUnknownLife)}" : "this one");
        else
            log.ClaimsResumed(store.WorkerId);
        try
        {
            await store.PauseClaimsAsync(now ? (long)left!.Value.TotalMilliseconds : null, now ? (long)setBy.TotalMilliseconds : null).ConfigureAwait(false);
            isNewRow = false;
        }
        catch
        {
            parted = !now; // The next tick tries again.
            throw;
        }
    }

    /// <summary>The time; notices that the clock was set, or that we have slept, be it in the middle of a tick.</summary>
    private ClockReading ReadClocks()
    {
        ClockLook look = clocks.Look();
        if (look.Slept) seen.Clear(); // The others may have slept as well, and their hearts with them.
        renewNow |= look.Jumped; // Whoever starts now goes by what our row says.
        return look.Now;
    }
}
