namespace Roost.Testing;

/// <summary>
/// The circumstances of one step that is run alone: <see cref="EngineSteps.StepAsync{TState}(Engine{TState}, TState, StepSetup?)"/>. All have defaults.
/// </summary>
public sealed record StepSetup
{
    /// <summary>The work item. Default: one of the engine, with the id <c>item</c> and the payload <c>{}</c>. Without an id it has that id.</summary>
    public WorkItem? Item { get; init; }

    /// <summary>The version of the snapshot that the step is given, 1 or more. Default 1. The idempotency key depends on it.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The name of the step in that snapshot. Default <c>init</c>.</summary>
    public string Step { get; init; } = "init";

    /// <summary>Which try it is, from 1. Default 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>How many times in a row the step has asked to be tried again. Default 0.</summary>
    public int RetryAfters { get; init; }

    /// <summary>How often the process has died during this step. Default 0.</summary>
    public int Interruptions { get; init; }

    /// <summary>The virtual time, which stands still. Default <see cref="RoostTest.DefaultStart"/>.</summary>
    public DateTimeOffset Now { get; init; } = RoostTest.DefaultStart;

    /// <summary>The same gives the same ids and the same idempotency key. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>What has woken the item, where the step is the first after a wait: <see cref="Woken"/>. Default: nothing.</summary>
    public Func<StepSetup, Wake>? Wake { get; init; }

    /// <summary>What lies in the mailbox, for <see cref="StepContext.TakeSignals"/>. Default: nothing.</summary>
    public IReadOnlyList<SentSignal> Signals { get; init; } = [];

    /// <summary>The children that there are, for <see cref="StepContext.ChildrenAsync{TState}(ChildScope, string?)"/>. Default: none.</summary>
    public IReadOnlyList<GivenChild> Children { get; init; } = [];

    /// <summary>Artifacts of earlier steps, names and texts. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Artifacts { get; init; } = new Dictionary<string, string>();

    /// <summary>Why the step's token has fired before it begins. Default: it has not.</summary>
    public CancellationReason Cancelled { get; init; }

    /// <summary>Settings other than file, clock and durability. Default: all defaults.</summary>
    public RoostOptions Options { get; init; } = new();
}

/// <summary>A signal that is sent to an item.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Payload">What it carries: anything that serializes to JSON. Default: null.</param>
public sealed record SentSignal(string Name, object? Payload = null);

/// <summary>A child of the item whose step is run alone.</summary>
/// <param name="Engine">The id of its engine, which is not run.</param>
public sealed record GivenChild(string Engine)
{
    /// <summary>Its id. Default: <c>child-1</c> and so on.</summary>
    public string? Id { get; init; }

    /// <summary>Its idempotency key. Default: none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// How it has ended: <see cref="WorkState.Done"/> (the default) or <see cref="WorkState.Failed"/>; or <see cref="WorkState.Queued"/>, open.
    /// </summary>
    public WorkState State { get; init; } = WorkState.Done;

    /// <summary>Its last state: anything that serializes to JSON. Default: <c>{}</c>. An open child has none.</summary>
    public object? Data { get; init; }

    /// <summary>Why it has failed, where it has.</summary>
    public string Error { get; init; } = "It has failed.";
}
