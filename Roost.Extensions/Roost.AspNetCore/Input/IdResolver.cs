namespace Roost.AspNetCore.Input;

/// <summary>Finds the one work item that a text means.</summary>
internal static class IdResolver
{
    private const int Candidates = 8;
    private const int NearEnough = 2;

    /// <summary>A shorter part of an id means too many, and is not looked for.</summary>
    public const int LeastPart = 3;

    public static async Task<string> FindAsync(RoostRuntime roost, string text, CancellationToken stop)
    {
        IReadOnlyList<string> found = await roost.FindIdsAsync(text, Candidates + 1, stop);
        return found.Count switch
        {
            1 => found[0],
            0 => throw new NotFoundException(await MissingAsync(roost, text, stop)),
            _ => throw new UsageException(
                $"\"{text}\" could be {(found.Count > Candidates ? $"more than {Candidates}" : found.Count)} work items; give more of the " +
                $"id:{string.Concat(found.Take(Candidates).Select(id => $"\n  {id}"))}"
            ),
        };
    }

    private static async Task<string> MissingAsync(RoostRuntime roost, string text, CancellationToken stop)
    {
        Page<WorkSummary> recent = await roost.ListAsync(limit: 200, cancellationToken: stop);
        string? near = Suggestion.For(text, recent.Items.Select(item => item.Id), NearEnough);
        string hint =
            near is null && text.Length < LeastPart ? $"A part of an id is looked for from {LeastPart} characters on; give more of it."
            : near is null ? "An end of an id is looked for among the latest 50,000 items; give the whole id or its beginning for older ones."
            : $"Did you mean {near}?";
        return $"There is no work item \"{text}\" in {roost.Path}. {hint}";
    }
}
