namespace Roost.AspNetCore;

/// <summary>What an item did, or what it waited for, in one part of its life.</summary>
public enum LifeKind
{
    /// <summary>Before the events that were read, or are kept.</summary>
    Unknown,

    /// <summary>Queued: ready, or held up in a way that the events do not tell.</summary>
    Queued,

    /// <summary>Queued, and might have run.</summary>
    Ready,

    /// <summary>Queued, and not due.</summary>
    Delayed,

    /// <summary>Queued, and waiting for a resource.</summary>
    Blocked,

    /// <summary>Delayed after a try that failed, was interrupted, or asked to be tried again.</summary>
    Backoff,

    /// <summary>It waited for a signal, an answer, children or a time.</summary>
    Waiting,

    /// <summary>One try of a step.</summary>
    Running,

    /// <summary>A dead letter, until somebody retried it or gave it up.</summary>
    DeadLetter,
}

/// <summary>One part of an item's life; each begins where the one before has ended.</summary>
/// <param name="Kind">What it was.</param>
/// <param name="From">When it began.</param>
/// <param name="To">When it ended; now, where <paramref name="IsOpen"/>.</param>
/// <param name="IsOpen">It goes on.</param>
public sealed record LifeSegment(LifeKind Kind, DateTimeOffset From, DateTimeOffset To, bool IsOpen = false)
{
    /// <summary>How long it was.</summary>
    public TimeSpan Length => To - From;

    /// <summary>What ended it, where that was the end of a try or of the item.</summary>
    public string? End { get; init; }

    /// <summary>How that was: ok, bad, released, or now.</summary>
    public string? Outcome { get; init; }

    /// <summary>The worker that ran it, where it is a try.</summary>
    public string? Worker { get; init; }

    /// <summary>What it waited for, or why it failed; from an engine, so that it may hold a secret.</summary>
    public string? Detail { get; init; }
}

/// <summary>What is known of an item beside its events: since when it is there, and where it stands now.</summary>
internal sealed record LifeFacts(DateTimeOffset CreatedAt, WorkState State)
{
    /// <summary>When it last changed; a blocked item has met the resource that it waits for at this time at the latest.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
    public DateTimeOffset? ReadySince { get; init; }
    public bool IsDelayed { get; init; }
    public bool IsBlocked { get; init; }

    /// <summary>It may have been blocked whenever it was queued.</summary>
    public bool HasResources { get; init; }

    public static LifeFacts Of(WorkDetail item) => new(item.Summary.CreatedAt, item.Summary.State)
    {
        UpdatedAt = item.Summary.UpdatedAt,
        EndedAt = item.Summary.EndedAt,
        ReadySince = item.ReadySince,
        IsDelayed = item.DueAt is not null,
        IsBlocked = item.BlockedOn is not null,
        HasResources = item.Resources.Count > 0,
    };

    public static LifeFacts Of(WorkNode node) => new(node.Summary.CreatedAt, node.Summary.State)
    {
        UpdatedAt = node.Summary.UpdatedAt,
        EndedAt = node.Summary.EndedAt,
        ReadySince = node.ReadySince,
        IsDelayed = node.Condition == WorkCondition.Delayed,
        IsBlocked = node.Condition == WorkCondition.Blocked,
        HasResources = node.HasResources,
    };
}
