namespace Roost;

/// <summary>A piece of a stream's text, of one try of one step. Where pieces begin and end is up to the store: not to whoever wrote them.</summary>
public sealed record StreamPiece
{
    /// <summary>Where it begins: how many bytes of UTF-8 the stream had got before. No offset is ever used for anything else.</summary>
    public required long Offset { get; init; }

    /// <summary>Where it ends: the offset from which to go on reading.</summary>
    public required long End { get; init; }

    /// <summary>The text.</summary>
    public required string Text { get; init; }

    /// <summary>The version of the snapshot that the step was given which wrote it.</summary>
    public required int Version { get; init; }

    /// <summary>
    /// Which try of that step, among those that have written something, from 1. When a try commits, what the others of its step have written is removed.
    /// </summary>
    public required int Try { get; init; }

    /// <summary>The step has committed, so that this stays as long as the version that it made.</summary>
    public required bool IsCommitted { get; init; }

    /// <summary>When its end was stored.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>A stretch of a stream, from an offset on.</summary>
public sealed record StreamPage
{
    /// <summary>The text there, in order; empty where there is none yet.</summary>
    public required IReadOnlyList<StreamPiece> Pieces { get; init; }

    /// <summary>The offset from which to go on reading.</summary>
    public required long Next { get; init; }

    /// <summary>There is more than this page holds.</summary>
    public required bool HasMore { get; init; }

    /// <summary>The item has ended, so that nothing more comes unless somebody retries it, which can be done where it has failed.</summary>
    public required bool IsOver { get; init; }
}

/// <summary>A stream of an item.</summary>
public sealed record StreamInfo
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>How many bytes of UTF-8 were written to it in all: the offset of what comes next.</summary>
    public required long End { get; init; }

    /// <summary>How many of them can be read.</summary>
    public required long KeptBytes { get; init; }

    /// <summary>Where the first that can be read begins: the watermark. Equals <see cref="End"/> where none can.</summary>
    public required long Begin { get; init; }

    /// <summary>When the last of it was stored; null where nothing is kept.</summary>
    public DateTimeOffset? LastAt { get; init; }
}
