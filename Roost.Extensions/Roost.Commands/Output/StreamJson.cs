namespace Roost.Commands.Output;

/// <summary>A piece of a stream as --json gives it.</summary>
internal static class StreamJson
{
    /// <param name="workId">The item.</param>
    /// <param name="name">The stream.</param>
    /// <param name="piece">The piece.</param>
    /// <param name="text">Its text with secrets masked.</param>
    public static object Of(string workId, string name, StreamPiece piece, string text) => new
    {
        WorkId = workId,
        Stream = name,
        piece.Offset,
        piece.End,
        Text = text,
        piece.Version,
        piece.Try,
        piece.IsCommitted,
        piece.At,
    };
}
