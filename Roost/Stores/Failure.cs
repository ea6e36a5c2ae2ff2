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

    /// <summary>An item has committed as many steps as it may, and would go on.</summary>
    public static Failure TooManySteps(int most, int attempt) => new(FailReasons.MaxSteps, null, string.Create(CultureInfo.InvariantCulture,
        $"It has committed {most:N0} steps, as many as its MaxSteps allows, and would go on. Look whether it gets anywhere; a retry allows as many again."),
        null, attempt);

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
