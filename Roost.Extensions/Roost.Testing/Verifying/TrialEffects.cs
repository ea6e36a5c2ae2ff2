using Roost.Stores;

namespace Roost.Testing.Verifying;

/// <summary>What tries of one step have recorded of their effects, in memory: each finds what those before it have left, as after a crash.</summary>
internal sealed class TrialEffects : EffectLog
{
    private readonly Lock gate = new();
    private readonly List<EffectRecord> writes;
    private readonly HashSet<string> keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> results;

    public TrialEffects() : this([], []) { }

    private TrialEffects(IEnumerable<EffectRecord> writes, Dictionary<string, byte[]> results) => (this.writes, this.results) = ([.. writes], results);

    /// <summary>What was written, in that order.</summary>
    public EffectRecord[] Writes
    {
        get
        {
            lock (gate) return [.. writes];
        }
    }

    /// <summary>The keys that calls and the step were given.</summary>
    public string[] Keys
    {
        get
        {
            lock (gate) return [.. keys];
        }
    }

    /// <summary>What is there already of a step that was tried before.</summary>
    public static async Task<TrialEffects> OfAsync(EffectLog store) => new((await store.LoadAsync()).Select(each =>
        new EffectRecord(new(each.Path, each.Path, 1, each.Key), each.Arguments, each.BegunAt, each.Result)), []);

    /// <summary>
    /// As they stood when so much had been written: a process has died there. What is called after that brings what it has brought before, whatever the outside
    /// says now: that each call has another result is what effects are for.
    /// </summary>
    public TrialEffects Until(int written)
    {
        EffectRecord[] all = Writes;
        return new(all.Take(written), all.Where(each => each.Result is not null).ToDictionary(each => each.Place.Path, each => each.Result!));
    }

    /// <summary>The same, and whatever is there or written goes to the store as well.</summary>
    public EffectLog InEarnest(EffectLog store) => new Both(this, store);

    public override Task<IReadOnlyList<StoredEffect>> LoadAsync() => Task.FromResult<IReadOnlyList<StoredEffect>>(
        [.. Writes.GroupBy(each => each.Place.Path).Select(each => each.Last()).Select(each =>
            new StoredEffect(each.Place.Path, each.Place.Key, each.Arguments, each.BegunAt, each.Result, each.Hash, IsTold: false))]);

    public override Task<bool> SaveAsync(EffectRecord record)
    {
        lock (gate) writes.Add(record);
        return Task.FromResult(true);
    }

    public override Task<bool> RemoveAsync(EffectPlace place)
    {
        Forget(place.Path);
        return Task.FromResult(true);
    }

    /// <summary>It has not happened.</summary>
    public void Forget(string path)
    {
        lock (gate) writes.RemoveAll(each => each.Place.Path == path);
    }

    public override byte[] Settle(EffectPlace place, byte[] result) => results.GetValueOrDefault(place.Path, result);

    public override void Given(string key)
    {
        lock (gate) keys.Add(key);
    }

    private sealed class Both(TrialEffects trial, EffectLog store) : EffectLog
    {
        private readonly HashSet<string> stored = new(StringComparer.Ordinal);

        public override async Task<IReadOnlyList<StoredEffect>> LoadAsync()
        {
            foreach (StoredEffect each in await store.LoadAsync()) stored.Add(each.Path);
            foreach (EffectRecord each in trial.Writes.Where(each => each.Result is not null && !stored.Contains(each.Place.Path)))
                await store.SaveAsync(each);
            return await trial.LoadAsync();
        }

        public override async Task<bool> SaveAsync(EffectRecord record) => await store.SaveAsync(record) && await trial.SaveAsync(record);

        public override async Task<bool> RemoveAsync(EffectPlace place) => await store.RemoveAsync(place) && await trial.RemoveAsync(place);

        public override void Given(string key) => trial.Given(key);
    }
}
