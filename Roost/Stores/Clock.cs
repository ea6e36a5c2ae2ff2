using Roost.Native;

namespace Roost.Stores;

/// <summary>A moment as the runtime takes it.</summary>
/// <param name="Ticks">What everything is decided and written by, in UTC.</param>
/// <param name="Steady">A time that nobody sets, in milliseconds since the clock was made; it goes on while the machine sleeps where that can be known.</param>
/// <param name="WallTicks">What the wall clock shows.</param>
/// <param name="IsSuspected">The wall clock was set forward a moment ago, and the time goes on without it.</param>
internal readonly record struct ClockReading(long Ticks, long Steady, long WallTicks, bool IsSuspected)
{
    public DateTimeOffset Time => new(Ticks, TimeSpan.Zero);

    public DateTimeOffset Wall => new(WallTicks, TimeSpan.Zero);
}

/// <summary>By how much the wall clock was set, the last time that it was, and in all, whichever way.</summary>
internal readonly record struct ClockSet(TimeSpan By, TimeSpan InAll);

/// <summary>
/// The time by which one process decides what is due and what is over: the wall clock's, held against the monotonic one at each look. A wall
/// clock that was set forward is under suspicion: until it was put right, or has stood for half a minute, the time goes on by the monotonic
/// clock, so that nothing becomes due, overdue or old by a mistake of a moment. One that was set back is believed at once, for nothing ends by it.
/// </summary>
internal sealed class Clock
{
    /// <summary>By how much the clocks may part between two looks, and one process's from another's.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>How long a clock that was set forward has to stand before it is believed.</summary>
    public static readonly TimeSpan Probation = TimeSpan.FromSeconds(30);

    private const int BootTime = 7;
    private const int MostLooks = 3;

    private static readonly TimeSpan LongLook = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider time;
    private readonly bool hasBootTime;
    private readonly Lock gate = new();
    private long timestamp, boot, steady, wall, believed;
    private long? suspectedAt, suspectedBy;
    private ClockSet set;

    public Clock(TimeProvider time)
    {
        this.time = time;
        hasBootTime = time == TimeProvider.System && OperatingSystem.IsLinux() && Environment.Is64BitProcess && ReadBoot() > 0;
        (timestamp, wall) = Look();
        boot = hasBootTime ? ReadBoot() : 0;
        believed = wall;
    }

    /// <summary>The time now.</summary>
    public DateTimeOffset Now => Read().Time;

    /// <summary>The last time that the wall clock was seen to be set.</summary>
    public ClockSet LastSet
    {
        get
        {
            lock (gate) return set;
        }
    }

    /// <summary>Looks at both clocks.</summary>
    public ClockReading Read()
    {
        lock (gate)
        {
            (long timestampNow, long wallNow) = Look();
            long passed = Passed(timestampNow);
            long setBy = wallNow - wall - passed;
            steady += passed;
            believed += passed;
            wall = wallNow;
            if (Math.Abs(setBy) > Tolerance.Ticks) set = new(TimeSpan.FromTicks(setBy), set.InAll + TimeSpan.FromTicks(Math.Abs(setBy)));
            Judge(wallNow - believed);
            return new(believed, steady / TimeSpan.TicksPerMillisecond, wallNow, suspectedAt is not null);
        }
    }

    private void Judge(long apart)
    {
        if (apart <= Tolerance.Ticks || (suspectedAt is { } since && !IsOther(apart) && steady - since >= Probation.Ticks))
        {
            (suspectedAt, suspectedBy) = (null, null);
            believed = wall;
        }
        else if (suspectedAt is null || IsOther(apart))
        {
            (suspectedAt, suspectedBy) = (steady, apart);
        }
    }

    /// <summary>It was set once more since it came under suspicion.</summary>
    private bool IsOther(long apart) => Math.Abs(apart - suspectedBy!.Value) > Tolerance.Ticks;

    /// <summary>
    /// What has passed since the last look. The ordinary monotonic clock of Linux stands still while the machine sleeps, and a sleep is no set clock.
    /// </summary>
    private long Passed(long timestampNow)
    {
        long passed = time.GetElapsedTime(timestamp, timestampNow).Ticks;
        timestamp = timestampNow;
        if (!hasBootTime) return passed;
        long bootNow = ReadBoot(), slept = bootNow - boot;
        boot = bootNow;
        return Math.Max(passed, slept);
    }

    /// <summary>Both clocks at one moment: a thread that has to wait between the two would take its wait for a set clock.</summary>
    private (long Timestamp, long Wall) Look()
    {
        for (int looks = 1; ; looks++)
        {
            long before = time.GetTimestamp(), found = time.GetUtcNow().UtcTicks;
            if (looks == MostLooks || time.GetElapsedTime(before) < LongLook) return (before, found);
        }
    }

    private static long ReadBoot() =>
        Libc.ClockGetTime(BootTime, out Libc.TimeSpec now) == 0 ? (now.Seconds * TimeSpan.TicksPerSecond) + (now.Nanoseconds / TimeSpan.NanosecondsPerTick) : 0;
}
