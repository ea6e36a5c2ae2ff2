namespace Roost;

/// <summary>
/// "When an item of engine A is done and a condition holds, enqueue one for engine B." Evaluated in the transaction that finishes the item.
/// The follow-up inherits payload, priority, queue and resources, and is linked as a child.
/// </summary>
/// <param name="When">The engine whose items are watched.</param>
/// <param name="Enqueue">The engine of the follow-up.</param>
public sealed record Trigger(string When, string Enqueue)
{
    /// <summary>The condition: a path such as <c>snapshot.data.changed</c> or <c>item.payload.notify</c> that must be truthy (present, not null, false, 0, "" or empty). Default: always.</summary>
    public string? If { get; init; }

    /// <summary>Fields laid over the inherited payload: name to path, such as <c>message</c> to <c>snapshot.data.summary</c>. A path that leads nowhere sets nothing. A name in a path is the one that is stored; where that is not there, <c>token_budget</c> finds <c>TokenBudget</c> or <c>tokenBudget</c>, too.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();

    /// <summary>Fixed values laid over the inherited payload, after <see cref="Fields"/>: name to anything that serializes to JSON.</summary>
    public IReadOnlyDictionary<string, object?> Values { get; init; } = new Dictionary<string, object?>();

    /// <summary>How many triggers may follow each other from one item, so that a circle ends. Default 32; 1 to 1,000.</summary>
    public int MaxDepth { get; init; } = 32;
}
