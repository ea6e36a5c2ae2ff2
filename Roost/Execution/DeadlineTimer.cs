using Roost.Stores;

namespace Roost.Execution;

/// <summary>
/// Fires a step's token when its item's deadline passes. A deadline is a moment and a timer counts a duration, so the clock is looked at
/// before it fires, and now and then until then: it may have been set, or the machine may have slept.
/// </summary>
internal sealed class DeadlineTimer : IAsyncDisposable
{
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1), ShortestRest = TimeSpan.FromMilliseconds(1);

    private readonly ActiveStep step;
    private readonly DateTimeOffset deadline;
    private readonly Clock clock;
    private readonly ITimer timer;

    public DeadlineTimer(ActiveStep step, DateTimeOffset deadline, Clock clock, TimeProvider time)
    {
        this.step = step;
        this.deadline = deadline;
        this.clock = clock;
        timer = time.CreateTimer(static state => ((DeadlineTimer)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Look();
    }

    /// <summary>Waits for a look that is under way.</summary>
    public ValueTask DisposeAsync() => timer.DisposeAsync();

    private void Look()
    {
        TimeSpan left = deadline - clock.Now;
        if (left <= TimeSpan.Zero) step.Cancel(CancellationReason.DeadlineExceeded);
        else timer.Change(left > LongestRest ? LongestRest : left < ShortestRest ? ShortestRest : left, Timeout.InfiniteTimeSpan);
    }
}
