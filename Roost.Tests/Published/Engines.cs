using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Published;

/// <summary>Counts to what its payload says, one step each, and stores what it has counted. Its second step fails once, and is tried again.</summary>
internal sealed class CountEngine() : Engine<CountState>(ProgramJson.Default.CountState)
{
    public override string EngineId => "count";

    protected override Task OnEndedAsync(CountState? state, EndContext context) => Task.CompletedTask;

    protected override Task<CountState> InitAsync(WorkItem item, StepContext context) => Task.FromResult(new CountState(0));

    protected override async Task<Outcome> StepAsync(CountState state, StepContext context)
    {
        CountPayload asked = context.Item.PayloadAs(ProgramJson.Default.CountPayload);
        if (asked.Fails) return Fail("Nothing to count.");
        CountPayload more = await context.OnceAsync("more", _ => Task.FromResult(asked with { To = asked.To + 1 }), ProgramJson.Default.CountPayload);
        await using StepStream said = context.OpenStream("said");
        said.Write(string.Create(CultureInfo.InvariantCulture, $"{state.N};"));
        context.Report((state.N + 1.0) / (more.To - 1), string.Create(CultureInfo.InvariantCulture, $"{state.N + 1} of {asked.To}"));
        if (state.N == 1 && context.Attempt == 1) throw new InvalidOperationException("The second number is hard.");
        var next = new CountState(state.N + 1)
        {
            Mood = Mood.VeryBusy,
            Phase = state.N % 2 == 0 ? new Working(state.N) : new Waiting(),
            Seen = [.. state.Seen, $"z{state.N}", $"a{state.N}"],
            ByName = new(state.ByName) { [$"n{state.N}"] = state.N },
            Places = [.. state.Places, (state.N, -state.N)],
            At = context.Now,
        };
        context.AddEvent("counted", next, ProgramJson.Default.CountState);
        if (next.N < asked.To)
            return Continue(next);
        context.AddArtifactText(
            "counted.txt",
            next.N.ToString(CultureInfo.InvariantCulture),
            new ArtifactInfo().WithMetadata(new JsonObject { ["by"] = "count" }, ProgramJson.Default.JsonObject)
        );
        context.AddArtifact("report.json", new Report("Counted", [next]), ProgramJson.Default.Report);
        context.AddChild(WorkItem.From("raw", asked, ProgramJson.Default.CountPayload));
        return Done(next);
    }
}

/// <summary>
/// Is done at once; what the trigger has given it has to be in its payload. Its state goes by the runtime's settings, and so does all that it reads and writes.
/// </summary>
[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "RoostOptions.Json has a resolver that knows the types.")]
[UnconditionalSuppressMessage("AOT", "IL3050", Justification = "RoostOptions.Json has a resolver that knows the types.")]
internal sealed class FollowEngine : Engine<CountState>
{
    public override string EngineId => "follow";

    protected override CountState Init(WorkItem item) =>
        new(item.Payload.GetProperty("note").GetString() == "first" ? item.Payload.GetProperty("counted").GetInt32() : -1);

    protected override Task<Outcome> StepAsync(CountState state, StepContext context)
    {
        context.AddEvent("followed", context.Item.PayloadAs<CountPayload>());
        context.AddArtifact("state.json", state, new ArtifactInfo { Metadata = new JsonObject { ["by"] = "follow" } });
        return Task.FromResult(state.N == 3 ? Done(state with { Mood = Mood.VeryBusy }) : Fail($"The payload is {context.Item.Payload}."));
    }
}

/// <summary>Makes its snapshots itself.</summary>
internal sealed class RawEngine : IEngine
{
    public string EngineId => "raw";

    public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) =>
        Task.FromResult(Snapshot.First(item, new CountState(10), ProgramJson.Default.CountState));

    public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context)
    {
        CountState state = snapshot.DataAs(ProgramJson.Default.CountState);
        return Task.FromResult(Outcome.Done(snapshot.Next(state with { N = state.N + 1 }, ProgramJson.Default.CountState, "raw")));
    }
}

/// <summary>Makes a state and is done with what becomes of it.</summary>
internal sealed class OnceEngine<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TState>(string id, JsonTypeInfo<TState> type, TState state)
    : Engine<TState>(type)
{
    public override string EngineId => id;

    protected override TState Init(WorkItem item) => state;

    protected override Task<Outcome> StepAsync(TState state, StepContext context) => Task.FromResult(Done(state));
}

/// <summary>By the runtime's settings, which have a converter for stacks where code can be made for it.</summary>
[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "RoostOptions.Json has a resolver that knows the types.")]
[UnconditionalSuppressMessage("AOT", "IL3050", Justification = "RoostOptions.Json has a resolver that knows the types.")]
internal sealed class StackEngine : Engine<StackState>
{
    public override string EngineId => "stack";

    protected override StackState Init(WorkItem item) => new(new Stack<int>([1, 2, 3]));

    protected override Task<Outcome> StepAsync(StackState state, StepContext context) =>
        Task.FromResult(state.Left.Pop() == 3 ? Done(state) : Fail("The stack was turned over."));
}
