namespace Roost.Stores;

/// <summary>Which children of an item are read.</summary>
/// <param name="ParentId">The item.</param>
/// <param name="Engine">Only of this engine; or null.</param>
/// <param name="AfterEnd">Only those whose end has a number above this, in the order of their ends; null for all, in the order in which they came.</param>
/// <param name="UpToEnd">And up to this.</param>
internal readonly record struct ChildSelection(string ParentId, string? Engine, long? AfterEnd, long? UpToEnd);

/// <summary>A child as it is stored.</summary>
internal sealed record StoredChild
{
    public required string Id { get; init; }
    public required string Engine { get; init; }
    public required string? IdempotencyKey { get; init; }
    public required WorkState State { get; init; }
    public required int Version { get; init; }
    public required bool IsDetached { get; init; }

    /// <summary>Its last state, checked; null before the first, and where <see cref="SnapshotError"/> says why.</summary>
    public Snapshot? Snapshot { get; init; }

    public string? SnapshotError { get; init; }

    /// <summary>Why it is a dead letter.</summary>
    public WorkFailure? Error { get; init; }
}
