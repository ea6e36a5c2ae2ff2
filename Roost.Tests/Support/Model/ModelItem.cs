
namespace Roost.Tests.Support.Model;

/// <summary>What comes of an item's next step.</summary>
internal enum Next
{
    Goes,
    Done,
    Fails,
    FailsSaved,
    Throws,
    AsksAgain,
}

/// <summary>A work item as it should be.</summary>
internal sealed class ModelItem(string id, Spec spec, ModelItem? parent, int depth, int serial, DateTimeOffset calledFrom, DateTimeOffset calledTo)
{
    public string Id { get; } = id;
    public Spec Spec { get; } = spec;
    public ModelItem? Parent { get; } = parent;
    public int Depth { get; } = depth;

    /// <summary>Its place in the order of creation.</summary>
    public int Serial { get; } = serial;

    public WorkState State { get; set; } = WorkState.Queued;

    /// <summary>Running with its lease kept, or gone back behind its equals: the events do not tell, and what follows does.</summary>
    public bool IsUnsure { get; set; }

    public int Priority { get; set; } = spec.Priority;
    public int Version => Shapes.Count;

    /// <summary>In which shape of its engine's state each version was saved.</summary>
    public List<int> Shapes { get; } = [];

    /// <summary>The shape of its last version, 0 where there is none: an engine that knows only older ones leaves it alone.</summary>
    public int Shape => Version == 0 ? 0 : Shapes[^1];

    public int Failures { get; set; }

    public int Interruptions
    {
        get;
        set => (field, Suspicions) = (value, value > field ? Suspicions + 1 : 0);
    }

    /// <summary>How many times in a row its step has asked to be tried again.</summary>
    public int RetryAfters { get; set; }

    /// <summary>It has ended without being done, and its engine has not been told of it.</summary>
    public bool IsUntold { get; set; }

    /// <summary>The version from which on its steps are counted.</summary>
    public int StepsFrom { get; set; } = 1;

    public bool IsBeyondItsSteps => Version >= StepsFrom + Spec.MaxSteps;

    /// <summary>How many interruptions came since a try of it last returned.</summary>
    public int Suspicions { get; set; }

    public bool CancelRequested { get; set; }

    /// <summary>It is paused itself, as far as anybody has noticed; and when that ends.</summary>
    public bool IsPaused { get; set; }

    public DateTimeOffset? PausedUntil { get; set; }

    /// <summary>When it is due: not before this, and where jitter is not told, at <see cref="DueLatest"/> at last.</summary>
    public DateTimeOffset? Due { get; set; } = spec.DelayMs == 0 ? null : calledFrom.AddMilliseconds(spec.DelayMs);

    public DateTimeOffset? DueLatest { get; set; } = spec.DelayMs == 0 ? null : calledTo.AddMilliseconds(spec.DelayMs);

    public DateTimeOffset? Deadline { get; set; } = spec.DeadlineMs == 0 ? null : calledFrom.AddMilliseconds(spec.DelayMs + spec.DeadlineMs);
    public DateTimeOffset UpdatedAt { get; set; } = calledTo;
    public string? Worker { get; set; }
    /// <summary>The signals that no step has taken, by their numbers.</summary>
    public List<int> Mail { get; } = [];

    /// <summary>Up to which of them its step sees, and of which version it was the step that was begun last.</summary>
    public int Seen { get; set; }

    public int TriedVersion { get; set; } = -1;

    /// <summary>The signal that has woken it, until its step has committed; 0 where that was another thing.</summary>
    public int Waker { get; set; }

    /// <summary>How long its wait lasts at most; 0 for ever.</summary>
    public int WaitMs { get; set; }

    /// <summary>How many children it waits for, as its script says; null where it waits for a signal.</summary>
    public int? Join { get; set; }

    /// <summary>It waits for an answer.</summary>
    public bool Asks { get; set; }

    /// <summary>By whom its last question was answered; null where it was not.</summary>
    public string? AnsweredBy { get; set; }

    /// <summary>It has asked at least once.</summary>
    public bool HasAsked { get; set; }

    /// <summary>What has closed its question in this moment: an answer, or that it was withdrawn.</summary>
    public string? Closed { get; set; }

    /// <summary>Its parent neither counts its end nor takes it along.</summary>
    public bool IsDetached { get; init; }

    /// <summary>The ends of its children, how many of them it was shown, and which was the last failure.</summary>
    public List<ModelItem> Ends { get; } = [];

    public int Shown { get; set; }

    public int LastFailed { get; set; }

    /// <summary>What its step after a wait for children is shown; null where it is none.</summary>
    public (int Last, int Open)? Progress { get; set; }

    /// <summary>It was woken from a wait for children, and the step after that has not committed.</summary>
    public bool IsJoined { get; set; }

    /// <summary>What it belongs to was cancelled.</summary>
    public bool IsDoomed { get; set; }

    /// <summary>It waits, or has failed while it did.</summary>
    public bool IsInWait { get; set; }

    public bool IsPurged { get; set; }
    public (string Reason, int Attempt, int Version)? Failure { get; set; }

    /// <summary>The place in the ready order where it came in the ordinary way; null where the events do not tell it.</summary>
    public int? Place { get; set; }

    public List<string> Events { get; } = [];
    public List<(string Name, int Version)> Artifacts { get; } = [];

    /// <summary>What its running step has left in the log so far: children and events come before the step's own event.</summary>
    public List<string> Staged { get; } = [];

    public bool IsEnded => State is WorkState.Done or WorkState.Failed or WorkState.Cancelled;

    public bool AskedForNothing => Spec.AllNames.Count == 0;

    public bool RunsAlone => Suspicions >= 2;

    public int MaxAttempts => Spec.MaxAttempts ?? World.MaxAttempts;

    public ScriptStep? Step => Version >= 1 && Version <= Spec.Script.Steps.Length ? Spec.Script.Steps[Version - 1] : null;

    /// <summary>Whether its names stay with it while it does not run.</summary>
    public bool HoldsForLife => Spec.Life && (Version > 0 || Failures > 0 || Interruptions > 0);

    /// <summary>Its step awaits what its token ends: it streams, or reads its children.</summary>
    public bool HeedsItsToken => IsJoined || Step?.Act == Act.Stream;

    public string ChildId => Step!.Act == Act.SameChild ? $"{Id}.same" : $"{Id}.{Version}";

    public Next Next => Version == 0 ? Next.Goes : Step is not { } step ? Next.Done : step.Act switch
    {
        Act.Throw or Act.Hang or Act.Take when Failures < step.N => Next.Throws,
        Act.RetryAfter when RetryAfters + Failures < step.N => RetryAfters < World.MaxRetryAfters ? Next.AsksAgain : Next.Throws,
        Act.Fail => Next.Fails,
        Act.FailSaved => Next.FailsSaved,
        Act.CancelAndDone => Next.Done,
        _ => Next.Goes,
    };

    public override string ToString() =>
        $"{Id} ({State}{(IsUnsure ? "?" : "")} version {Version}, failures {Failures}, interruptions {Interruptions} ({Suspicions}), due {Due:mm:ss.fff}, " +
        $"deadline {Deadline:mm:ss.fff}{(CancelRequested ? ", to be cancelled" : "")})";
}
