using System.CommandLine;
using Roost.Cli.Output;

namespace Roost.Cli.Verbs;

/// <summary>What changed between two versions of a work item's state.</summary>
internal sealed class DiffVerb : Verb
{
    private readonly Argument<string> id = CommonOptions.Id();
    private readonly Argument<int?> from = new("from") { Description = "The older version. Default: the one before the newer.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<int?> to = new("to") { Description = "The newer version. Default: the latest.", Arity = ArgumentArity.ZeroOrOne };

    public DiffVerb() : base("diff", "Show what changed between two versions of a work item's state.") => Take(id, from, to, CommonOptions.Json);

    protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, (roost, workId) => call.ShowAsync(async () =>
    {
        Snapshot newer = await roost.GetSnapshotAsync(workId, call.Get(to), call.Stop);
        Snapshot older = await roost.GetSnapshotAsync(workId, call.Get(from) ?? BeforeOf(newer), call.Stop);
        IReadOnlyList<JsonChange> changes = JsonDiff.Between(older, newer, call.Print.Secrets);
        return new(new { Id = workId, From = older.Version, To = newer.Version, Changes = changes }, print => Show(print, changes));
    }));

    private static int BeforeOf(Snapshot newer) =>
        newer.Version > 1 ? newer.Version - 1 : throw new ConflictException($"Work item {newer.WorkId} has only version 1; there is nothing to compare.");

    private static void Show(Printer print, IReadOnlyList<JsonChange> changes)
    {
        if (changes.Count == 0) System.Console.Error.WriteLine("The two versions are the same.");
        foreach (JsonChange change in changes)
        {
            print.Line(change.Kind switch
            {
                "added" => $"+ {Text.Line(change.Path)}: {print.Compact(change.After?.DeepClone())}",
                "removed" => $"- {Text.Line(change.Path)}: {print.Compact(change.Before?.DeepClone())}",
                _ => $"~ {Text.Line(change.Path)}: {print.Compact(change.Before?.DeepClone())} -> {print.Compact(change.After?.DeepClone())}",
            });
        }
    }
}
