using Roost.AspNetCore.Output;

namespace Roost.AspNetCore;

/// <summary>The end of a stream, as a page shows it.</summary>
/// <param name="Info">The stream.</param>
/// <param name="Text">Its last text, with secrets masked.</param>
/// <param name="Said">How much there is, how much of it is shown, and of which try it is.</param>
internal sealed record StreamTail(StreamInfo Info, string Text, string Said)
{
    /// <summary>So much is read, so that what makes a secret known stands before it; and so much is shown.</summary>
    private const int MostRead = 16 * 1024, MostShown = 4 * 1024;

    public static async Task<StreamTail> ReadAsync(
        RoostRuntime roost, string workId, StreamInfo stream, SecretKeys secrets, CancellationToken cancellationToken)
    {
        StreamPage page = await roost.ReadStreamAsync(workId, stream.Name, Math.Max(0, stream.End - MostRead), cancellationToken);
        string text = secrets.Hide(string.Concat(page.Pieces.Select(piece => piece.Text)));
        bool isCut = text.Length > MostShown;
        string shown = Output.Text.Lines(isCut ? "…" + text[^(char.IsLowSurrogate(text[^MostShown]) ? MostShown - 1 : MostShown)..] : text);
        string part = isCut ? ", the end of it" : stream.KeptBytes < stream.End ? $", {Times.Size(stream.KeptBytes)} kept" : "";
        string said = $"{Times.Size(stream.End)} written{part}";
        if (page.Pieces is [.., { IsCommitted: false } last])
            said += $"; try {Output.Text.Number(last.Try)} of the step from version {Output.Text.Number(last.Version)}, not committed";
        return new(stream, shown, said);
    }
}
