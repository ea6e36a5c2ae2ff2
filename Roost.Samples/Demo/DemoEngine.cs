namespace Roost.Samples.Demo;

/// <summary>What the <c>demo</c> engine is asked to do.</summary>
public sealed record DemoPayload(string Message = "hello", int CountTo = 3, double DelaySeconds = 0);

/// <summary>How far it has come.</summary>
public sealed record DemoState(DemoPayload Payload, int Count);

/// <summary>Counts, one number a step, and leaves what it counted as an artifact. The smallest engine that shows everything.</summary>
public sealed class DemoEngine : Engine<DemoState>
{
    private const double MaxDelaySeconds = 86_400;

    /// <inheritdoc/>
    public override string EngineId => "demo";

    /// <inheritdoc/>
    protected override DemoState Init(WorkItem item) => new(item.PayloadAs<DemoPayload>(), 0);

    /// <inheritdoc/>
    protected override Task<Outcome> StepAsync(DemoState state, StepContext context) => Task.FromResult(Step(state, context));

    private static Outcome Step(DemoState state, StepContext context)
    {
        DemoPayload asked = state.Payload;
        if (asked.CountTo < 1)
            return Fail($"count_to is {asked.CountTo}; give a number of 1 or more.");
        if (asked.DelaySeconds is not (>= 0 and <= MaxDelaySeconds))
            return Fail($"delay_seconds is {asked.DelaySeconds}; give a number from 0 to {MaxDelaySeconds}.");

        state = state with { Count = state.Count + 1 };
        if (state.Count < asked.CountTo) return Continue(state, after: TimeSpan.FromSeconds(asked.DelaySeconds), step: "count");
        context.AddArtifact("count.json", new { asked.Message, Counted = state.Count, FinishedAt = context.Now });
        return Done(state);
    }
}
