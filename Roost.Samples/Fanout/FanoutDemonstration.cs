using System.Globalization;
using Roost.Samples.Takeover;

namespace Roost.Samples.Fanout;

/// <summary>Roost with children: one item for a folder, one for each of its files, and one report of them all.</summary>
internal static class FanoutDemonstration
{
    public static async Task RunAsync(string folder, TextWriter output, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder)) throw new UsageException($"There is no folder {folder}.");
        await using var roost = RoostRuntime.CreateTemporary();
        roost.AddEngine(new FolderEngine());
        roost.AddEngine(new FileEngine());
        string id = await roost.EnqueueAsync(new WorkItem(FolderEngine.Id, new Folder(Path.GetFullPath(folder))), cancellationToken);
        WorkSummary ended = await roost.RunUntilDoneAsync(id, cancellationToken);
        if (ended.State != WorkState.Done) throw new DemonstrationFailedException($"The folder could not be read: {ended.Error}");
        IReadOnlyDictionary<WorkState, int> children = (await roost.GetAsync(id, cancellationToken)).Children;
        string states = string.Join(", ", children.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Value:N0} {pair.Key.Name()}")));
        output.WriteLine($"{id}: {ended.State.Name()} at version {ended.Version}; children: {(states.Length == 0 ? "none" : states)}.");
        output.WriteLine();
        await using Stream report = await roost.OpenArtifactAsync(id, FolderEngine.Report, cancellationToken: cancellationToken);
        using var reader = new StreamReader(report);
        output.Write(await reader.ReadToEndAsync(cancellationToken));
    }
}
