namespace Roost.Cli;

/// <summary>Full pages out of the runtime's, which may be short where a filter meets little.</summary>
internal static class Pages
{
    private const int AtOnce = 1000;

    public static async Task<WorkPage> FillAsync(RoostRuntime roost, WorkFilter filter, int limit, string? cursor, CancellationToken stop)
    {
        CheckLimit(limit);
        var items = new List<WorkSummary>();
        do
        {
            WorkPage page = await roost.ListAsync(filter, Math.Min(limit - items.Count, AtOnce), cursor, stop);
            items.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null && items.Count < limit);
        return new(items, cursor);
    }

    public static async Task<DeadLetterPage> FillAsync(RoostRuntime roost, DeadLetterFilter filter, int limit, string? cursor, CancellationToken stop)
    {
        CheckLimit(limit);
        var items = new List<DeadLetter>();
        do
        {
            DeadLetterPage page = await roost.ListDeadLettersAsync(filter, Math.Min(limit - items.Count, AtOnce), cursor, stop);
            items.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null && items.Count < limit);
        return new(items, cursor);
    }

    private static void CheckLimit(int limit)
    {
        if (limit is < 1 or > 100_000) throw new UsageException($"--limit is {limit}; give a number from 1 to 100,000.");
    }
}
