namespace Roost.Commands.Input;

/// <summary>Full pages out of the runtime's, which may be short where a filter meets little.</summary>
internal static class FullPage
{
    private const int AtOnce = 1000;

    /// <param name="limit">How many; 1 to 100,000.</param>
    /// <param name="cursor">Where to go on, or null.</param>
    /// <param name="list">Reads at most so many from a cursor on.</param>
    public static Task<Page<T>> ReadAsync<T>(int limit, string? cursor, Func<int, string?, Task<Page<T>>> list) => limit is < 1 or > 100_000
        ? throw new UsageException($"--limit is {limit}; give a number from 1 to 100,000.")
        : UpToAsync(limit, cursor, list);

    /// <summary>All that there is, of what belongs to one work item.</summary>
    /// <param name="list">Reads at most so many from a cursor on.</param>
    public static async Task<IReadOnlyList<T>> AllAsync<T>(Func<int, string?, Task<Page<T>>> list) => (await UpToAsync(int.MaxValue, null, list)).Items;

    private static async Task<Page<T>> UpToAsync<T>(int limit, string? cursor, Func<int, string?, Task<Page<T>>> list)
    {
        var items = new List<T>();
        do
        {
            Page<T> page = await list(Math.Min(limit - items.Count, AtOnce), cursor);
            items.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null && items.Count < limit);
        return new(items, cursor);
    }
}
