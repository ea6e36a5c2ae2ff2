using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>What the clock has delayed, moved with it where it was set back.</summary>
internal readonly record struct DelaysMoved(TimeSpan By, int Items);

/// <summary>
/// A delay is a duration, stored as the moment at which it ends by the clock of the moment at which it was written. Where the time is clearly
/// before the latest at which anybody has written, the clock was set back, and what was written after the time that it shows now waits too long: it
/// is moved, with what had passed of its delay taken off, so that nothing waits longer than its delay from here on. Moments that somebody has
/// named (not before, deadline) stay. Some rows in each transaction; until the last is done the file says at which time it was written, so that
/// whoever comes after a crash begins again, and nothing is moved twice.
/// </summary>
internal sealed class Delays(WriteConnection connection, LatestTime latestTime, Lanes lanes, ReadyOrder ready)
{
    private const int LookedAtOnce = 1000;

    private readonly Statement same = connection.Prepare(
        "SELECT key, due_at, delayed_at FROM roost_work WHERE lane = ?1 AND due_at = ?2 AND key > ?3 ORDER BY key LIMIT ?4");
    private readonly Statement later = connection.Prepare(
        "SELECT key, due_at, delayed_at FROM roost_work WHERE lane = ?1 AND due_at > ?2 ORDER BY due_at, key LIMIT ?3"
    );
    private readonly Statement move = connection.Prepare(
        "UPDATE roost_work SET due_at = due_at - delayed_at + ?2, delayed_at = ?2 WHERE key = ?1 AND delayed_at = ?3"
    );
    private readonly Statement correct = connection.Prepare("UPDATE roost_writer SET saved_at = ?1 WHERE saved_at > ?1");

    private readonly List<(long Key, long DelayedAt, long Delay)> ahead = [];
    private Queue<long>? lanesLeft;
    private long? lane;
    private long dueAt, key;
    private int looked, moved;
    private DelaysMoved? done;

    /// <summary>The clock was set back, and what it had delayed is not all moved yet.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>The time was read. Nothing is moved by one that goes on without the wall clock: others may go by that.</summary>
    public void Begin(bool isSuspected)
    {
        IsBehind = latestTime.IsAhead && !isSuspected;
        latestTime.Begin();
    }

    /// <summary>Moves some of what waits too long, in any lane.</summary>
    public void MoveOn()
    {
        if (!IsBehind) return;
        lanesLeft ??= new(lanes.Keys());
        for (looked = 0; looked < LookedAtOnce; looked++)
        {
            if (lane is null)
            {
                if (!lanesLeft.TryDequeue(out long next))
                {
                    End();
                    return;
                }
                (lane, dueAt, key) = (next, connection.Now, long.MaxValue);
            }
            MoveOn(lane.Value);
        }
    }

    /// <summary>What was moved in this transaction is not: it was rolled back.</summary>
    public void Drop()
    {
        latestTime.RolledBack();
        (lanesLeft, lane, moved, done) = (null, null, 0, null);
    }

    /// <summary>Once for each time that the clock was set back, after everything was moved.</summary>
    public DelaysMoved? TakeDone()
    {
        DelaysMoved? taken = done;
        done = null;
        return taken;
    }

    /// <summary>Moves what of a lane was written at a time that is still to come.</summary>
    private void MoveOn(long from)
    {
        ahead.Clear();
        Read(same.Bind(1, from).Bind(2, dueAt).Bind(3, key).Bind(4, LookedAtOnce - looked));
        if (looked < LookedAtOnce) Read(later.Bind(1, from).Bind(2, dueAt).Bind(3, LookedAtOnce - looked));
        if (looked < LookedAtOnce) lane = null; // That were all of its lane.
        foreach ((long work, long delayedAt, long delay) in ahead)
        {
            long passed = Math.Min(Math.Max(0, latestTime.Value - delayedAt), delay);
            moved += move.Bind(1, work).Bind(2, connection.Now - passed).Bind(3, delayedAt).Run();
        }
        if (ahead.Count > 0) ready.DuesChanged(from);
    }

    private void Read(Statement rows)
    {
        while (rows.Step())
        {
            looked++;
            (key, dueAt) = (rows.Int64(0), rows.Int64(1));
            if (rows.NullableInt64(2) is { } delayedAt && delayedAt > connection.Now) ahead.Add((key, delayedAt, dueAt - delayedAt));
        }
    }

    private void End()
    {
        correct.Bind(1, connection.Now).Run();
        done = new(TimeSpan.FromMilliseconds(latestTime.Value - connection.Now), moved);
        latestTime.Settle();
        IsBehind = false;
        (lanesLeft, moved) = (null, 0);
    }
}
