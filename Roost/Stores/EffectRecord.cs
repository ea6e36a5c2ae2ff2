using System.Security.Cryptography;

namespace Roost.Stores;

/// <summary>An effect of a step: where it stands in it, and the key that comes of that.</summary>
/// <param name="Path">The effects that it is within and its own name, with the numbers of those that are not the first of theirs.</param>
/// <param name="Name">Its name.</param>
/// <param name="Number">Which of those that have its name there it is, from 1.</param>
/// <param name="Key">What its call is given.</param>
internal sealed record EffectPlace(string Path, string Name, int Number, string Key);

/// <summary>What is written of an effect: that its call begins, or its result.</summary>
/// <param name="Place">Which it is.</param>
/// <param name="Arguments">What its call is made with, as JSON; or null.</param>
/// <param name="BegunAt">When its call began.</param>
/// <param name="Result">As JSON; null while its call has only begun.</param>
internal sealed record EffectRecord(EffectPlace Place, byte[]? Arguments, long BegunAt, byte[]? Result)
{
    public byte[]? Hash { get; } = Result is null ? null : SHA256.HashData(Result);

    public int Bytes => (Arguments?.Length ?? 0) + (Result?.Length ?? 0) + Place.Path.Length + 256;
}

/// <summary>What is recorded of an effect.</summary>
/// <param name="Path">Which it is.</param>
/// <param name="Key">What its call was given: another key than it would be given now, where the file was adopted since.</param>
/// <param name="Arguments">What its call was made with, as JSON; or null.</param>
/// <param name="BegunAt">When its call began.</param>
/// <param name="Result">As JSON; null where it is only known that its call has begun.</param>
/// <param name="Hash">The SHA-256 of the result.</param>
/// <param name="IsTold">A person has said that it has happened, with this result.</param>
internal sealed record StoredEffect(string Path, string Key, byte[]? Arguments, long BegunAt, byte[]? Result, byte[]? Hash, bool IsTold)
{
    public bool IsWhole => Result is null || Damage.IsWhole(Result, Hash);
}

/// <summary>A question whether an effect has happened, and the step that is over with it.</summary>
internal sealed record EffectAsk(string Path, NewAsk Ask);

/// <summary>What a person has said of an effect.</summary>
internal enum EffectVerdict
{
    Happened,
    DidNot,
    Fail,
}

/// <summary>Where the effects of one step are recorded. Whatever is written is durable when its task ends, and only while the step's lease is held.</summary>
internal abstract class EffectLog
{
    /// <summary>What earlier tries of the step have recorded.</summary>
    public abstract Task<IReadOnlyList<StoredEffect>> LoadAsync();

    /// <summary>Records that a call begins, or a result. False: the lease is lost.</summary>
    public abstract Task<bool> SaveAsync(EffectRecord record);

    /// <summary>Takes back that a call begins: it is known not to have happened. False: the lease is lost.</summary>
    public abstract Task<bool> RemoveAsync(EffectPlace place);

    /// <summary>The result that counts, of one that a call has brought.</summary>
    public virtual byte[] Settle(EffectPlace place, byte[] result) => result;

    /// <summary>A call, or the step, was given a key.</summary>
    public virtual void Given(string key) { }
}

/// <summary>The effects of a step under a lease of a store.</summary>
internal sealed class LeasedEffects(Store store, LeasedWork lease) : EffectLog
{
    public override Task<IReadOnlyList<StoredEffect>> LoadAsync() => lease.IsTried
        ? store.Reads.EffectsOfStepAsync(lease.WorkKey, lease.Version)
        : Task.FromResult<IReadOnlyList<StoredEffect>>([]);

    public override Task<bool> SaveAsync(EffectRecord record) => store.SaveEffectAsync(lease, record);

    public override Task<bool> RemoveAsync(EffectPlace place) => store.RemoveEffectAsync(lease, place.Path);
}
