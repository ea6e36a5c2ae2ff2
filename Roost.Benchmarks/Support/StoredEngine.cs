namespace Roost.Benchmarks;

/// <summary>What shall become of an item of a big file, after how many steps.</summary>
internal sealed record Fate(string End, int Steps = 1, int Number = 0);

internal sealed record StoredState(int Count, string Note);

/// <summary>Steps items of big files to where they shall stand.</summary>
/// <param name="id">The engine's id.</param>
/// <param name="starting">Called at the start of each step.</param>
internal sealed class StoredEngine(string id, Action? starting = null) : Engine<StoredState>
{
    public const string Finish = "finish", Refuse = "refuse", Throw = "throw", Discard = "discard", Wait = "wait";

    /// <summary>What the dead letters say that are discarded when the file is full.</summary>
    public const string Unwanted = "unwanted";

    public static readonly string[] Ids = ["fetch", "plan", "write", "review", "publish"];

    private static readonly string Note = new('x', 150);

    public override string EngineId => id;

    protected override StoredState Init(WorkItem item)
    {
        starting?.Invoke();
        return new(0, Note);
    }

    protected override Task<Outcome> StepAsync(StoredState state, StepContext context)
    {
        starting?.Invoke();
        Fate fate = context.Item.PayloadAs<Fate>();
        state = state with { Count = state.Count + 1 };
        if (state.Count < fate.Steps) return Task.FromResult(Continue(state));
        if (fate.Number % 10 == 2) context.AddArtifact("report.json", state with { Count = fate.Number });
        return Task.FromResult(fate.End switch
        {
            Finish => Done(state),
            Wait => Continue(state, after: TimeSpan.FromDays(3650)),
            Discard => Fail(Unwanted),
            Refuse => Fail(Reason(fate.Number)),
            _ => throw new InvalidDataException($"site-{fate.Number % 1000}.example answered 503 to request {fate.Number}"),
        });
    }

    private static string Reason(int n) => (n / 20 % 4) switch
    {
        0 => "no_budget",
        1 => "page_gone",
        2 => "claim_refuted",
        _ => "answer_unusable",
    };
}
