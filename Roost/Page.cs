namespace Roost;

/// <summary>One page of a list that is too long to be given at once.</summary>
/// <param name="Items">
/// The items, in the order of the list. A list that is narrowed by what no index knows looks at a bounded number of items for each page, so a
/// page may hold fewer than asked for, or none, and still be followed by another.
/// </param>
/// <param name="Next">Give this as the cursor of the next page; null at the end of the list, and only there. Its text means nothing to anybody else.</param>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
