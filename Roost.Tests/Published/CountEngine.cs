using System.Globalization;
using System.Text.Json.Serialization;

namespace Roost.Published;

internal sealed record CountPayload(int To);

internal sealed record CountState(int N);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CountPayload))]
[JsonSerializable(typeof(CountState))]
internal sealed partial class ProgramJson : JsonSerializerContext;

/// <summary>Counts to what its payload says, one step each, and stores what it has counted.</summary>
internal sealed class CountEngine() : Engine<CountState>(ProgramJson.Default.CountState)
{
    public override string EngineId => "count";

    protected override Task<CountState> InitAsync(WorkItem item, StepContext context) => Task.FromResult(new CountState(0));

    protected override Task<Outcome> StepAsync(CountState state, StepContext context)
    {
        int to = context.Item.PayloadAs<CountPayload>().To;
        if (to == 0) return Task.FromResult(Fail("Nothing to count."));
        var next = new CountState(state.N + 1);
        if (next.N < to) return Task.FromResult(Continue(next));
        context.AddArtifactText("counted.txt", next.N.ToString(CultureInfo.InvariantCulture));
        return Task.FromResult(Done(next));
    }
}

/// <summary>Is done at once; what the trigger has given it has to be in its payload.</summary>
internal sealed class FollowEngine() : Engine<CountState>(ProgramJson.Default.CountState)
{
    public override string EngineId => "follow";

    protected override Task<CountState> InitAsync(WorkItem item, StepContext context) =>
        Task.FromResult(new CountState(item.Payload.GetProperty("note").GetString() == "first" ? item.Payload.GetProperty("counted").GetInt32() : -1));

    protected override Task<Outcome> StepAsync(CountState state, StepContext context) => Task.FromResult(state.N == 3 ? Done(state) : Fail($"The payload is {context.Item.Payload}."));
}
