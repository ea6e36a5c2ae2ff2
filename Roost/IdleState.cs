namespace Roost;

/// <summary>What is left where nothing can run now.</summary>
/// <param name="Due">
/// When the next delayed item of this runtime becomes due, the time of a wait is over, an engine is told of an end once more, or the lease of a worker is over
/// that has one of its items and is not known to live, a pause ends, or the deadline of any item passes, whichever comes first; null where there is nothing of
/// these.
/// </param>
/// <param name="Waiting">How many items of its engines and queues wait: for signals, answers or children, with or without a time.</param>
public readonly record struct IdleState(DateTimeOffset? Due, long Waiting);
