namespace Roost.AspNetCore.Output;

/// <summary>Changes that stand together: elements of one list that follow each other and were all added or all removed; else one change alone.</summary>
internal sealed record ChangeRun(IReadOnlyList<JsonChange> Changes)
{
    public string Kind => Changes[0].Kind;

    /// <summary>Of the first, and where there are more up to where.</summary>
    public string Path => Changes.Count == 1 ? Changes[0].Path : $"{Changes[0].Path[..^1]}..{Changes[^1].Path.AsSpan(Changes[^1].Path.LastIndexOf('[') + 1)}";

    public static IEnumerable<ChangeRun> Of(IReadOnlyList<JsonChange> changes)
    {
        for (int from = 0, to; from < changes.Count; from = to)
        {
            to = from + 1;
            while (
                to < changes.Count
                && changes[from].Kind != "changed"
                && changes[to].Kind == changes[from].Kind
                && PlaceOf(changes[to].Path) is var (list, at)
                && PlaceOf(changes[to - 1].Path) == (list, at - 1)
                && at > 0
            )
                to++;
            yield return new([.. changes.Skip(from).Take(to - from)]);
        }
    }

    private static (string List, int At) PlaceOf(string path) =>
        path.EndsWith(']') && path.LastIndexOf('[') is var open and > 0 && int.TryParse(path.AsSpan(open + 1, path.Length - open - 2), out int at)
            ? (path[..open], at)
            : (path, -1);
}
