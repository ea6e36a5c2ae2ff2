namespace Roost.Commands.Output;

/// <summary>A piece of a stream as --json gives it.</summary>
internal static class StreamJson
{
    public static object Of(string workId, string name, StreamPiece piece, Printer print) => new
    {
        WorkId = workId,
        Stream = name,
        piece.Offset,
        piece.End,
        Text = print.Hide(piece.Text),
        piece.Version,
        piece.Try,
        piece.IsCommitted,
        piece.At,
    };
}
