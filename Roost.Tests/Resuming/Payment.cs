using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>
/// One item whose effects are of all three kinds, made in its first state and in two steps, the second of which throws once after it has made them.
/// </summary>
internal sealed class Payment : Scenario
{
    public const int Steps = 2;

    public override RoostRuntime Open(string path, Action<string> say) => EffectVerb.Open(Options(path), new Random(1), Steps);

    public override async Task ActAsync(RoostRuntime roost, Action<string> say)
    {
        await roost.EnqueueAsync(new WorkItem("payer") { Id = "pays", IdempotencyKey = "pays" });
        say("enqueued pays");
        Points.Reach("the host has enqueued");
        await EffectVerb.FinishAsync(roost, roost.Path);
        Points.Reach("the host sees that all has ended");
    }
}
