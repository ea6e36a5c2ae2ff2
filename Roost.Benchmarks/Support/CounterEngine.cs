namespace Roost.Benchmarks;

internal sealed record Target(int CountTo);

internal sealed record Counter(int Count, int Target, string Note);

/// <summary>Counts, with a state of about 200 bytes of JSON.</summary>
internal sealed class CounterEngine(string id = "counter") : Engine<Counter>
{
    private static readonly string Note = new('x', 150);

    private long steps;

    /// <summary>How many steps have begun.</summary>
    public long Steps => Volatile.Read(ref steps);

    public override string EngineId => id;

    protected override Counter Init(WorkItem item) => new(0, item.PayloadAs<Target>().CountTo, Note);

    protected override Task<Outcome> StepAsync(Counter state, StepContext context)
    {
        Interlocked.Increment(ref steps);
        state = state with { Count = state.Count + 1 };
        return Task.FromResult(state.Count >= state.Target ? Done(state) : Continue(state));
    }
}
