namespace Roost.Commands.Input;

/// <summary>Finds the one question that a text means.</summary>
internal static class AskResolver
{
    private const int Candidates = 8;

    public static async Task<string> FindAsync(RoostRuntime roost, string text, CancellationToken stop)
    {
        IReadOnlyList<string> found = await roost.FindAskIdsAsync(text, Candidates + 1, stop);
        return found.Count switch
        {
            1 => found[0],
            0 when text.Length < IdResolver.LeastPart => throw new NotFoundException(
                $"There is no question \"{text}\" in {roost.Path}. A part of an id is looked for from {IdResolver.LeastPart} characters on; give more of it."),
            0 => throw new NotFoundException($"There is no question \"{text}\" in {roost.Path}. \"roost inbox\" lists those that are open."),
            _ => throw new UsageException(
                $"\"{text}\" could be {(found.Count > Candidates ? $"more than {Candidates}" : found.Count)} questions; give more of the " +
                $"id:{string.Concat(found.Take(Candidates).Select(id => $"\n  {id}"))}"
            ),
        };
    }
}
