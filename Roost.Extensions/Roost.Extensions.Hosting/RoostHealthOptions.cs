namespace Roost.Extensions.Hosting;

/// <summary>
/// From where on the health check of a runtime says <c>Degraded</c>. The counts are those of the whole file, whoever enqueues and steps. A file that cannot be
/// read and a loop that has ended are not degraded but the failure status of the check [Unhealthy].
/// </summary>
public sealed class RoostHealthOptions
{
    /// <summary>
    /// How long work may have been ready without being claimed. Work of an engine that is paused, or that has work in a paused queue, waits for a person
    /// and is not looked at. Null: not looked at. Default 5 minutes; 0 to 10 years.
    /// </summary>
    public TimeSpan? OldestReady { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many dead letters there may be. Null: any number. Default 100; 0 or more.</summary>
    public long? DeadLetters { get; set; } = 100;

    /// <summary>
    /// How many questions may wait for a person's answer. Null: any number, and they are not counted. Default 100; 0 to 999, because they are read to be
    /// counted.
    /// </summary>
    public int? OpenAsks { get; set; } = 100;
}
