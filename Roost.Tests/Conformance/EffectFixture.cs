using System.Collections.Concurrent;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What tests of effects have in common: an outside that counts its calls, and an item of one step.</summary>
internal abstract class EffectFixture(StoreHost host) : ConformanceTests(host)
{
    private protected sealed record Quote(int Amount, string Currency = "EUR");

    private protected sealed record Receipt(string Id);

    private protected sealed class Half
    {
        public int Kept { get; private set; } = 1;
    }

    /// <summary>What the outside has been asked for: the key of each call, in order.</summary>
    private protected sealed class Outside
    {
        private readonly ConcurrentQueue<(string Name, string Key)> calls = new();

        public IEnumerable<(string Name, string Key)> Calls => calls;

        public int Count(string name) => calls.Count(call => call.Name == name);

        public string[] Keys(string name) => [.. calls.Where(call => call.Name == name).Select(call => call.Key)];

        public Task<T> Call<T>(string name, string key, T result)
        {
            calls.Enqueue((name, key));
            return Task.FromResult(result);
        }
    }

    private protected static RoostOptions Quick => new()
    {
        MaxAttempts = 5,
        RetryBaseDelay = TimeSpan.FromMilliseconds(1),
        RetryMaxDelay = TimeSpan.FromMilliseconds(1),
    };

    private protected static readonly EffectOptions Asking = new() { Interrupted = Effect.Ask };

    /// <summary>An engine of one step, which makes effects and is done.</summary>
    private protected static ScriptedEngine Engine(Func<StepContext, Task> step) => new(async (state, context) =>
    {
        await step(context);
        return ScriptedEngine.Finish(state + 1);
    });

    /// <summary>Runs one item to its end.</summary>
    private protected static async Task<WorkSummary> RunAsync(RoostRuntime roost)
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        return await roost.RunUntilDoneAsync(id).Soon();
    }

    private protected static async Task<IReadOnlyList<EffectInfo>> EffectsAsync(RoostRuntime roost) => (await roost.ListEffectsAsync("it", 1000)).Items;
}
