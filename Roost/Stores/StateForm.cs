using System.Security.Cryptography;

namespace Roost.Stores;

/// <summary>What the next version can be stored as a difference from: the one that is stored last, with what that is built on.</summary>
/// <param name="Whole">The version, stored whole, that it is built on; its own where it is that, and 0 where there is none.</param>
/// <param name="Bytes">How many bytes have to be read for it.</param>
internal readonly record struct StateBase(int Whole, int Bytes);

/// <summary>What is stored of a version that is stored as a difference.</summary>
/// <param name="Edits">The places that differ, written.</param>
/// <param name="Inserts">What is new at them.</param>
/// <param name="RowHash">The SHA-256 of both.</param>
/// <param name="Base">What the version after it is built on.</param>
internal sealed record StoredDifference(byte[] Edits, ReadOnlyMemory<byte> Inserts, byte[] RowHash, StateBase Base);

/// <summary>
/// How a version is stored: whole, or as what differs from the version before it. A difference is taken where the state is worth it, its shape is the
/// same, no thousand of them are behind each other, and no more has to be read for it than twice its size.
/// </summary>
/// <param name="Version">The version.</param>
/// <param name="State">Its state.</param>
/// <param name="Difference">Null where it is stored whole.</param>
internal readonly record struct StateForm(int Version, ReadOnlyMemory<byte> State, StoredDifference? Difference)
{
    /// <summary>A state below it costs no more than the page that its row stands on anyway.</summary>
    public const int LeastBytes = 2048;

    /// <summary>How many versions in a row are stored as differences.</summary>
    public const int MostInARow = 1000;

    /// <summary>What a row takes besides its data: two hashes, and the numbers.</summary>
    private const int RowBytes = 128;

    public bool IsWhole => Difference is null;

    /// <summary>What the version after it is built on.</summary>
    public StateBase Base => Difference?.Base ?? new(Version, State.Length);

    /// <summary>How many bytes are written for it.</summary>
    public int Bytes => Difference is { } it ? it.Inserts.Length + it.Edits.Length : State.Length;

    /// <summary>What differs in what a step makes of its lease's version; null where that is to be stored whole.</summary>
    public static StoredDifference? DifferenceOf(LeasedWork lease, ReadOnlyMemory<byte> state, int stateVersion)
    {
        if (
            state.Length < LeastBytes
            || lease is not { Base: { Whole: > 0 } known, Snapshot: { } before }
            || before.StateVersion != stateVersion
            || lease.Version + 1 - known.Whole > MostInARow
        )
            return null;
        List<Splice> splices = StateDifference.Between(before.Utf8.Span, state.Span);
        byte[] edits = Splice.Write(splices);
        ReadOnlyMemory<byte> inserts = Splice.Inserts(splices, state);
        long toRead = (long)known.Bytes + inserts.Length + edits.Length + RowBytes;
        return toRead > 2L * state.Length || toRead > int.MaxValue
            ? null
            : new(edits, inserts, HashOf(edits, inserts.Span), new(known.Whole, (int)toRead));
    }

    /// <summary>The SHA-256 of a row that holds a difference.</summary>
    public static byte[] HashOf(ReadOnlySpan<byte> edits, ReadOnlySpan<byte> inserts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(edits);
        hash.AppendData(inserts);
        return hash.GetHashAndReset();
    }
}
