namespace Roost;

/// <summary>Time-bound ownership of one work item by one worker, as stored.</summary>
/// <param name="WorkId">The id of the leased work item.</param>
/// <param name="WorkerId">The worker that holds it.</param>
/// <param name="Token">Random, fresh for each claim; every write of the holder is fenced by it. Shown as 16 hexadecimal digits.</param>
/// <param name="Version">The snapshot version that the running step started from; 0 for the step that makes the first one.</param>
/// <param name="ClaimedAt">When it was claimed.</param>
/// <param name="ExpiresAt">When another worker may take the item over unless the lease is renewed before.</param>
public sealed record Lease(string WorkId, string WorkerId, string Token, int Version, DateTimeOffset ClaimedAt, DateTimeOffset ExpiresAt);
