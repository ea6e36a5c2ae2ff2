namespace Roost.Storage;

/// <summary>Which work items a list is about, with the values that its statements bind.</summary>
internal sealed record Selection
{
    /// <summary>Holds for a row of <c>work w</c> that the selection means; what the order of the list gives already is left to it.</summary>
    public const string Matches =
        """
        (@Engine IS NULL OR EXISTS (SELECT 1 FROM lane l WHERE l.key = w.lane AND l.engine = @Engine))
        AND (@Queue IS NULL OR EXISTS (SELECT 1 FROM lane l WHERE l.key = w.lane AND l.queue = @Queue))
        AND (@ParentId IS NULL OR w.parent = @Parent)
        AND (@Resource IS NULL OR EXISTS (SELECT 1 FROM work_resource r WHERE r.work = w.key AND r.name = @Resource))
        AND ((@Error IS NULL AND @Reason IS NULL AND @ErrorType IS NULL) OR EXISTS (
            SELECT 1 FROM failure f
            WHERE f.work = w.key AND (@Error IS NULL OR f.message LIKE @Error ESCAPE '\')
              AND (@Reason IS NULL OR f.reason = @Reason) AND (@ErrorType IS NULL OR f.error_type = @ErrorType)))
        """;

    private const int MaxText = 1000;

    public required IReadOnlyList<WorkState> States { get; init; }
    public string? Engine { get; init; }
    public string? Queue { get; init; }
    public string? ParentId { get; init; }
    public string? Resource { get; init; }
    public string? Error { get; init; }
    public string? Reason { get; init; }
    public string? ErrorType { get; init; }

    /// <summary>The last update is at this time or later.</summary>
    public long Least { get; init; }

    /// <summary>The last update is before this time.</summary>
    public long Below { get; init; } = long.MaxValue;

    public static Selection Of(WorkFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        CheckName("engine", filter.Engine);
        CheckName("queue", filter.Queue);
        CheckName("parent_id", filter.ParentId);
        CheckName("resource", filter.Resource);
        if (filter.State is { } state && !Enum.IsDefined(state)) throw new InvalidInputException("state", $"{(int)state} is no state of a work item.");
        return new()
        {
            States = filter.State is { } only ? [only] : [WorkState.Queued, WorkState.Running, WorkState.Done, WorkState.Failed, WorkState.Cancelled],
            Engine = filter.Engine,
            Queue = filter.Queue,
            ParentId = filter.ParentId,
            Resource = filter.Resource,
            Error = Containing(filter.Error),
        };
    }

    public static Selection Of(DeadLetterFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        CheckName("engine", filter.Engine);
        CheckName("queue", filter.Queue);
        CheckName("reason", filter.Reason);
        CheckText("error_type", filter.ErrorType);
        return new()
        {
            States = [WorkState.Failed],
            Engine = filter.Engine,
            Queue = filter.Queue,
            Reason = filter.Reason,
            ErrorType = filter.ErrorType,
            Error = Containing(filter.Error),
            Least = filter.FailedAfter is { } after ? RoundUp(after) : 0,
            Below = filter.FailedBefore is { } before ? RoundUp(before) : long.MaxValue,
        };
    }

    public static void CheckLimit(int limit)
    {
        if (limit is < 1 or > 1000) throw new InvalidInputException("limit", $"is {limit}; it must be from 1 to 1,000.");
    }

    /// <summary>Stored times are whole milliseconds: a moment between two of them means the later.</summary>
    private static long RoundUp(DateTimeOffset moment) => moment.AddTicks(TimeSpan.TicksPerMillisecond - 1).ToUnixTimeMilliseconds();

    private static string? Containing(string? text)
    {
        CheckText("error", text);
        return text is null ? null : $"%{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal)}%";
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
