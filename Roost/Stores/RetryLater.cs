namespace Roost.Stores;

/// <summary>A step has saved nothing and wants to be tried again.</summary>
/// <param name="DelayMs">After this time.</param>
/// <param name="Why">For a person, bounded.</param>
internal sealed record RetryLater(long DelayMs, string Why)
{
    /// <summary>How much of the reason is kept: it is shown wherever the item waits.</summary>
    public const int MostWhy = 1000;
}
