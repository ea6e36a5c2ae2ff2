namespace Roost;

/// <summary>What a step waits for, where that is more than one signal: what comes first wakes the item.</summary>
public sealed record Wait
{
    /// <summary>The names of signals, any of which wakes it; of those that have come already, the earliest. Default none; at most 100.</summary>
    public IReadOnlyList<string> Signals { get; init; } = [];

    /// <summary>A question to a person, whose answer wakes it. Default none.</summary>
    public Ask? Ask { get; init; }

    /// <summary>Its children, whose ends wake it. Default: none.</summary>
    public ChildJoin? Children { get; init; }

    /// <summary>
    /// How long at most, above zero and up to 10 years, in whole milliseconds rounded up. Default: for ever. Not together with <see cref="Until"/>.
    /// </summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Until when at most; a moment in the past is over at once. Default: for ever.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>What has woken an item that waited.</summary>
public enum WakeKind
{
    /// <summary>A signal that it waited for had come.</summary>
    Signal,

    /// <summary>The time of the wait was over before anything came.</summary>
    Timeout,

    /// <summary>A person has answered its question.</summary>
    Answer,

    /// <summary>Its question was withdrawn.</summary>
    Withdrawn,

    /// <summary>As many of its children have ended as it waited for, or one has failed where it waited for that as well, or none was open.</summary>
    Children,
}

/// <summary>Why an item that waited goes on: what the first step after its wait is told, in each of its tries.</summary>
public sealed record Wake
{
    /// <summary>Which of the things that it waited for it was.</summary>
    public required WakeKind Kind { get; init; }

    /// <summary>When the wait was over.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The signal, where one has woken it; it is taken from the mailbox by the commit of the step that is told.</summary>
    public Signal? Signal { get; init; }

    /// <summary>The answer, where a person has given one.</summary>
    public Answer? Answer { get; init; }

    /// <summary>How its children stand, where it waited for them, whatever has woken it; else null.</summary>
    public ChildProgress? Children { get; init; }

    /// <summary>The trace of who has withdrawn the question, where that is what has woken it.</summary>
    internal string? WithdrawalTrace { get; init; }
}

/// <summary>What an item waits for, for people.</summary>
public sealed record WaitInfo
{
    /// <summary>The names of signals.</summary>
    public required IReadOnlyList<string> Signals { get; init; }

    /// <summary>The id of its question; null where it asks none.</summary>
    public string? AskId { get; init; }

    /// <summary>Which of its children it waits for; null for none.</summary>
    public ChildJoin? Children { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When it is over at the latest; null for never.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>What became of a signal that was sent.</summary>
/// <param name="WorkId">The id of the item that has it.</param>
/// <param name="Created">False where one with its id had come before.</param>
public readonly record struct SignalResult(string WorkId, bool Created);
