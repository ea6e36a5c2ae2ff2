using System.CommandLine;
using System.Text.Json.Nodes;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>What changed between two versions of a work item's state.</summary>
internal sealed class DiffVerb : Verb
{
    private const int MostOfRun = 10, MostText = 2000;

    private readonly Argument<string> id = CommonOptions.Id();
    private readonly Argument<int?> from = new("from")
    {
        Description = "The older version. Default: the one before the newer.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Argument<int?> to = new("to") { Description = "The newer version. Default: the latest.", Arity = ArgumentArity.ZeroOrOne };

    public DiffVerb() : base("diff", "Show what changed between two versions of a work item's state.") => Take(id, from, to, CommonOptions.Json);

    protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, (roost, workId) => call.ShowAsync(async () =>
    {
        Snapshot newer = await roost.GetSnapshotAsync(workId, call.Get(to), call.Stop);
        Snapshot older = await roost.GetSnapshotAsync(workId, call.Get(from) ?? BeforeOf(newer), call.Stop);
        JsonDiff diff = JsonDiff.Between(older, newer, call.Print.Secrets);
        return new(new { Id = workId, From = older.Version, To = newer.Version, diff.Changes, diff.Placewise }, print => Show(print, diff));
    }));

    private static int BeforeOf(Snapshot newer) =>
        newer.Version > 1 ? newer.Version - 1 : throw new ConflictException($"Work item {newer.WorkId} has only version 1; there is nothing to compare.");

    private static void Show(Printer print, JsonDiff diff)
    {
        if (diff.Changes.Count == 0) Console.Error.WriteLine("The two versions are the same.");
        foreach (string path in diff.Placewise) Console.Error.WriteLine($"{Text.Line(path)} differs almost everywhere; it was compared place by place.");
        foreach (ChangeRun run in ChangeRun.Of(diff.Changes))
        {
            // As many as are left out take a line too.
            int shown = run.Changes.Count <= MostOfRun ? run.Changes.Count : MostOfRun - 1;
            foreach (JsonChange change in run.Changes.Take(shown))
                print.Line(Line(print, change));
            if (run.Changes.Count > shown)
                print.Line(
                    $"{Mark(run.Kind)} … {Text.Number(run.Changes.Count - shown)} more, up to {Text.Line(run.Changes[^1].Path)}; --json prints all of them"
                );
        }
    }

    private static string Line(Printer print, JsonChange change) => change.Kind switch
    {
        "added" => $"{Mark(change.Kind)} {Text.Line(change.Path)}: {Value(print, change.After)}",
        "removed" => $"{Mark(change.Kind)} {Text.Line(change.Path)}: {Value(print, change.Before)}",
        _ => $"{Mark(change.Kind)} {Text.Line(change.Path)}: {Value(print, change.Before)} -> {Value(print, change.After)}",
    };

    private static char Mark(string kind) => kind switch { "added" => '+', "removed" => '-', _ => '~' };

    private static string Value(Printer print, JsonNode? value)
    {
        string text = print.Compact(value?.DeepClone());
        return text.Length <= MostText ? text : $"{Text.Short(text, MostText)} ({Text.Number(text.Length)} characters; --json prints all of them)";
    }
}
