namespace Roost.Cli;

/// <summary>Counts the dead letters that a filter means by reading all of them: nothing keeps such a number.</summary>
internal static class DeadLetterCount
{
    private const int PageSize = 1000;

    public static async Task<int> OfAsync(RoostRuntime roost, DeadLetterFilter filter, CancellationToken stop)
    {
        int count = 0;
        string? cursor = null;
        do
        {
            DeadLetterPage page = await roost.ListDeadLettersAsync(filter, PageSize, cursor, stop).ConfigureAwait(false);
            count += page.Items.Count;
            cursor = page.Next;
        }
        while (cursor is not null);
        return count;
    }
}
