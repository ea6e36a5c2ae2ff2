namespace Roost.Stores;

/// <summary>
/// How long to wait between two tries: exponential with full jitter on its upper half, so that what failed together does not return together.
/// </summary>
internal static class RetryPolicy
{
    /// <param name="attempt">Which try has failed, from 1.</param>
    /// <param name="first">The wait after the first failure, before jitter.</param>
    /// <param name="most">The longest wait.</param>
    /// <param name="random">From 0 (inclusive) to 1.</param>
    /// <returns>From half of the doubled wait to the whole of it.</returns>
    public static TimeSpan Delay(int attempt, TimeSpan first, TimeSpan most, double random)
    {
        double whole = Math.Min(first.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 60)), most.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(Math.Round(whole * (0.5 + random / 2)));
    }
}
