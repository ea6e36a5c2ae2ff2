namespace Roost.Stores;

/// <summary>How long the next try waits, by how many have failed or were interrupted.</summary>
/// <param name="First">The wait after the first, before jitter.</param>
/// <param name="Most">The longest.</param>
/// <param name="Randomness">Where the jitter comes from.</param>
internal readonly record struct Backoff(TimeSpan First, TimeSpan Most, Randomness Randomness)
{
    /// <summary>In milliseconds, with jitter: another one each time.</summary>
    public long After(int attempt) => (long)RetryPolicy.Delay(attempt, First, Most, Randomness.NextJitter()).TotalMilliseconds;
}
