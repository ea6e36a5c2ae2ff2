namespace Roost.Samples.Takeover;

/// <summary>What the demonstration watches.</summary>
internal sealed record DemonstrationOptions
{
    /// <summary>A real address; null for the page that the demonstration serves itself.</summary>
    public string? Url { get; init; }

    public string? Claim { get; init; }

    public int Checks { get; init; } = 4;

    public double DelaySeconds { get; init; } = 0.5;
}

/// <summary>The demonstration did not show what it promises.</summary>
internal sealed class DemonstrationFailedException(string message) : Exception(message);
