using System.Runtime.ExceptionServices;

namespace Roost.Testing.Verifying;

/// <summary>
/// An engine each of whose steps is tried several times before it is committed: by fresh engines, and by one instance that makes all steps as in a process that
/// never dies.
/// </summary>
internal sealed class ProbedEngine(EngineSource source, IEngine first, Verification run) : WrappedEngine(first)
{
    private readonly IEngine? lasting = source.IsFresh ? source.Next() : null;

    public override async Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => (await StepAsync(item, null, context, async (engine, its) =>
    {
        Task<Snapshot>? making = engine.InitSnapshotAsync(item, its);
        Snapshot? made = making is null ? null : await making;
        return made is null ? null : Outcome.Continue(made);
    }))?.Next!;

    public override async Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context) =>
        (await StepAsync(item, snapshot, context, async (engine, its) =>
        {
            Task<Outcome>? stepping = engine.StepAsync(snapshot, item, its);
            return stepping is null ? null : await stepping;
        }))!;

    /// <summary>Ends what was made here.</summary>
    public async ValueTask EndAsync()
    {
        await source.EndAsync(Inner);
        if (lasting is not null) await source.EndAsync(lasting);
    }

    private async Task<Outcome?> StepAsync(WorkItem item, Snapshot? before, StepContext context, Func<IEngine, StepContext, Task<Outcome?>> call)
    {
        await run.StepBeginsAsync(context);
        var step = new StepUnderTest(source, run, item, before, context, await TrialEffects.OfAsync(context.StoredEffects), call);
        bool repeats = OnInterrupted != OnInterrupted.Park;
        if (!repeats) run.Note(Parks);
        StepTry? dropped = repeats ? await step.TryAsync() : null;
        StepTry? interrupted = repeats ? await step.TryAsync(interruptions: 1) : null;
        StepTry real = await step.TryInEarnestAsync();
        StepTry? lasted = lasting is null ? null : await step.TryOnAsync(lasting);
        run.Count(repeats ? 2 : 0, isFollowedByFresh: source.IsFresh && real.Error is null);
        var judge = new StepJudge(step, run);
        await judge.JudgeAsync(dropped, interrupted, real, lasting, lasted);
        if (repeats && real.Error is null) await new EffectJudge(step, run, judge).JudgeAsync(real);
        if (real.Error is not null) ExceptionDispatchInfo.Throw(real.Error);
        return real.Outcome;
    }

    private string Parks =>
        $"Engine \"{EngineId}\" asks that a step whose process died is not run again (OnInterrupted.Park): its steps were not repeated, and its HTTP calls " +
        "not looked at for a key. A step that throws is tried again all the same, unless Retry says otherwise.";
}
