using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What tests of the inside of a step have in common: an item of one step.</summary>
internal abstract class OneStepFixture(StoreHost host) : ConformanceTests(host)
{
    /// <summary>An engine of one step, which does this and is done.</summary>
    private protected static ScriptedEngine OneStep(Func<StepContext, Task> step) => new(async (state, context) =>
    {
        await step(context);
        return ScriptedEngine.Finish(state + 1);
    });

    /// <summary>Tries again at once.</summary>
    private protected static RoostOptions Retrying(RoostOptions options) => options with
    {
        MaxAttempts = 5,
        RetryBaseDelay = TimeSpan.FromMilliseconds(1),
        RetryMaxDelay = TimeSpan.FromMilliseconds(1),
    };

    private protected static RoostOptions Quick => Retrying(new());

    /// <summary>Runs one item, "it", to its end.</summary>
    private protected static async Task<WorkSummary> RunAsync(RoostRuntime roost)
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        return await roost.RunUntilDoneAsync(id).Soon();
    }
}
