using System.Globalization;
using System.Text;

namespace Roost.Samples.Fanout;

/// <summary>What is asked for: a folder.</summary>
internal sealed record Folder(string Path);

/// <summary>How many files a folder has, and how many of them could not be read.</summary>
internal sealed record FolderState(string Path, int Files = 0, int Unreadable = 0);

/// <summary>Reads a folder by a child for each of its files, waits for all of them, and joins what they have found to one Markdown report.</summary>
internal sealed class FolderEngine : Engine<FolderState>
{
    public const string Id = "folder", Report = "report.md";
    private const int MostFiles = 5000;
    private const int Longest = 10;

    private static readonly string[] Hidden = [".git", "bin", "obj", "node_modules"];

    public override string EngineId => Id;

    protected override FolderState Init(WorkItem item) => new(item.PayloadAs<Folder>().Path);

    protected override async Task<Outcome> StepAsync(FolderState state, StepContext context)
    {
        if (context.Wake is null)
        {
            string[] files = [.. FilesIn(state.Path).Take(MostFiles + 1)];
            if (files.Length > MostFiles) return Fail($"{state.Path} has more than {MostFiles:N0} files.");
            context.AddChildren(files.Select(file => new WorkItem(FileEngine.Id, new Folder(file)) { MaxAttempts = 2 }));
            return WaitForChildren(state with { Files = files.Length }, step: "join");
        }
        var kinds = new SortedDictionary<string, (int Files, long Lines, long Words)>(StringComparer.Ordinal);
        var found = new List<FileState>();
        var unread = new List<string>();
        await foreach (Child<FileState> child in context.ChildrenAsync<FileState>())
        {
            if (child.State != WorkState.Done)
            {
                string name = child.Data is null ? child.Id : Name(state, child.Data);
                unread.Add($"- {name}: {child.Error?.Message ?? child.State.Name()}");
                continue;
            }
            FileState file = child.Data!;
            (int Files, long Lines, long Words) sum = kinds.GetValueOrDefault(file.Kind);
            kinds[file.Kind] = (sum.Files + 1, sum.Lines + file.Lines, sum.Words + file.Words);
            found.Add(file);
        }
        context.AddArtifactText(Report, Write(state, kinds, found, unread));
        return Done(state with { Unreadable = unread.Count });
    }

    private static IEnumerable<string> FilesIn(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder)) yield return file;
        foreach (string inner in Directory.EnumerateDirectories(folder))
            if (!Hidden.Contains(Path.GetFileName(inner)) && new DirectoryInfo(inner).LinkTarget is null)
                foreach (string file in FilesIn(inner)) yield return file;
    }

    private static string Write(
        FolderState state, SortedDictionary<string, (int Files, long Lines, long Words)> kinds, List<FileState> found, List<string> unread)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# {Path.GetFileName(Path.TrimEndingDirectorySeparator(state.Path))}").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{state.Files:N0} files, {found.Sum(file => file.Lines):N0} lines.").AppendLine();
        text.AppendLine("| kind | files | lines | words |").AppendLine("|---|---:|---:|---:|");
        foreach ((string kind, (int files, long lines, long words)) in kinds.OrderByDescending(pair => pair.Value.Lines))
            text.AppendLine(CultureInfo.InvariantCulture, $"| {kind} | {files:N0} | {lines:N0} | {words:N0} |");
        text.AppendLine().AppendLine("## The longest files").AppendLine();
        foreach (FileState file in found.OrderByDescending(file => file.Lines).Take(Longest))
            text.AppendLine(CultureInfo.InvariantCulture, $"- {Name(state, file)}: {file.Lines:N0} lines{(file.Title is null ? "" : $" (*{file.Title}*)")}");
        if (unread.Count > 0) text.AppendLine().AppendLine("## Not read").AppendLine().AppendJoin('\n', unread).AppendLine();
        return text.ToString();
    }

    private static string Name(FolderState state, FileState file) => $"`{Path.GetRelativePath(state.Path, file.Path)}`";
}
