using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Roost.Native;
using Roost.Sqlite.Files;

namespace Roost.Sqlite.Writing;

/// <content>What the writer does with nothing to do: polls while something has just happened, and sleeps when nothing has for a while.</content>
internal sealed partial class Writer
{
    private const int QuietMilliseconds = 100;
    private const int WakingMilliseconds = 20;
    private static readonly TimeSpan TurnWithNothing = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Doze = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Waking = TimeSpan.FromMilliseconds(1);

    private LogWatch? logWatch;
    private bool logWatchTried;
    private volatile bool asleep;
    private long busyAt, wokenAt;

    /// <summary>Nothing has happened for a while: a write to the log, a request or the next due time wakes it.</summary>
    public bool IsAsleep => asleep;

    private void WaitForRequests()
    {
        telling.Spread();
        if (session is { Connection.HasTurn: true })
        {
            KeepOrEndTurn(session);
            return;
        }
        session?.Connection.EndTurn(); // One that is still waited for, too: nothing is to be written in it.
        bool sleeps = asleep;
        if (!sleeps && MayFallAsleep())
        {
            TidyLog();
            asleep = true;
            if (logWatch!.Arm()) return; // Once more around: what was written just before the watch stood is seen now.
            asleep = false;
        }
        TimeSpan howLong = HowLong(sleeps);
        lock (gate)
        {
            if (requests + freed.Count == 0 && !stopping && asleep == sleeps) Monitor.Wait(gate, howLong);
        }
    }

    /// <summary>Steps that are under way may come back within the turn; but others must not wait for one who has nothing to write.</summary>
    private void KeepOrEndTurn(Session open)
    {
        lock (gate)
        {
            if (requests + freed.Count > 0 || stopping || Monitor.Wait(gate, TurnWithNothing)) return;
        }
        open.Connection.EndTurn();
    }

    /// <summary>
    /// How long to wait with nothing to do: until the next due time, but no longer than other processes may be left unnoticed. With a watch on
    /// the log that is two seconds, in case the file system does not tell; right after a write was told it is a moment, until its commit is there.
    /// </summary>
    private TimeSpan HowLong(bool sleeps)
    {
        if (Slots is null && watchers == 0) return Timeout.InfiniteTimeSpan;
        TimeSpan most = sleeps ? Doze : options.PollInterval;
        if (UntilRenewal() is var renewal && renewal < most) most = renewal;
        if (session?.Tally.UntilDue is { } due && due < most) most = due;
        if (!sleeps && Waking < most && Environment.TickCount64 - wokenAt < WakingMilliseconds) most = Waking;
        try
        {
            double wait = Slots is { } ledger && session is { } open && open.Timers.NextAt(ledger) is { } next ? next - open.Connection.Now : double.MaxValue;
            return TimeSpan.FromMilliseconds(Math.Clamp(wait, 1, Math.Max(1, most.TotalMilliseconds)));
        }
        catch (Exception e) when (e is SqliteException or RoostException)
        {
            return options.PollInterval; // The next look meets it, too, and says so.
        }
    }

    /// <summary>
    /// How long the leases may be left to the lease keeper. It renews them at a third of their time; where steps block every thread of the pool it
    /// does not come to that, and the worker lives all the same.
    /// </summary>
    private TimeSpan UntilRenewal() => Slots is { Running: > 0, Displaced: false } ledger
        ? (options.LeaseTime / 2) - options.TimeProvider.GetElapsedTime(ledger.RenewedAt)
        : TimeSpan.MaxValue;

    private void TidyLog()
    {
        try
        {
            session!.Connection.TidyLog();
        }
        catch (SqliteException e)
        {
            log.LogWarning(e, "The log of {Path} could not be moved to the file; it is opened anew for the next write", path);
            if (!StorageFault.IsDefinite(e)) CloseSession();
        }
    }

    /// <summary>Nothing was written for a while, here or elsewhere, and the clock is one that passes by itself.</summary>
    private bool MayFallAsleep()
    {
        if (Slots is null && watchers == 0) return false;
        if (session is null || options.TimeProvider != TimeProvider.System || Environment.TickCount64 - busyAt < QuietMilliseconds) return false;
        if (!logWatchTried) (logWatch, logWatchTried) = (LogWatch.TryCreate(path, WakeUp), true);
        return logWatch is not null;
    }

    /// <summary>Somebody has written to the log; its commit follows within moments, so the next looks are close together.</summary>
    private void WakeUp()
    {
        lock (gate)
        {
            if (!asleep) return;
            busyAt = wokenAt = Environment.TickCount64;
            asleep = false;
            Monitor.Pulse(gate);
        }
    }
}
