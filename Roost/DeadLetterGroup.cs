namespace Roost;

/// <summary>
/// Dead letters that failed alike: of one engine, for one reason, by one type at the bottom of the error, with messages that differ in numbers, ids
/// and other words with digits in them alone.
/// </summary>
public sealed record DeadLetterGroup
{
    /// <summary>For <see cref="DeadLetterFilter.Group"/>; the same whenever the same fails again. 16 hexadecimal digits.</summary>
    public required string Key { get; init; }

    /// <summary>The engine of all of them.</summary>
    public required string Engine { get; init; }

    /// <summary>One of <see cref="FailReasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>The type of the exception at the bottom of the error; null where no exception was thrown.</summary>
    public string? ErrorType { get; init; }

    /// <summary>How many they are, all of them.</summary>
    public required long Count { get; init; }

    /// <summary>When the first of them failed.</summary>
    public required DateTimeOffset FirstFailedAt { get; init; }

    /// <summary>When the last of them failed.</summary>
    public required DateTimeOffset LastFailedAt { get; init; }

    /// <summary>The id of the one that failed last.</summary>
    public required string LastWorkId { get; init; }

    /// <summary>The message at the bottom of its error.</summary>
    public required string LastError { get; init; }
}

/// <summary>
/// The largest groups of dead letters, and how many there are beside them. No <see cref="Page{T}"/>: an order by counts that change has no place to go on
/// from; whoever wants more asks for more.
/// </summary>
public sealed record DeadLetterGroupList
{
    /// <summary>The groups, the largest first.</summary>
    public required IReadOnlyList<DeadLetterGroup> Items { get; init; }

    /// <summary>No group is left out.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>How many dead letters there are, all of them.</summary>
    public required long Total { get; init; }

    /// <summary>
    /// How many of them are in none of these groups: where the list is complete, those that failed before groups were kept (<see
    /// cref="DeadLetterFilter.NoGroup"/>);
    /// else those of the groups left out, too.
    /// </summary>
    public required long Others { get; init; }
}
