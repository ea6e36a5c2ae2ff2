using Roost.Stores;

namespace Roost.Testing.Verifying;

/// <summary>
/// Lets the process die around every write of a step's effects, and looks at what the try after that brings. Where nobody knows then whether an effect has
/// happened, both is tried: that it has not, and that it has, with the result that it had.
/// </summary>
internal sealed class EffectJudge(StepUnderTest step, Verification run, StepJudge judge)
{
    private const int Most = 64;

    public async Task JudgeAsync(StepTry real)
    {
        EffectRecord[] writes = step.Effects.Writes;
        if (writes.Length > Most)
            run.Note($"The step from version {step.Context.Version} (\"{step.Step}\") of engine \"{step.Item.Engine}\" has written {writes.Length} times of " +
                $"its effects; it was crashed around the first {Most}.");
        for (int written = 1; written <= Math.Min(writes.Length, Most); written++)
        {
            EffectRecord last = writes[written - 1];
            TrialEffects left = step.Effects.Until(written);
            EffectRecord? result = last.Result is null ? Array.Find(writes, each => each.Place.Path == last.Place.Path && each.Result is not null) : null;
            if (last.Result is null) left.Forget(last.Place.Path);
            judge.SeeAfterCrash(await step.TryAsync(left), real);
            run.CountEffectCrash();
            if (result is null) continue;
            left = step.Effects.Until(written);
            await left.SaveAsync(result);
            judge.SeeAfterCrash(await step.TryAsync(left), real);
            run.CountEffectCrash();
        }
    }
}
