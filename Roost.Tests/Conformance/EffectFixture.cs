using System.Collections.Concurrent;

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

    private protected static async Task<IReadOnlyList<EffectInfo>> EffectsAsync(RoostRuntime roost) => (await roost.ListEffectsAsync("it", 1000)).Items;
}
