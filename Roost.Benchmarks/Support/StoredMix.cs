namespace Roost.Benchmarks;

/// <summary>What a big file is full of.</summary>
internal enum StoredMix
{
    /// <summary>Ready, in the queue that a worker serves, of an engine that nobody serves.</summary>
    Ready,

    /// <summary>Due in years.</summary>
    Delayed,

    /// <summary>All waiting for the one name <see cref="StoredFile.OneName"/>, which a delayed item holds for life.</summary>
    Blocked,

    Done,

    /// <summary>Dead letters.</summary>
    Dead,

    /// <summary>Some of everything, as a file looks after months of use: engines, queues, resources, errors, children, artifacts, histories.</summary>
    Mixed,
}
