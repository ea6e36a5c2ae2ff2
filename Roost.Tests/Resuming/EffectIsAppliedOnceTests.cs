using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>Rule 2: an effect is applied once.</summary>
internal sealed class EffectIsAppliedOnceTests : RuleTests
{
    private protected override Scenario Program { get; } = new Payment();

    private protected override bool IsOrderly => false;

    private protected override async Task MustHoldAsync(Killed killed)
    {
        List<string> resumed = await Program.ResumeAsync(killed.Path);
        await using RoostRuntime roost = Program.Open(killed.Path, _ => { });

        (int effects, int repeated, int asked) = await EffectAudit.MustBeMadeOnceAsync(roost, [.. killed.Said, .. resumed], Payment.Steps);

        effects.Should().Be((1 + Payment.Steps) * EffectVerb.EffectsOfAStep);
        repeated.Should().BeLessThanOrEqualTo(killed.HasEnded ? 0 : 1, "one call may have been on its way that may be repeated");
        asked.Should().BeLessThanOrEqualTo(killed.HasEnded ? 0 : 1);
    }
}
