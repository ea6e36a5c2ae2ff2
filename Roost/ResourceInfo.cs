namespace Roost;

/// <summary>A resource that is held.</summary>
/// <param name="Name">The resource.</param>
/// <param name="HolderId">The work item that holds it.</param>
/// <param name="WorkerId">The worker that runs the holder; null where the holder keeps it through a delay, or was handed it and does not run yet.</param>
/// <param name="Since">Since when the holder has it.</param>
/// <param name="Waiters">The work items that wait for it, in the order in which they get it where there are at most 100; else 100 of them.</param>
/// <param name="HasMoreWaiters">Whether more than the 100 that are listed wait for it.</param>
public sealed record ResourceInfo(string Name, string HolderId, string? WorkerId, DateTimeOffset Since, IReadOnlyList<string> Waiters, bool HasMoreWaiters);
