namespace Roost;

/// <summary>x</summary>
public sealed record RoostOptions
{
    /// <summary>x</summary>
    public TimeSpan BusyTimeout { get; init; }
}
