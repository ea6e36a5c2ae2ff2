using System.Collections.ObjectModel;

namespace Roost;

/// <summary>The last error of a work item: why it is a dead letter, or why the last try of its present step failed.</summary>
public sealed record WorkFailure
{
    /// <summary>One of <see cref="FailReasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>The full name of the exception's type; null where no exception was thrown.</summary>
    public string? ErrorType { get; init; }

    /// <summary>The exception's message, the engine's reason, or what happened; at most 10,000 characters.</summary>
    public required string Message { get; init; }

    /// <summary>The exception's stack trace, at most 20,000 characters; null where there is none, and in lists.</summary>
    public string? Stack { get; init; }

    /// <summary>Which try it was, from 1; where the deadline passed in the queue, how many tries had failed by then.</summary>
    public required int Attempt { get; init; }

    /// <summary>The snapshot version that the item was at afterwards.</summary>
    public required int Version { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// The type of the exception at the bottom of the error, which is what went wrong where the others only pass it on; of several, the first that is
    /// not a cancellation. Null where the exception has none within it, where none was thrown, and where the item failed before this was kept.
    /// </summary>
    public string? CauseType { get; init; }

    /// <summary>The message of that exception, at most 4,000 characters; null with <see cref="CauseType"/>.</summary>
    public string? CauseMessage { get; init; }

    /// <summary>
    /// What the exception's <see cref="Exception.Data"/> held, as far as it is simple: texts, numbers, times, ids and their like, written as text. At most 32;
    /// empty in lists.
    /// </summary>
    public IReadOnlyDictionary<string, string?> Data { get; init; } = ReadOnlyDictionary<string, string?>.Empty;

    /// <summary>
    /// The exceptions within the error, the outer before the inner: at most 31, and at most 60,000 characters in all. Empty where there are none, and in lists.
    /// </summary>
    public IReadOnlyList<FailureCause> Causes { get; init; } = [];

    /// <summary>How many more exceptions there were within the error; beyond 10,000 they are not counted. 0 in lists.</summary>
    public int CausesLeftOut { get; init; }
}
