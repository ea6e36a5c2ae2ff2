namespace Roost.Stores;

/// <summary>A pause, checked: why, by whom, and until when.</summary>
internal sealed record NewPause(string Reason, string By, long? Until)
{
    private const int MaxReason = 1000;

    /// <exception cref="InvalidInputException">A field breaks a rule.</exception>
    public static NewPause Check(PauseTarget target, string reason, string by, DateTimeOffset? until, DateTimeOffset now)
    {
        Check(target);
        if (string.IsNullOrWhiteSpace(reason)) throw new InvalidInputException("reason", "is empty; say why, in 1 to 1,000 characters.");
        CheckReason(reason);
        Names.Check("by", by);
        if (until <= now)
            throw new InvalidInputException(
                "until", $"is {StoredTime.InWords(until.Value)}, and it is {StoredTime.InWords(now)} now; give a time that is still to come, or leave it out."
            );
        return new(reason, by, until is { } end ? StoredTime.RoundUp(end) : null);
    }

    /// <summary>What is resumed, by whom and why.</summary>
    /// <exception cref="InvalidInputException">A field breaks a rule.</exception>
    public static void CheckResume(PauseTarget target, string by, string? reason)
    {
        Check(target);
        Names.Check("by", by);
        if (reason is not null) CheckReason(reason);
    }

    private static void Check(PauseTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target.Scope == PauseScope.File) return;
        Names.Check(target.Scope switch { PauseScope.Engine => "engine", PauseScope.Queue => "queue", _ => "workId" }, target.Name);
    }

    private static void CheckReason(string reason)
    {
        Names.CheckText("reason", reason);
        if (reason.Length > MaxReason) throw new InvalidInputException("reason", $"is {reason.Length:N0} characters long; the limit is 1,000.");
    }
}
