namespace Roost.Tests.Support;

/// <summary>An engine whose step is a function of the test. Its state is a number, and the first one is 0.</summary>
internal sealed class ScriptedEngine(Func<int, StepContext, Task<Outcome>> step, string id = "scripted") : Engine<int>
{
    public override string EngineId => id;

    public override int StateVersion => Version;

    public override int? MaxConcurrency => Limit;

    public override TimeSpan? StepTimeout => Timeout;

    public override OnInterrupted OnInterrupted => Interrupted;

    public int Version { get; init; } = 1;

    public int? Limit { get; init; }

    public TimeSpan? Timeout { get; init; }

    public OnInterrupted Interrupted { get; init; }

    public Func<WorkItem, int> First { get; init; } = _ => 0;

    /// <summary>Adds a megabyte of content, and is done where the payload's end says so; else it gives up.</summary>
    public static ScriptedEngine EndingAsAsked() => From((state, context) =>
    {
        context.AddArtifactBytes("out.bin", new byte[1_000_000]);
        return context.Item.Payload.GetProperty("end").GetString() == "done" ? Finish(state) : GiveUp("no");
    });

    /// <summary>Counts to a number, one step at a time, and is done there.</summary>
    public static ScriptedEngine CountingTo(int target, TimeSpan after = default, string id = "scripted") =>
        new((state, _) => Task.FromResult(state + 1 >= target ? Finish(state + 1) : GoOn(state + 1, after)), id);

    /// <summary>An engine whose step needs no waiting.</summary>
    public static ScriptedEngine From(Func<int, StepContext, Outcome> step, string id = "scripted") =>
        new((state, context) => Task.FromResult(step(state, context)), id);

    public static Outcome GoOn(int state, TimeSpan after = default) => Continue(state, after);

    public static Outcome Finish(int state) => Done(state);

    public static Outcome GiveUp(string reason) => Fail(reason);

    protected override int Init(WorkItem item) => First(item);

    protected override Task<Outcome> StepAsync(int state, StepContext context) => step(state, context);
}
