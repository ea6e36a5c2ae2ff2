
namespace Roost.Stores;

/// <summary>What a step wants to be committed with its outcome.</summary>
internal sealed class Staged
{
    public List<(string Kind, byte[]? Data)> Events { get; } = [];
    public List<StagedArtifact> Artifacts { get; } = [];
    public List<NewWork> Children { get; } = [];

    /// <summary>The ids of those that have an idempotency key, by engine and key.</summary>
    public Dictionary<(string Engine, string Key), string> KeyedChildren { get; } = [];

    public List<StagedSignal> Signals { get; } = [];

    /// <summary>The keys of the signals that the step has taken from its mailbox.</summary>
    public HashSet<long> Taken { get; } = [];

    public bool IsEmpty => Events.Count == 0 && Artifacts.Count == 0 && Children.Count == 0 && Signals.Count == 0 && Taken.Count == 0;

    public int Bytes { get; private set; }

    public void AddBytes(int bytes) => Bytes += bytes;
}

/// <summary>
/// An artifact on its way: small content in memory, large content already in the file as a blob pinned by this worker, or a URI.
/// </summary>
internal sealed record StagedArtifact(string Name, ArtifactKind Kind, string MediaType, byte[]? Metadata)
{
    public ReadOnlyMemory<byte>? Content { get; init; }
    public byte[]? Sha256 { get; init; }
    public PinnedBlob? Blob { get; init; }
    public string? Uri { get; init; }
}

/// <summary>Uploaded content that is kept until its step commits or ends, or its worker is found dead.</summary>
internal sealed record PinnedBlob(long Blob, long Worker, long Pin, byte[] Sha256);
