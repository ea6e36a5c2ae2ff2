namespace Roost;

/// <summary>One page of a list of artifacts.</summary>
/// <param name="Items">
/// The artifacts, newest first. A filter looks at a bounded number of artifacts for each page, so a page may hold fewer than asked for, or
/// none, and still be followed by another.
/// </param>
/// <param name="Next">Give this as the cursor of the next page; null at the end of the list.</param>
public sealed record ArtifactList(IReadOnlyList<Artifact> Items, string? Next);
