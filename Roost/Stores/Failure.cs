using System.Globalization;

namespace Roost.Stores;

/// <summary>Why a work item became a dead letter, or why its last try failed, ready for its transaction.</summary>
internal sealed record Failure(string Reason, string? ErrorType, string Message, string? Stack, int Attempt)
{
    /// <summary>Type and message of the exception at the bottom, where it is another.</summary>
    public string? CauseType { get; init; }

    public string? CauseMessage { get; init; }

    /// <summary>The exceptions within the error, and what its own data held, as JSON; null where there is nothing of it.</summary>
    public byte[]? Causes { get; init; }

    /// <summary>The key of those that failed alike: made outside of the transaction wherever there is a text to read for it.</summary>
    public long? Group { get; init; }

    public static Failure Deadline(long deadline, int attempt) => new(FailReasons.DeadlineExceeded, null, PassedText(deadline), null, attempt);

    /// <summary>The deadline passed after this try had failed: what it said stays beside the new reason.</summary>
    public Failure AtDeadline(long deadline) =>
        this with
        {
            Reason = FailReasons.DeadlineExceeded,
            Message = $"{PassedText(deadline)} Its last try had failed: {Message}",
            Group = null,
        };

    private static string PassedText(long deadline) =>
        $"The deadline {StoredTime.Read(deadline).ToString("u", CultureInfo.InvariantCulture)} passed before the work was done.";
}
