using System.Collections.Immutable;
using Roost;

namespace Worker;

public sealed record Briefing(ImmutableList<string> Topics, ImmutableList<string> Written);

/// <summary>Writes about one topic in each step. What is written is saved before the next step begins.</summary>
public sealed class BriefingEngine(ILogger<BriefingEngine> log) : Engine<Briefing>
{
    public override string EngineId => "briefing";

    protected override Briefing Init(WorkItem item) => item.PayloadAs<Briefing>();

    protected override async Task<Outcome> StepAsync(Briefing state, StepContext context)
    {
        string topic = state.Topics[state.Written.Count];
        state = state with { Written = state.Written.Add(await WriteAsync(topic, context)) };
        log.LogInformation("Written about {Topic}: {Count} of {All}", topic, state.Written.Count, state.Topics.Count);
        return state.Written.Count < state.Topics.Count ? Continue(state) : Done(state);
    }

    /// <summary>The call of a model or a service goes here, with context.IdempotencyKey as its key: a step runs again where the process died in it.</summary>
    private static async Task<string> WriteAsync(string topic, StepContext context)
    {
        await Task.Delay(TimeSpan.FromSeconds(0.5), context.CancellationToken);
        return $"A paragraph about {topic}.";
    }
}
