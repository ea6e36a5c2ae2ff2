namespace Roost.Stores;

/// <summary>Which events a page is about: a filter that was checked.</summary>
internal sealed record EventSelection
{
    private const int MostKinds = 100;

    /// <summary>The kinds that are too frequent for the index of kinds, as the schema has it.</summary>
    private static readonly string[] Frequent = [EventKinds.Stepped, EventKinds.Claimed, EventKinds.Done, EventKinds.Enqueued];

    public IReadOnlyList<string> Kinds { get; private init; } = [];
    public string? WorkId { get; private init; }
    public string? Engine { get; private init; }

    /// <summary>Written at this time or later.</summary>
    public long Least { get; private init; } = long.MinValue;

    /// <summary>Written before this time.</summary>
    public long Below { get; private init; } = long.MaxValue;

    public bool IsOfTime => Least != long.MinValue || Below != long.MaxValue;

    /// <summary>Whether the index of kinds holds all that is meant.</summary>
    public bool IsRare => Kinds.Count > 0 && !Kinds.Any(kind => Frequent.Contains(kind) || kind.StartsWith("engine.", StringComparison.Ordinal));

    public static EventSelection Of(EventFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(filter.Kinds);
        if (filter.Kinds.Count > MostKinds)
            throw new InvalidInputException("Kinds", $"are {filter.Kinds.Count:N0}; give {MostKinds} at most, or none for all.");
        foreach (string kind in filter.Kinds)
            Names.Check("Kinds", kind);
        if (filter.WorkId is not null)
            Names.Check("WorkId", filter.WorkId);
        if (filter.Engine is not null)
            Names.Check("Engine", filter.Engine);
        if (filter.From >= filter.Until)
            throw new InvalidInputException("Until", $"is {filter.Until:O}, which is not after from ({filter.From:O}).");
        return new()
        {
            Kinds = [.. filter.Kinds.Distinct(StringComparer.Ordinal)],
            WorkId = filter.WorkId,
            Engine = filter.Engine,
            Least = filter.From is { } from ? StoredTime.RoundUp(from) : long.MinValue,
            Below = filter.Until is { } until ? StoredTime.RoundUp(until) : long.MaxValue,
        };
    }
}
