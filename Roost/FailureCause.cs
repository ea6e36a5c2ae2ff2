namespace Roost;

/// <summary>An exception within the error of a work item.</summary>
/// <param name="Depth">How deep it lies: 1 within the error itself, 2 within one of depth 1, and so on. It belongs to the last one before it that is less deep.</param>
/// <param name="Type">The full name of its type, at most 500 characters.</param>
/// <param name="Message">Its message, at most 4,000 characters, fewer where all of them together are long.</param>
/// <param name="Stack">Its stack trace, at most 10,000 characters, fewer where all of them together are long; null where there is none.</param>
/// <param name="Data">What its <see cref="Exception.Data"/> held, as far as it is simple: texts, numbers, times, ids and their like, written as text.</param>
public sealed record FailureCause(int Depth, string Type, string Message, string? Stack, IReadOnlyDictionary<string, string?> Data);
