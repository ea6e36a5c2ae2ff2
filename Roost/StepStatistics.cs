namespace Roost;

/// <summary>How far back <see cref="RoostRuntime.GetStepStatisticsAsync"/> looks, and how finely.</summary>
public enum StatisticsSpan
{
    /// <summary>The last 60 minutes, by the minute.</summary>
    Hour,

    /// <summary>The last 24 hours, by the hour.</summary>
    Day,

    /// <summary>The last 7 days, by the hour.</summary>
    Week,
}

/// <summary>
/// Steps and failed tries, by engine and step and over time. They are counted by the workers as they commit and saved at most once a second, so
/// that the kill of a worker loses what it had counted within the last second.
/// </summary>
public sealed record StepStatistics
{
    /// <summary>The beginning of the first point.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>
    /// From when on the file has these counts; null before the first step. Where it is later than <see cref="From"/>, what came before is not in them.
    /// </summary>
    public DateTimeOffset? CountedSince { get; init; }

    /// <summary>The sums of each minute or hour, oldest first; the last one is not over yet.</summary>
    public required IReadOnlyList<StatisticsPoint> Points { get; init; }

    /// <summary>
    /// One line for each engine and step, by name. An engine's steps after the first 200 different ones of an hour are one line named <c>(other)</c>.
    /// </summary>
    public required IReadOnlyList<StepTotals> Steps { get; init; }
}

/// <summary>The sums of one minute or hour.</summary>
public readonly record struct StatisticsPoint
{
    /// <summary>Its beginning.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>How many steps were committed.</summary>
    public long Steps { get; init; }

    /// <summary>How many tries have failed.</summary>
    public long FailedTries { get; init; }
}

/// <summary>What was counted of one engine's steps of one name.</summary>
public sealed record StepTotals
{
    /// <summary>The id of the engine.</summary>
    public required string Engine { get; init; }

    /// <summary>
    /// The name that the step was saved under; of a try that failed, the name of the step that it started from (<c>init</c> where there was none).
    /// </summary>
    public required string Step { get; init; }

    /// <summary>How many steps were committed.</summary>
    public long Steps { get; init; }

    /// <summary>How many tries have failed: by an exception, a time that was over, an outcome that was refused, or <c>Fail</c>.</summary>
    public long FailedTries { get; init; }

    /// <summary>How long the engine's code ran in all, failed tries included.</summary>
    public TimeSpan RunTime { get; init; }

    /// <summary>The time that half of the tries did not exceed, to within 19 %, rounded up. Null where nothing ran.</summary>
    public TimeSpan? RunTimeP50 { get; init; }

    /// <summary>The time that 95 of 100 tries did not exceed, likewise.</summary>
    public TimeSpan? RunTimeP95 { get; init; }

    /// <summary>How many of the tries began with a claim; the others went on under a lease that was kept, and did not wait.</summary>
    public long Claims { get; init; }

    /// <summary>How long those had been ready in all before they were claimed.</summary>
    public TimeSpan WaitTime { get; init; }

    /// <summary>How long one of those had been ready on average; null where nothing was claimed.</summary>
    public TimeSpan? AverageWait => Claims == 0 ? null : WaitTime / Claims;
}
