using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>What a look at the clocks has found.</summary>
/// <param name="Now">The time.</param>
/// <param name="Jumped">The clock was set by more than half a lease since the last look.</param>
/// <param name="Slept">So long has passed since the last look that this process or its machine has slept.</param>
internal readonly record struct ClockLook(ClockReading Now, bool Jumped, bool Slept);

/// <summary>
/// Notices that the wall clock was set, and that this process has slept. After either the time at which others' leases are over says nothing for one lease:
/// whoever lives shows itself within that.
/// </summary>
/// <param name="clock">What is watched.</param>
/// <param name="leaseTime">How long a lease of this worker lasts.</param>
/// <param name="longestPause">How long it may be between two looks where nobody sleeps.</param>
/// <param name="log">Who is told of a clock that was set.</param>
internal sealed class ClockWatch(Clock clock, TimeSpan leaseTime, TimeSpan longestPause, ILogger log)
{
    private long lookedAt = clock.Read().Steady;
    private long? jumpedAt, distrustedAt;
    private TimeSpan setInAll = clock.LastSet.InAll, toldInAll = clock.LastSet.InAll;

    /// <summary>By how much the clock was set the last time.</summary>
    public TimeSpan SetBy => clock.LastSet.By;

    /// <summary>How much of the lease that began with the last jump is left; null where it is over, or there was none.</summary>
    public TimeSpan? LeftOfJump
    {
        get
        {
            if (jumpedAt is not { } since) return null;
            TimeSpan left = leaseTime - TimeSpan.FromMilliseconds(clock.Read().Steady - since);
            if (left > TimeSpan.Zero) return left;
            jumpedAt = null;
            return null;
        }
    }

    public ClockLook Look()
    {
        ClockReading now = clock.Read();
        TimeSpan passed = TimeSpan.FromMilliseconds(now.Steady - lookedAt), inAll = clock.LastSet.InAll;
        bool jumped = inAll - setInAll > leaseTime / 2, slept = passed > longestPause + leaseTime / 2;
        (lookedAt, setInAll) = (now.Steady, inAll);
        if (jumped) jumpedAt = now.Steady;
        if (jumped || slept) distrustedAt = now.Steady;
        return new(now, jumped, slept);
    }

    /// <summary>Whether the wall clock says of a lease of this length that it is over.</summary>
    public bool TellsExpiry(ClockReading now, long leaseMs) => distrustedAt is not { } since || now.Steady - since >= leaseMs;

    /// <summary>Once for each time that the clock was set, also by less than what lets leases be doubted.</summary>
    public void Tell()
    {
        ClockSet set = clock.LastSet;
        if (set.InAll == toldInAll) return;
        toldInAll = set.InAll;
        if (clock.Read().IsSuspected)
            log.ClockSuspected(set.By, Clock.Probation);
        else
            log.ClockSet(set.By);
    }
}
