namespace Roost.AspNetCore.Output;

/// <summary>How the tries in a stream are told apart.</summary>
internal static class StreamWords
{
    public static string TryOf(StreamPiece piece) => $"try {Text.Number(piece.Try)} of the step from version {Text.Number(piece.Version)}";

    /// <summary>What stands between two pieces of different tries of one step; null where they are none.</summary>
    public static string? Anew(StreamPiece before, StreamPiece piece) =>
        before.Version == piece.Version && before.Try != piece.Try ? $"({TryOf(piece)} begins anew)" : null;
}
