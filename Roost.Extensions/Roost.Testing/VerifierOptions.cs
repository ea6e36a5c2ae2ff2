namespace Roost.Testing;

/// <summary>How an engine is verified. All settings have defaults.</summary>
public sealed record VerifierOptions
{
    /// <summary>Other engines, such as those of children: verified as well, each made afresh for every try. Default: none.</summary>
    public IReadOnlyList<Func<IEngine>> Engines { get; init; } = [];

    /// <summary>Signals that are sent in this order, each once, as soon as an item rests in a wait for its name. Default: none.</summary>
    public IReadOnlyList<SentSignal> Signals { get; init; } = [];

    /// <summary>
    /// Answers a question that an item asks; null lets the question stand, until its time is over. Default: none is answered.
    /// </summary>
    public Func<AskInfo, object?>? Answer { get; init; }

    /// <summary>
    /// Where two tries may differ, because a step reads the world: names of members, wherever they are (<c>latency_ms</c>), or whole paths as a finding
    /// shows them, with <c>[*]</c> for any index (<c>state.seen[*].latency_ms</c>). What is below such a place is not compared either. Default: nowhere.
    /// </summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>HTTP methods of calls that need no key. Default: GET, HEAD, OPTIONS, TRACE.</summary>
    public IReadOnlyList<string> MethodsWithoutKey { get; init; } = ["GET", "HEAD", "OPTIONS", "TRACE"];

    /// <summary>Hosts whose calls need no key, such as <c>api.example.com</c> or, with a port, <c>localhost:8080</c>. Default: none.</summary>
    public IReadOnlyList<string> HostsWithoutKey { get; init; } = [];

    /// <summary>How many steps all items may take together before the run is ended. Default 1,000; 1 or more.</summary>
    public int MaxSteps { get; init; } = 1000;

    /// <summary>Whether the item may go on for ever, as one that polls: <see cref="MaxSteps"/> then ends the run without a finding. Default false.</summary>
    public bool IsEndless { get; init; }

    /// <summary>How long the run may take by the real clock, for a step that hangs. Default 1 minute; above zero.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The virtual time at which the run begins. Default <see cref="RoostTest.DefaultStart"/>.</summary>
    public DateTimeOffset Start { get; init; } = RoostTest.DefaultStart;

    /// <summary>The same gives the same ids, idempotency keys and jitter. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Settings of the runtime other than file, clock, durability and concurrency. Default: all defaults.</summary>
    public RoostOptions Runtime { get; init; } = new();

    internal void Validate()
    {
        if (MaxSteps < 1) throw new InvalidInputException(nameof(MaxSteps), $"is {MaxSteps}; it must be 1 or more.");
        if (Patience <= TimeSpan.Zero) throw new InvalidInputException(nameof(Patience), $"is {Patience}; it must be above zero.");
    }
}
