namespace Roost;

/// <summary>Time-bound ownership of one work item by one worker, as stored.</summary>
public sealed record Lease
{
    /// <summary>The id of the leased work item.</summary>
    public required string WorkId { get; init; }

    /// <summary>The worker that holds it.</summary>
    public required string WorkerId { get; init; }

    /// <summary>Random, fresh for each claim; every write of the holder is fenced by it. Shown as 16 hexadecimal digits.</summary>
    public required string Token { get; init; }

    /// <summary>The snapshot version that the running step started from; 0 for the step that makes the first one.</summary>
    public required int Version { get; init; }

    /// <summary>When it was claimed.</summary>
    public required DateTimeOffset ClaimedAt { get; init; }

    /// <summary>When another worker may take the item over unless the lease is renewed before.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
