using System.Text;
using Roost.AspNetCore.Output;

namespace Roost.AspNetCore;

/// <summary>The end of a stream, as a page shows it.</summary>
/// <param name="Info">The stream.</param>
/// <param name="Text">Its last text, with secrets masked, and a line where a step or a try begins anew.</param>
/// <param name="Said">How much there is, how much of it is shown, and of which try it is.</param>
internal sealed record StreamTail(StreamInfo Info, string Text, string Said)
{
    /// <summary>So many streams of an item are looked at.</summary>
    private const int MostLookedAt = 1000;

    /// <summary>So much is read, so that what makes a secret known stands before it; and so much is shown.</summary>
    private const int MostRead = 16 * 1024, MostShown = 4 * 1024;

    /// <summary>The ends of those that were written to last, and in words which others there are; null where there is none.</summary>
    public static async Task<(IReadOnlyList<StreamTail> Shown, string? Others)> ReadAllAsync(
        RoostRuntime roost, string workId, int most, SecretKeys secrets, CancellationToken cancellationToken)
    {
        Page<StreamInfo> all = await roost.ListStreamsAsync(workId, MostLookedAt, null, cancellationToken);
        StreamInfo[] kept = [.. all.Items.Where(stream => stream.KeptBytes > 0).OrderByDescending(stream => stream.LastAt)];
        var shown = new List<StreamTail>();
        foreach (StreamInfo stream in kept.Take(most)) shown.Add(await ReadAsync(roost, workId, stream, secrets, cancellationToken));
        if (all.Next is not null) return (shown, $"Those that were written to last of the first {Output.Text.Number(MostLookedAt)}; it has more.");
        int others = kept.Length - shown.Count;
        return (shown, others == 0 ? null : $"Those that were written to last; {Output.Text.Count(others, "other")} with text.");
    }

    private static async Task<StreamTail> ReadAsync(
        RoostRuntime roost, string workId, StreamInfo stream, SecretKeys secrets, CancellationToken cancellationToken)
    {
        StreamPage page = await roost.ReadStreamAsync(workId, stream.Name, Math.Max(0, stream.End - MostRead), cancellationToken);
        string text = secrets.Hide(Joined(page.Pieces));
        bool isCut = text.Length > MostShown;
        string shown = Output.Text.Lines(isCut ? "…" + text[^(char.IsLowSurrogate(text[^MostShown]) ? MostShown - 1 : MostShown)..] : text);
        string part = isCut ? ", the end of it" : stream.KeptBytes < stream.End ? $", {Times.Size(stream.KeptBytes)} kept" : "";
        string said = $"{Times.Size(stream.End)} written{part}";
        if (page.Pieces is [.., { IsCommitted: false } last]) said += $"; {StreamWords.TryOf(last)}, not committed";
        return new(stream, shown, said);
    }

    private static string Joined(IReadOnlyList<StreamPiece> pieces)
    {
        var text = new StringBuilder();
        StreamPiece? before = null;
        foreach (StreamPiece piece in pieces)
        {
            if (before is not null && StreamWords.Anew(before, piece) is { } anew) text.Append(text[^1] == '\n' ? "" : "\n").Append(anew).Append('\n');
            else if (before is { IsCommitted: true } && !piece.IsCommitted && text[^1] != '\n') text.Append('\n');
            text.Append(piece.Text);
            before = piece;
        }
        return text.ToString();
    }
}
