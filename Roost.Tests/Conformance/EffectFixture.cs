using System.Collections.Concurrent;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What tests of effects have in common: an outside that counts its calls.</summary>
internal abstract class EffectFixture(StoreHost host) : OneStepFixture(host)
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

    private protected static readonly EffectOptions Asking = new() { Interrupted = Effect.Ask };

    /// <summary>Runs an item until it is within a call, and takes its lease from it there, so that nobody knows whether the call has happened.</summary>
    private protected static async Task StopWithinCallAsync(RoostRuntime roost, Gate gate, WorkItem? item = null)
    {
        await roost.EnqueueAsync((item ?? new WorkItem("scripted")) with { Id = "it" });
        Task<IdleState> running = roost.RunUntilIdleAsync();
        await gate.Reached;
        await roost.ReleaseLeaseAsync("it");
        await running.Soon();
    }

    private protected static async Task<IReadOnlyList<EffectInfo>> EffectsAsync(RoostRuntime roost) => (await roost.ListEffectsAsync("it", 1000)).Items;
}
