using System.Buffers.Binary;

namespace Roost.Stores;

/// <summary>An end of an item that its engine is being told of, by whoever has taken it last.</summary>
internal sealed record EndedWork(long Work, long Nonce, int Attempt)
{
    public required WorkItem Item { get; init; }
    public required WorkState State { get; init; }
    public required string? Reason { get; init; }
    public required string? Error { get; init; }
    public required int Version { get; init; }
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>The last state; null where there is none, or it is damaged.</summary>
    public required Snapshot? Snapshot { get; init; }

    /// <summary>The store's identity; what is done twice on a copy must not have the same keys.</summary>
    public required string FileId { get; init; }

    public string DeriveKey()
    {
        Span<byte> of = stackalloc byte[12];
        "end:"u8.CopyTo(of);
        BinaryPrimitives.WriteInt64LittleEndian(of[4..], Nonce);
        return DerivedKey.Of(FileId, of);
    }
}

/// <summary>How a try to tell an engine of an end went.</summary>
/// <param name="Error">What it has thrown; null where it was told.</param>
/// <param name="WaitMs">How long the next try waits.</param>
/// <param name="IsLast">No further try is made.</param>
/// <param name="IsUncharged">It was told to stop because the loop ends.</param>
internal readonly record struct EndTold(Failure? Error, long WaitMs = 0, bool IsLast = false, bool IsUncharged = false);
