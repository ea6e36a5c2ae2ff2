using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Roost.Tests.Support.Model;

/// <summary>What the engines of one file share: what they did once, and what they find wrong with what they are given.</summary>
internal sealed class EngineLog
{
    private readonly ConcurrentDictionary<string, bool> once = new();
    private readonly ConcurrentDictionary<string, string> keys = new();

    public ConcurrentQueue<string> Complaints { get; } = new();

    /// <summary>Items whose state somebody has edited: their versions are not the steps of their scripts any more.</summary>
    public ConcurrentDictionary<string, bool> Edited { get; } = new();

    public bool FirstTime(string what) => once.TryAdd(what, true);

    /// <summary>The key of a step belongs to that step alone.</summary>
    public void SeeKey(string key, string step)
    {
        string known = keys.GetOrAdd(key, step);
        if (known != step) Complaints.Enqueue($"{step} has the idempotency key of {known}");
    }
}

/// <summary>An engine that does what the item's payload says. Its state is a number, one less than its version, and in its second shape so much more.</summary>
internal sealed class ScriptEngine(string id, int shape, FakeTimeProvider clock, EngineLog log, Func<RoostRuntime> runtime) : Engine<int>
{
    private const int More = 1000;

    public const int RetryMs = 700;

    public override string EngineId => id;

    public override int StateVersion => shape;

    public static int StateOf(int version, int shape) => version - 1 + (More * (shape - 1));

    public override OnInterrupted OnInterrupted => Spec.Parks(id) ? OnInterrupted.Park : OnInterrupted.Retry;

    protected override int Init(WorkItem item) => StateOf(1, shape);

    protected override JsonNode? Migrate(JsonNode? state, int fromVersion) => state!.GetValue<int>() + (More * (shape - fromVersion));

    protected override async Task<Outcome> StepAsync(int state, StepContext context)
    {
        string id = context.Item.Id, name = $"{id} version {context.Version}";
        log.SeeKey(context.IdempotencyKey, name);
        if (state != StateOf(context.Version, shape)) log.Complaints.Enqueue($"{name} was given the state {state}");
        Script script = context.Item.PayloadAs<Script>();
        bool hasWaited =
            context.Version >= 2 && context.Version - 2 < script.Steps.Length && script.Steps[context.Version - 2].Act is Act.Wait or Act.Join or Act.Ask;
        if (hasWaited != context.Wake is not null && !log.Edited.ContainsKey(id))
            log.Complaints.Enqueue($"{name} was woken by {context.Wake?.Kind.ToString() ?? "nothing"}");
        if (context.Wake is { Kind: WakeKind.Answer, Answer: var given } && given?.As<string>() != "go") log.Complaints.Enqueue($"{name} was given {given}");
        if (context.Wake?.Children is { } children) await TellChildrenAsync(context, children);
        if (context.Version > script.Steps.Length) return Done(state + 1);
        ScriptStep step = script.Steps[context.Version - 1];
        switch (step.Act)
        {
            case Act.Delay: return Continue(state + 1, TimeSpan.FromMilliseconds(step.N));
            case Act.Throw or Act.Hang when context.Attempt <= step.N:
                context.AddEvent("thrown"); // Nothing of a step that fails may land.
                if (step.Act == Act.Throw || context.Item.Timeout is null) throw new InvalidOperationException("as the script says");
                await PassTimeoutAsync(context.CancellationToken);
                break;
            case Act.Wait: return WaitFor("go", state + 1, step.N == 0 ? null : TimeSpan.FromMilliseconds(step.N));
            case Act.Ask:
                return WaitFor(
                    new Wait { Ask = Roost.Ask.Of<string>("Go on?"), Timeout = step.N == 0 ? null : TimeSpan.FromMilliseconds(step.N) }, state + 1);
            case Act.Join: return WaitForChildren(state + 1, step.N == 1 ? ChildJoin.Any : ChildJoin.All with { OrFailure = step.N == -1 });
            case Act.Take:
                context.AddEvent("took", new { n = context.TakeSignals().Count });
                if (context.Attempt <= step.N) throw new InvalidOperationException("as the script says");
                break;
            case Act.SignalSelf: context.Signal(id, "go"); break;
            case Act.RetryAfter when context.RetryAfters + context.Attempt - 1 < step.N:
                context.AddEvent("thrown");
                return RetryAfter(TimeSpan.FromMilliseconds(RetryMs), "as the script says");
            case Act.Fail: return Fail("as the script says");
            case Act.FailSaved: return Fail(state + 1, "as the script says");
            case Act.Child: context.AddChild(new WorkItem(EngineId, Script.OfChild) { Id = $"{id}.{context.Version}" }); break;
            case Act.SameChild: context.AddChild(new WorkItem(EngineId, Script.OfChild) { Id = $"{id}.same" }); break;
            case Act.Artifact: context.AddArtifactText("out.txt", name); break;
            case Act.Stream: await context.AddArtifactAsync("out.txt", new MemoryStream(Encoding.UTF8.GetBytes(name))); break;
            case Act.Event: context.AddEvent("note", new { state }); break;
            case Act.CancelSelf: await runtime().CancelAsync(id); break;
            case Act.CancelAndDone:
                await runtime().CancelAsync(id);
                return Done(state + 1);
            case Act.ReleaseSelf when log.FirstTime($"{context.IdempotencyKey} released"):
                context.AddEvent("lost"); // Nothing of a step that was displaced may land.
                await runtime().ReleaseLeaseAsync(id);
                break;
            case Act.RaiseSelf: await runtime().SetPriorityAsync(id, step.N); break;
        }
        return Continue(state + 1);
    }

    private static async Task TellChildrenAsync(StepContext context, ChildProgress children)
    {
        int read = 0;
        await foreach (Child<int> child in context.ChildrenAsync<int>(ChildScope.NewlyEnded)) read += child.Id.Length > 0 ? 1 : 0;
        context.AddEvent("joined", new { n = children.NewlyEnded, open = children.Open, read });
    }

    protected override Task OnEndedAsync(int state, EndContext context)
    {
        string name = $"the end of {context.Item.Id} at version {context.Version}";
        if (context.Version > 0 && state != StateOf(context.Version, shape)) log.Complaints.Enqueue($"{name} was told with the state {state}");
        if (context.State is not (WorkState.Failed or WorkState.Cancelled)) log.Complaints.Enqueue($"{name} was told as {context.State.Name()}");
        return Task.CompletedTask;
    }

    /// <summary>Lets the time pass in which the step should have ended. Its timer may be set a little later than the step begins.</summary>
    private async Task PassTimeoutAsync(CancellationToken token)
    {
        while (true)
        {
            clock.Advance(TimeSpan.FromMilliseconds(Spec.TimeoutMs));
            await Task.Delay(TimeSpan.FromMilliseconds(50), token);
        }
    }
}
