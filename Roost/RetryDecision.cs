using Roost.Stores;

namespace Roost;

/// <summary>Whether and when a step that has thrown is tried again: what <see cref="IEngine.Retry"/> decides.</summary>
public readonly record struct RetryDecision
{
    /// <summary>As for any failed try: after the backoff, up to the number of attempts.</summary>
    public static RetryDecision Default => default;

    /// <summary>No further try can help: the item becomes a dead letter at once, with reason <c>not_retried</c>.</summary>
    public static RetryDecision Never { get; } = new() { IsNever = true };

    /// <summary>Charged as any failed try and bounded by the number of attempts, but with this delay before the next instead of the backoff.</summary>
    /// <param name="delay">0 to 10 years, in whole milliseconds rounded up.</param>
    /// <exception cref="InvalidInputException">The delay is out of range.</exception>
    public static RetryDecision After(TimeSpan delay) => new() { Delay = TimeSpan.FromMilliseconds(WorkItemCheck.Milliseconds("delay", delay)) };

    /// <summary>Whether no further try is made.</summary>
    public bool IsNever { get; private init; }

    /// <summary>The delay before the next try; null for the backoff.</summary>
    public TimeSpan? Delay { get; private init; }
}
