namespace Roost.Tests.Support.Model;

/// <summary>What one step of a scripted item does.</summary>
internal enum Act
{
    Go,
    Delay,
    Throw,
    Hang,
    Fail,
    FailSaved,
    Child,
    SameChild,
    Artifact,
    Stream,
    Event,
    CancelSelf,
    CancelAndDone,
    ReleaseSelf,
    RaiseSelf,
    Wait,
    Join,
    Ask,
    Take,
    SignalSelf,
    RetryAfter,
}

/// <summary>
/// One step; the number is a delay or the longest wait in milliseconds (0 for ever), how many tries fail or ask to be made again, a priority, or how many
/// children are waited for (0 for all, -1 for all or a failure).
/// </summary>
internal sealed record ScriptStep(Act Act, int N = 0)
{
    public override string ToString() => N == 0 ? $"{Act}" : $"{Act} {N}";
}

/// <summary>The payload of every item of the model: the step of version n does what stands at n - 1, and behind the last the item is done.</summary>
internal sealed record Script(ScriptStep[] Steps, bool Follow = false)
{
    public static readonly Script OfChild = new([new(Act.Go)]);

    public bool IsSame(Script other) => Follow == other.Follow && Steps.AsSpan().SequenceEqual(other.Steps);

    public override string ToString() => $"{{{string.Join(", ", (object[])Steps)}{(Follow ? ", follow" : "")}}}";
}

/// <summary>
/// A work item as a caller describes it. Its deadline counts from when it is due. Its parent is a place among the ids that are known by then.
/// </summary>
internal sealed record Spec(
    Script Script, string Engine, string Queue = WorkItem.DefaultQueue, string? Id = null, int Priority = 0, int DelayMs = 0, int DeadlineMs = 0,
    string[]? Names = null, bool Life = false, int? MaxAttempts = null, string? Key = null, int Parent = -1,
    int? MaxSteps = null, bool Detached = false)
{
    public const int TimeoutMs = 1000;

    public IReadOnlyList<string> AllNames => Names ?? [];

    /// <summary>One of its steps may hang, and the timeout is for all of them.</summary>
    public bool HasTimeout => Script.Steps.Any(step => step.Act == Act.Hang);

    /// <summary>Whether an engine wants its items parked as soon as a worker has died with them.</summary>
    public static bool Parks(string engine) => engine == "c";

    public WorkItem ToItem(DateTimeOffset now, string? parentId)
    {
        var item = new WorkItem(Engine, Script)
        {
            Queue = Queue,
            Priority = Priority,
            Delay = DelayMs == 0 ? null : TimeSpan.FromMilliseconds(DelayMs),
            Deadline = DeadlineMs == 0 ? null : now.AddMilliseconds(DelayMs + DeadlineMs),
            Resources = AllNames,
            ResourceHold = Life ? ResourceHold.Life : ResourceHold.Step,
            MaxAttempts = MaxAttempts,
            MaxSteps = MaxSteps,
            IdempotencyKey = Key,
            ParentId = parentId,
            Detached = parentId is not null && Detached,
            Timeout = HasTimeout ? TimeSpan.FromMilliseconds(TimeoutMs) : null,
        };
        return Id is null ? item : item with { Id = Id };
    }

    public override string ToString() =>
        $"{Id ?? "?"}:{Engine}/{Queue} {Script}{Unless(0, Priority, "priority")}{Unless(0, DelayMs, "delay")}{Unless(0, DeadlineMs, "deadline")}"
        + (AllNames.Count == 0 ? "" : $" [{string.Join(' ', AllNames)}]{(Life ? " for life" : "")}")
        + (MaxSteps is null ? "" : $" steps {MaxSteps}")
        + (MaxAttempts is null ? "" : $" tries {MaxAttempts}") + (Key is null ? "" : $" key {Key}") + Unless(-1, Parent, "parent #")
        + (Detached ? " detached" : "");

    private static string Unless(int usual, int value, string what) => value == usual ? "" : $" {what} {value}";
}
