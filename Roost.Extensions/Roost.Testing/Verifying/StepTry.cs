using System.Text.Json.Nodes;
using Roost.Stores;
using Roost.Testing.Http;

namespace Roost.Testing.Verifying;

/// <summary>What one try of a step has brought, or the exception that it has ended with.</summary>
/// <param name="Outcome">What it returned.</param>
/// <param name="Brought">The same with everything that it has added; null where it returned nothing.</param>
/// <param name="Error">What it has thrown.</param>
/// <param name="Log">The HTTP calls that it has made.</param>
internal sealed record StepTry(Outcome? Outcome, JsonObject? Brought, Exception? Error, CallLog Log)
{
    /// <summary>What it has thrown, for people.</summary>
    public string Thrown => $"{Error!.GetType().Name}: {Error.Message}";
}

/// <summary>A step that is tried: how to call it, and what all its tries have in common.</summary>
internal sealed class StepUnderTest(
    EngineSource source, Verification run, WorkItem item, Snapshot? before, StepContext context, TrialEffects effects,
    Func<IEngine, StepContext, Task<Outcome?>> call)
{
    public WorkItem Item => item;

    public Snapshot? Before => before;

    public StepContext Context => context;

    /// <summary>What its tries have recorded so far.</summary>
    public TrialEffects Effects => effects;

    public string Step => before?.Step ?? "init";

    /// <summary>A try by a fresh engine, which is dropped.</summary>
    public Task<StepTry> TryAsync(int interruptions = 0, string? key = null) => TryAsync(null, context.Again(interruptions, key, effects));

    /// <summary>A try by a fresh engine that finds this of its effects, which is dropped.</summary>
    public Task<StepTry> TryAsync(TrialEffects left) => TryAsync(null, context.Again(effects: left));

    /// <summary>A try by this instance, which is dropped.</summary>
    public Task<StepTry> TryOnAsync(IEngine instance) => TryAsync(instance, context.Again(effects: effects));

    /// <summary>The try that counts.</summary>
    public Task<StepTry> TryInEarnestAsync()
    {
        context.EffectLog = effects.InEarnest(context.StoredEffects);
        return TryAsync(null, context);
    }

    private async Task<StepTry> TryAsync(IEngine? instance, StepContext its)
    {
        var log = CallLog.Begin(run.Watch);
        IEngine engine = instance ?? source.Next();
        bool isInEarnest = its == context;
        Staged? staged = null;
        try
        {
            Outcome? outcome = await call(engine, its);
            staged = isInEarnest ? its.Staged : its.EndReturned();
            if (its.Over is { } over) throw over;
            return new(outcome, BroughtBy(outcome, staged), null, log);
        }
        catch (Exception e)
        {
            if (!isInEarnest) staged = its.End();
            return new(null, null, e, log);
        }
        finally
        {
            run.CountTry(log);
            if (!isInEarnest) await DropAsync(staged);
            if (instance is null) await source.EndAsync(engine);
        }
    }

    private JsonObject? BroughtBy(Outcome? outcome, Staged? staged)
    {
        if (outcome is null or { Kind: OutcomeKind.RetryAfter }) return null;
        try
        {
            return OutcomeJson.Of(outcome, staged, run.Runtime.Options);
        }
        catch (Exception e) when (e is NullReferenceException or ArgumentException or InvalidOperationException)
        {
            return null; // An outcome that lacks something: the runner refuses it, and says so.
        }
    }

    private async Task DropAsync(Staged? staged)
    {
        foreach (StagedArtifact artifact in staged?.Artifacts ?? [])
            if (artifact.Blob is { } blob) await run.Runtime.Store.DropUploadAsync(blob);
    }
}
