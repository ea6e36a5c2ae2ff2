namespace Roost.Stores;

/// <summary>Which work items a list is about.</summary>
internal sealed record Selection
{
    private const int MaxText = 1000;

    private static readonly WorkState[] All = Enum.GetValues<WorkState>();

    /// <summary>An item that is done has no failure any more.</summary>
    private static readonly WorkState[] WithFailures = [.. All.Where(state => state != WorkState.Done)];

    public required IReadOnlyList<WorkState> States { get; init; }

    /// <summary>The names of <see cref="States"/>, as a JSON array.</summary>
    public string StateNames => $"[{string.Join(',', States.Select(state => $"\"{state.Name()}\""))}]";

    /// <summary>Ready, delayed or blocked, where only such are meant; null for any other.</summary>
    public WorkCondition? Condition { get; init; }

    public string? ConditionName =>
        Condition switch
        {
            WorkCondition.Ready => "ready",
            WorkCondition.Delayed => "delayed",
            WorkCondition.Blocked => "blocked",
            _ => null,
        };

    public string? Engine { get; init; }
    public string? Queue { get; init; }
    public string? ParentId { get; init; }
    public string? Resource { get; init; }
    public bool? IsPaused { get; init; }

    /// <summary>The time: a pause that is over by now is none.</summary>
    public long Now { get; init; }
    public string? Error { get; init; }
    public string? Reason { get; init; }
    public string? ErrorType { get; init; }

    /// <summary>The key of a group of dead letters.</summary>
    public long? Group { get; init; }

    /// <summary><see cref="DeadLetterFilter.NoGroup"/> for dead letters that are in no group; else null.</summary>
    public string? NoGroup { get; init; }

    /// <summary>The last update is at this time or later.</summary>
    public long Least { get; init; }

    /// <summary>The last update is before this time.</summary>
    public long Below { get; init; } = long.MaxValue;

    public static Selection Of(WorkFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        CheckName("Engine", filter.Engine);
        CheckName("Queue", filter.Queue);
        CheckName("ParentId", filter.ParentId);
        CheckName("Resource", filter.Resource);
        if (filter.State is { } state && !Enum.IsDefined(state))
            throw new InvalidInputException("State", $"{(int)state} is no state of a work item.");
        if (filter.Condition is { } condition && !Enum.IsDefined(condition))
            throw new InvalidInputException("Condition", $"{(int)condition} is no condition of a work item.");
        WorkState? only = filter.Condition is { } one ? StateOf(one) : filter.State;
        if (filter.State is { } given && given != only)
            throw new InvalidInputException("Condition", $"is {filter.Condition}, which no item in the state {given.Name()} is; give one of them.");
        return new()
        {
            States = only is { } meant ? [meant] : filter.Error is null ? All : WithFailures,
            Condition = only == WorkState.Queued ? filter.Condition : null,
            Engine = filter.Engine,
            Queue = filter.Queue,
            ParentId = filter.ParentId,
            Resource = filter.Resource,
            IsPaused = filter.IsPaused,
            Error = Containing(filter.Error),
        };
    }

    public static Selection Of(DeadLetterFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        CheckName("Engine", filter.Engine);
        CheckName("Queue", filter.Queue);
        CheckName("Reason", filter.Reason);
        CheckText("ErrorType", filter.ErrorType);
        return new()
        {
            States = [WorkState.Failed],
            Engine = filter.Engine,
            Queue = filter.Queue,
            Reason = filter.Reason,
            ErrorType = filter.ErrorType,
            Error = Containing(filter.Error),
            Group = filter.Group is null or DeadLetterFilter.NoGroup ? null : GroupKey.Read(filter.Group),
            NoGroup = filter.Group == DeadLetterFilter.NoGroup ? filter.Group : null,
            Least = filter.FailedAfter is { } after ? StoredTime.RoundUp(after) : 0,
            Below = filter.FailedBefore is { } before ? StoredTime.RoundUp(before) : long.MaxValue,
        };
    }

    private static WorkState StateOf(WorkCondition condition) => condition switch
    {
        WorkCondition.Running => WorkState.Running,
        WorkCondition.Waiting => WorkState.Waiting,
        WorkCondition.Done => WorkState.Done,
        WorkCondition.Failed => WorkState.Failed,
        WorkCondition.Cancelled => WorkState.Cancelled,
        _ => WorkState.Queued,
    };

    public static void CheckLimit(int limit)
    {
        if (limit is < 1 or > 1000) throw new InvalidInputException("limit", $"is {limit}; it must be from 1 to 1,000.");
    }

    private static string? Containing(string? text)
    {
        CheckText("Error", text);
        if (text is null) return null;
        string escaped = text
            .Replace(@"\", @"\\", StringComparison.Ordinal)
            .Replace("%", @"\%", StringComparison.Ordinal)
            .Replace("_", @"\_", StringComparison.Ordinal);
        return $"%{escaped}%";
    }

    private static void CheckName(string field, string? value)
    {
        if (value is not null) Names.Check(field, value);
    }

    private static void CheckText(string field, string? value)
    {
        if (value is null) return;
        if (value.Length is 0 or > MaxText) throw new InvalidInputException(field, $"is {value.Length:N0} characters long; give 1 to 1,000, or leave it out.");
        Names.CheckText(field, value);
    }
}
