namespace Roost.Tests.Support;

/// <summary>A wall clock that somebody sets, while monotonic time and timers go on.</summary>
internal sealed class SetClock(TimeProvider inner) : TimeProvider
{
    public TimeSpan SetBy { get; set; }

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + SetBy;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);
}
