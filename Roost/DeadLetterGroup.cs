namespace Roost;

/// <summary>
/// Dead letters that failed alike: of one engine, for one reason, by one type at the bottom of the error, with messages that differ in numbers, ids
/// and other words with digits in them alone.
/// </summary>
/// <param name="Key">For <see cref="DeadLetterFilter.Group"/>; the same whenever the same fails again. 16 hexadecimal digits.</param>
/// <param name="Engine">The engine of all of them.</param>
/// <param name="Reason">One of <see cref="FailReasons"/>.</param>
/// <param name="ErrorType">The type of the exception at the bottom of the error; null where no exception was thrown.</param>
/// <param name="Count">How many they are, all of them.</param>
/// <param name="FirstFailedAt">When the first of them failed.</param>
/// <param name="LastFailedAt">When the last of them failed.</param>
/// <param name="LastWorkId">The id of the one that failed last.</param>
/// <param name="LastError">The message at the bottom of its error.</param>
public sealed record DeadLetterGroup(
    string Key, string Engine, string Reason, string? ErrorType, long Count, DateTimeOffset FirstFailedAt, DateTimeOffset LastFailedAt, string LastWorkId, string LastError);

/// <summary>The groups of dead letters.</summary>
/// <param name="Items">The groups, the largest first.</param>
/// <param name="IsComplete">No group is left out.</param>
/// <param name="Total">How many dead letters there are, all of them.</param>
/// <param name="Others">
/// How many of them are in none of these groups: where the list is complete, those that failed before groups were kept (<see cref="DeadLetterFilter.NoGroup"/>);
/// else those of the groups left out, too.
/// </param>
public sealed record DeadLetterGroupList(IReadOnlyList<DeadLetterGroup> Items, bool IsComplete, long Total, long Others);
