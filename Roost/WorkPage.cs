namespace Roost;

/// <summary>One page of a list of work items.</summary>
/// <param name="Items">
/// The items, most recently updated first. A filter by resource or error text looks at a bounded number of items for each page, so a page
/// may hold fewer than asked for, or none, and still be followed by another.
/// </param>
/// <param name="Next">Give this as the cursor of the next page; null at the end of the list.</param>
public sealed record WorkPage(IReadOnlyList<WorkSummary> Items, string? Next);
