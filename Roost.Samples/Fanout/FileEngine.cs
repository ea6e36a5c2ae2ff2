namespace Roost.Samples.Fanout;

/// <summary>What was found in a file.</summary>
internal sealed record FileState(string Path, string Kind = "", long Lines = 0, long Words = 0, string? Title = null);

/// <summary>Reads one file.</summary>
internal sealed class FileEngine : Engine<FileState>
{
    public const string Id = "file";
    private const int LongestTitle = 100;

    public override string EngineId => Id;

    protected override FileState Init(WorkItem item) => new(item.PayloadAs<Folder>().Path);

    protected override RetryDecision Retry(Exception exception, int attempt) =>
        exception is UnauthorizedAccessException or FileNotFoundException ? RetryDecision.Never : RetryDecision.Default;

    protected override async Task<Outcome> StepAsync(FileState state, StepContext context)
    {
        (long lines, long words, string? title) = (0, 0, null);
        using var reader = new StreamReader(state.Path);
        while (await reader.ReadLineAsync(context.CancellationToken) is { } line)
        {
            if (line.Contains('\0')) return Done(state with { Kind = "(binary)" });
            lines++;
            words += line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
            if (title is null && line.StartsWith("# ", StringComparison.Ordinal))
                title = line.Length <= LongestTitle ? line[2..] : $"{line[2..LongestTitle]}...";
        }
        string kind = Path.GetExtension(state.Path).ToLowerInvariant();
        return Done(state with { Kind = kind.Length == 0 ? "(none)" : kind, Lines = lines, Words = words, Title = title });
    }
}
