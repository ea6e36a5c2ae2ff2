using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Roost.Native;
using Roost.Observing;
using Roost.Sqlite.Files;

namespace Roost.Sqlite.Writing;

/// <summary>What the writer's thread does with nothing to do: polls while something has just happened, and sleeps when nothing has for a while.</summary>
internal sealed class IdleWait(string path, RoostOptions options, WriteQueue queue, Demand demand, SessionHolder sessions, ILogger log) : IDisposable
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

    /// <summary>Something is about to be written.</summary>
    public void End() => asleep = false;

    /// <summary>Something was written just now, here or elsewhere: more may follow.</summary>
    public void Busy() => Volatile.Write(ref busyAt, Environment.TickCount64);

    /// <summary>Waits until there is something to do, or it is time to look.</summary>
    public void Wait()
    {
        if (sessions.Current is { Connection.HasTurn: true } open)
        {
            // Steps that are under way may come back within the turn; but others must not wait for one who has nothing to write.
            if (!queue.Wait(TurnWithNothing)) open.Connection.EndTurn();
            return;
        }
        sessions.Current?.Connection.EndTurn(); // One that is still waited for, too: nothing is to be written in it.
        bool sleeps = asleep;
        if (!sleeps && MayFallAsleep())
        {
            TidyLog();
            asleep = true;
            if (logWatch!.Arm()) return; // Once more around: what was written just before the watch stood is seen now.
            asleep = false;
        }
        queue.Wait(HowLong(sleeps));
    }

    public void Dispose() => logWatch?.Dispose();

    /// <summary>
    /// How long to wait with nothing to do: until the next due time, but no longer than other processes may be left unnoticed. With a watch on
    /// the log that is two seconds, in case the file system does not tell; right after a write was told it is a moment, until its commit is there.
    /// </summary>
    private TimeSpan HowLong(bool sleeps)
    {
        if (!demand.IsAny) return Timeout.InfiniteTimeSpan;
        TimeSpan most = sleeps ? Doze : options.PollInterval;
        if (demand.UntilRenewal is var renewal && renewal < most) most = renewal;
        if (sessions.Current?.Tally.UntilDue is { } due && due < most) most = due;
        if (!sleeps && Waking < most && Environment.TickCount64 - Volatile.Read(ref wokenAt) < WakingMilliseconds) most = Waking;
        try
        {
            double wait =
                demand.Slots is { } ledger && sessions.Current is { } open && open.Timers.NextAt(ledger) is { } next
                    ? next - open.Connection.Now
                    : double.MaxValue;
            return TimeSpan.FromMilliseconds(Math.Clamp(wait, 1, Math.Max(1, most.TotalMilliseconds)));
        }
        catch (Exception e) when (e is SqliteException or RoostException)
        {
            return options.PollInterval; // The next look meets it, too, and says so.
        }
    }

    private void TidyLog()
    {
        try
        {
            sessions.Current!.Connection.TidyLog();
        }
        catch (SqliteException e)
        {
            log.LogNotMoved(e, path);
            if (!StorageFault.IsDefinite(e)) sessions.Abandon();
        }
    }

    /// <summary>Nothing was written for a while, here or elsewhere, and the clock is one that passes by itself.</summary>
    private bool MayFallAsleep()
    {
        if (!demand.IsAny || sessions.Current is null || options.TimeProvider != TimeProvider.System) return false;
        if (Environment.TickCount64 - Volatile.Read(ref busyAt) < QuietMilliseconds) return false;
        if (!logWatchTried) (logWatch, logWatchTried) = (LogWatch.TryCreate(path, WakeUp), true);
        return logWatch is not null;
    }

    /// <summary>Somebody has written to the log; its commit follows within moments, so the next looks are close together.</summary>
    private void WakeUp()
    {
        if (!asleep) return;
        Busy();
        Volatile.Write(ref wokenAt, Environment.TickCount64);
        asleep = false;
        queue.Wake();
    }
}
