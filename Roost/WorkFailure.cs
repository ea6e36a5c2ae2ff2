namespace Roost;

/// <summary>The last error of a work item: why it is a dead letter, or why the last try of its present step failed.</summary>
/// <param name="Reason">One of <see cref="FailReasons"/>.</param>
/// <param name="ErrorType">The full name of the exception's type; null where no exception was thrown.</param>
/// <param name="Message">The exception's message, the engine's reason, or what happened; at most 10,000 characters.</param>
/// <param name="Stack">The exception's stack trace, at most 20,000 characters; null where there is none, and in lists.</param>
/// <param name="Attempt">Which try it was, from 1; where the deadline passed in the queue, how many tries had failed by then.</param>
/// <param name="Version">The snapshot version that the item was at afterwards.</param>
/// <param name="At">When it happened.</param>
public sealed record WorkFailure(string Reason, string? ErrorType, string Message, string? Stack, int Attempt, int Version, DateTimeOffset At);
