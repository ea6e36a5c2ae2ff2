using System.Security.Cryptography;

namespace Roost.Stores;

/// <summary>What the next version can be stored as a difference from: the one that is stored last, with what that is built on.</summary>
/// <param name="Whole">The version, stored whole, that it is built on; its own where it is that.</param>
/// <param name="Bytes">How many bytes have to be read for it.</param>
internal readonly record struct StateBase(int Whole, long Bytes);

/// <summary>
/// How a version is stored: whole, or as what differs from the version before it. A difference is taken where the state is worth it, its shape is the
/// same, no thousand of them are behind each other, and no more has to be read for it than twice its size.
/// </summary>
internal sealed class StateForm
{
    /// <summary>A state below it costs no more than the page that its row stands on anyway.</summary>
    public const int LeastBytes = 2048;

    /// <summary>How many versions in a row are stored as differences.</summary>
    public const int MostInARow = 1000;

    /// <summary>What a row takes besides its data: two hashes, and the numbers.</summary>
    private const int RowBytes = 128;

    private StateForm(int version, long bytes, ReadOnlyMemory<byte> data) => (Base, Data) = (new(version, bytes), data);

    /// <summary>What is stored in the row: the state, or what is new in it.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The places that differ, written; null where it is stored whole.</summary>
    public byte[]? Edits { get; private init; }

    /// <summary>The SHA-256 of <see cref="Edits"/> and <see cref="Data"/>.</summary>
    public byte[]? RowHash { get; private init; }

    /// <summary>What the version after it is built on.</summary>
    public StateBase Base { get; }

    public bool IsWhole => Edits is null;

    /// <summary>How many bytes the state has.</summary>
    public int Size { get; private init; }

    /// <summary>How many bytes are written for it.</summary>
    public int Bytes => Data.Length + (Edits?.Length ?? 0);

    public static StateForm Whole(int version, ReadOnlyMemory<byte> state) => new(version, state.Length, state) { Size = state.Length };

    /// <summary>Of what a step makes of its lease's version.</summary>
    public static StateForm Of(LeasedWork lease, ReadOnlyMemory<byte> state, int stateVersion)
    {
        int version = lease.Version + 1;
        if (
            state.Length < LeastBytes
            || lease is not { Base: { } known, Snapshot: { } before }
            || before.StateVersion != stateVersion
            || version - known.Whole > MostInARow
        )
            return Whole(version, state);
        List<Splice> splices = StateDifference.Between(before.Utf8.Span, state.Span);
        byte[] edits = Splice.Write(splices);
        ReadOnlyMemory<byte> inserts = Splice.Inserts(splices, state);
        long toRead = known.Bytes + inserts.Length + edits.Length + RowBytes;
        return toRead > 2L * state.Length
            ? Whole(version, state)
            : new(known.Whole, toRead, inserts) { Size = state.Length, Edits = edits, RowHash = HashOf(edits, inserts.Span) };
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
