namespace Roost;

/// <summary>What a pause is about.</summary>
public enum PauseScope
{
    /// <summary>Everything in the file.</summary>
    File,

    /// <summary>The items of one engine, in whatever queue.</summary>
    Engine,

    /// <summary>The items in one queue, of whatever engine.</summary>
    Queue,

    /// <summary>One work item.</summary>
    Item,
}

/// <summary>What is paused or resumed: <see cref="File"/>, or an engine, a queue or a work item by its name.</summary>
public sealed record PauseTarget
{
    private PauseTarget(PauseScope scope, string? name) => (Scope, Name) = (scope, name);

    /// <summary>Everything in the file.</summary>
    public static PauseTarget File { get; } = new(PauseScope.File, null);

    /// <summary>The items of this engine, in whatever queue.</summary>
    public static PauseTarget Engine(string engineId) => new(PauseScope.Engine, engineId);

    /// <summary>The items in this queue, of whatever engine.</summary>
    public static PauseTarget Queue(string queue) => new(PauseScope.Queue, queue);

    /// <summary>The work item of this id.</summary>
    public static PauseTarget Item(string workId) => new(PauseScope.Item, workId);

    /// <summary>What kind of thing it is.</summary>
    public PauseScope Scope { get; }

    /// <summary>The id of the engine or item, or the name of the queue; null for the file.</summary>
    public string? Name { get; }

    /// <summary>In words: <c>this file</c>, <c>engine mail</c>, <c>queue nightly</c>, <c>work item 01a2...</c>.</summary>
    public override string ToString() => Scope switch
    {
        PauseScope.File => "this file",
        PauseScope.Engine => $"engine {Name}",
        PauseScope.Queue => $"queue {Name}",
        _ => $"work item {Name}",
    };
}

/// <summary>A pause that lasts.</summary>
public sealed record PauseInfo
{
    /// <summary>What is paused.</summary>
    public required PauseTarget Target { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Who has paused it.</summary>
    public required string By { get; init; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When it ends by itself; null where it lasts until somebody resumes it.</summary>
    public DateTimeOffset? Until { get; init; }
}
