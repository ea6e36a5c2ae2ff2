namespace Roost.Stores;

/// <summary>Where what is drawn comes from that a test wants to be the same in each run: ids, what steps' keys are made of, and jitter.</summary>
internal abstract class Randomness
{
    /// <summary>Of the system.</summary>
    public static Randomness System { get; } = new SystemRandomness();

    /// <summary>From 0 (inclusive) to 1: how much of its jitter a wait has.</summary>
    public abstract double NextJitter();

    /// <summary>The id of a work item or a question: ids that are made later sort later.</summary>
    public abstract Guid NextId(DateTimeOffset now);

    /// <summary>What makes the keys of one item's steps its own, a positive number; null where the store draws it.</summary>
    public virtual long? NextNonce() => null;

    /// <summary>The identity of a file.</summary>
    public abstract Guid NextFileId();

    private sealed class SystemRandomness : Randomness
    {
        public override double NextJitter() => Random.Shared.NextDouble();

        public override Guid NextId(DateTimeOffset now) => Guid.CreateVersion7(now);

        public override Guid NextFileId() => Guid.NewGuid();
    }
}
