namespace Roost.Cli;

/// <summary>Full pages out of the runtime's, which may be short where a filter meets little.</summary>
internal static class Pages
{
    private const int AtOnce = 1000;

    public static async Task<WorkPage> FillAsync(RoostRuntime roost, WorkFilter filter, int limit, string? cursor, CancellationToken stop)
    {
        (List<WorkSummary> items, string? next) = await FillAsync(limit, cursor, async (most, from) =>
        {
            WorkPage page = await roost.ListAsync(filter, most, from, stop);
            return (page.Items, page.Next);
        });
        return new(items, next);
    }

    public static async Task<DeadLetterPage> FillAsync(RoostRuntime roost, DeadLetterFilter filter, int limit, string? cursor, CancellationToken stop)
    {
        (List<DeadLetter> items, string? next) = await FillAsync(limit, cursor, async (most, from) =>
        {
            DeadLetterPage page = await roost.ListDeadLettersAsync(filter, most, from, stop);
            return (page.Items, page.Next);
        });
        return new(items, next);
    }

    public static async Task<ArtifactList> FillAsync(RoostRuntime roost, ArtifactFilter filter, int limit, string? cursor, CancellationToken stop)
    {
        (List<Artifact> items, string? next) = await FillAsync(limit, cursor, async (most, from) =>
        {
            ArtifactList page = await roost.ListArtifactsAsync(filter, most, from, stop);
            return (page.Items, page.Next);
        });
        return new(items, next);
    }

    private static async Task<(List<T> Items, string? Next)> FillAsync<T>(int limit, string? cursor, Func<int, string?, Task<(IReadOnlyList<T> Items, string? Next)>> read)
    {
        CheckLimit(limit);
        var items = new List<T>();
        do
        {
            (IReadOnlyList<T> page, cursor) = await read(Math.Min(limit - items.Count, AtOnce), cursor);
            items.AddRange(page);
        }
        while (cursor is not null && items.Count < limit);
        return (items, cursor);
    }

    private static void CheckLimit(int limit)
    {
        if (limit is < 1 or > 100_000) throw new UsageException($"--limit is {limit}; give a number from 1 to 100,000.");
    }
}
