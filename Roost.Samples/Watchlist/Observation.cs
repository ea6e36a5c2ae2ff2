namespace Roost.Samples.Watchlist;

/// <summary>What one fetch showed.</summary>
/// <param name="At">When the fetch began.</param>
/// <param name="Status">The HTTP status; null where there was no answer.</param>
/// <param name="LatencyMs">How long the whole fetch took.</param>
/// <param name="Sha256">The SHA-256 of the body as far as it was read; null where there was no answer.</param>
/// <param name="IsCut">The body was longer than the probe reads; hash and claim are about its beginning.</param>
/// <param name="ClaimFound">Whether a successful answer's body holds the claim's text.</param>
/// <param name="Error">Why there was no answer; else null.</param>
public sealed record Observation(DateTimeOffset At, int? Status, double LatencyMs, string? Sha256, bool IsCut, bool ClaimFound, string? Error)
{
    /// <summary>Whether the address answered for itself: a server's error (5xx) counts as not reached.</summary>
    public bool IsReached => Status is < 500;
}
