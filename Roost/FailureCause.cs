namespace Roost;

/// <summary>An exception within the error of a work item.</summary>
public sealed record FailureCause
{
    /// <summary>
    /// How deep it lies: 1 within the error itself, 2 within one of depth 1, and so on. It belongs to the last one before it that is less deep.
    /// </summary>
    public required int Depth { get; init; }

    /// <summary>The full name of its type, at most 500 characters.</summary>
    public required string Type { get; init; }

    /// <summary>Its message, at most 4,000 characters, fewer where all of them together are long.</summary>
    public required string Message { get; init; }

    /// <summary>Its stack trace, at most 10,000 characters, fewer where all of them together are long; null where there is none.</summary>
    public string? Stack { get; init; }

    /// <summary>What its <see cref="Exception.Data"/> held, as far as it is simple: texts, numbers, times, ids and their like, written as text.</summary>
    public required IReadOnlyDictionary<string, string?> Data { get; init; }
}
