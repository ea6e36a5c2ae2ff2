using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Roost.Stores;

/// <summary>
/// Puts a state together again of the version that is stored whole and what differs in those after it: where each stretch of it comes from is followed
/// first, and only the last state is copied.
/// </summary>
internal sealed class Rebuilding : IDisposable
{
    private readonly record struct Piece(int From, int Length);

    private readonly List<Splice> splices = [];
    private List<Piece> pieces = [], other = [];
    private byte[] stored = [];
    private int used;

    /// <summary>How long the state is.</summary>
    public int Length { get; private set; }

    /// <summary>How many bytes were stored for it.</summary>
    public int Stored => used;

    /// <summary>Begins with a version that is stored whole.</summary>
    public void Begin(ReadOnlySpan<byte> whole)
    {
        used = 0;
        pieces.Clear();
        Length = whole.Length;
        if (whole.Length > 0) pieces.Add(new(Keep(whole), whole.Length));
    }

    /// <summary>Goes on to the next version; false where what is stored of it does not fit.</summary>
    public bool TryApply(ReadOnlySpan<byte> edits, ReadOnlySpan<byte> inserts)
    {
        if (!Splice.TryRead(edits, splices) || !Fit(inserts.Length)) return false;
        int from = Keep(inserts), at = 0;
        other.Clear();
        var rest = new Cursor(pieces);
        foreach (Splice splice in splices)
        {
            rest.Pass(splice.At - at, other);
            rest.Pass(splice.Removed, null);
            if (splice.Inserted > 0) Append(other, new(from, splice.Inserted));
            from += splice.Inserted;
            at = splice.At + splice.Removed;
            Length += splice.Inserted - splice.Removed;
        }
        rest.Pass(int.MaxValue, other);
        (pieces, other) = (other, pieces);
        return true;
    }

    /// <summary>The state.</summary>
    public byte[] ToArray()
    {
        byte[] state = new byte[Length];
        int at = 0;
        foreach (Piece piece in pieces)
        {
            stored.AsSpan(piece.From, piece.Length).CopyTo(state.AsSpan(at));
            at += piece.Length;
        }
        return state;
    }

    /// <summary>Whether the state is the one of this SHA-256.</summary>
    public bool Is(ReadOnlySpan<byte> sha256)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Piece piece in pieces) hash.AppendData(stored, piece.From, piece.Length);
        return hash.GetHashAndReset().AsSpan().SequenceEqual(sha256);
    }

    public void Dispose()
    {
        if (stored.Length > 0) ArrayPool<byte>.Shared.Return(stored);
        stored = [];
    }

    /// <summary>Each place lies behind the one before it and within the state, and what they insert is all there is.</summary>
    private bool Fit(int inserts)
    {
        long at = 0, inserted = 0;
        foreach (Splice splice in splices)
        {
            if (splice.At < at) return false;
            at = (long)splice.At + splice.Removed;
            inserted += splice.Inserted;
        }
        return at <= Length && inserted == inserts;
    }

    private int Keep(ReadOnlySpan<byte> bytes)
    {
        if (stored.Length - used < bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(used + bytes.Length, 2 * used));
            stored.AsSpan(0, used).CopyTo(larger);
            if (stored.Length > 0) ArrayPool<byte>.Shared.Return(stored);
            stored = larger;
        }
        bytes.CopyTo(stored.AsSpan(used));
        used += bytes.Length;
        return used - bytes.Length;
    }

    /// <summary>Goes through pieces from their beginning.</summary>
    private ref struct Cursor(List<Piece> pieces)
    {
        private readonly ReadOnlySpan<Piece> pieces = CollectionsMarshal.AsSpan(pieces);
        private int next, taken; // Of the next piece so much is behind it.

        /// <summary>Goes on by so many bytes, or to the end, and copies what it passes where it is told where.</summary>
        public void Pass(int length, List<Piece>? to)
        {
            if (taken > 0) PassPart(ref length, to);
            int whole = next;
            while (whole < pieces.Length && pieces[whole].Length <= length) length -= pieces[whole++].Length;
            if (whole > next && to is not null)
            {
                Append(to, pieces[next]);
                to.AddRange(pieces[(next + 1)..whole]);
            }
            next = whole;
            PassPart(ref length, to);
        }

        private void PassPart(ref int length, List<Piece>? to)
        {
            if (length == 0 || next == pieces.Length) return;
            Piece piece = pieces[next];
            int part = Math.Min(length, piece.Length - taken);
            if (to is not null) Append(to, new(piece.From + taken, part));
            length -= part;
            taken += part;
            if (taken == piece.Length) (next, taken) = (next + 1, 0);
        }
    }

    /// <summary>Adds a piece, to the one before it where it goes on there: all that a list has gained is one piece.</summary>
    private static void Append(List<Piece> to, Piece piece)
    {
        if (to.Count > 0 && to[^1] is var last && last.From + last.Length == piece.From) to[^1] = new(last.From, last.Length + piece.Length);
        else to.Add(piece);
    }
}
