using System.Security.Cryptography;
using Roost.Sqlite.Queries;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite;

/// <summary>
/// Reads an artifact a chunk at a time, each by a short read of its own, so that a slow reader keeps neither a transaction nor the log from
/// being reset. Bytes are given out only after their chunk's SHA-256 has been verified, the last chunk's only after the whole's has.
/// </summary>
internal sealed class ArtifactStream : Stream
{
    private readonly Reader reader;
    private readonly ArtifactContent content;
    private readonly byte[] buffer;
    private readonly IncrementalHash whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long position, loaded = -1, hashed;
    private bool wholeVerified, closed;
    private DataCorruptException? damage;

    public ArtifactStream(Reader reader, ArtifactContent content)
    {
        this.reader = reader;
        this.content = content;
        buffer = new byte[Math.Min(content.Size, BlobTable.ChunkBytes)];
        if (content.Size == 0) VerifyWhole();
    }

    public override bool CanRead => !closed;

    public override bool CanSeek => !closed;

    public override bool CanWrite => false;

    public override long Length => content.Size;

    public override long Position
    {
        get => position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            position = value;
        }
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => position,
        _ => content.Size,
    };

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public override int Read(Span<byte> target)
    {
        if (NeedsChunk(target.Length) is { } n) Accept(n, reader.Run(db => ArtifactQueries.ReadChunk(db, content.Blob!.Value, n, buffer, LengthOf(n))));
        return Take(target);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (NeedsChunk(target.Length) is { } n)
            Accept(
                n,
                await reader.RunAsync(db => ArtifactQueries.ReadChunk(db, content.Blob!.Value, n, buffer, LengthOf(n)), cancellationToken).ConfigureAwait(false)
            );
        return Take(target.Span);
    }

    public override void Flush() { }

    public override void SetLength(long value) => throw new NotSupportedException("An artifact is immutable.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("An artifact is immutable.");

    protected override void Dispose(bool disposing)
    {
        if (disposing && !closed) whole.Dispose();
        closed = true;
        base.Dispose(disposing);
    }

    private long? NeedsChunk(int wanted)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        if (damage is not null) throw new DataCorruptException(damage.Message, damage);
        if (wanted == 0 || position >= content.Size) return null;
        long n = position / BlobTable.ChunkBytes;
        if (n == loaded) return null;
        loaded = -1;
        return n;
    }

    private int LengthOf(long n) => (int)Math.Min(BlobTable.ChunkBytes, content.Size - n * BlobTable.ChunkBytes);

    private void Accept(long n, (byte[] Sha256, long Length)? chunk)
    {
        if (chunk is not { } found)
        {
            if (!reader.Run(db => ArtifactQueries.Exists(db, content.Blob!.Value)))
                throw new NotFoundException($"The content of {content.Label} was purged while it was read.");
            throw Corrupt($"chunk {n} is missing");
        }
        if (found.Length != LengthOf(n)) throw Corrupt($"chunk {n} has {found.Length:N0} bytes where {LengthOf(n):N0} are expected");
        ReadOnlySpan<byte> bytes = buffer.AsSpan(0, LengthOf(n));
        if (!Damage.IsWhole(bytes, found.Sha256)) throw Corrupt($"chunk {n} does not match its SHA-256");
        if (n == hashed && !wholeVerified)
        {
            whole.AppendData(bytes);
            hashed++;
            if (hashed * BlobTable.ChunkBytes >= content.Size) VerifyWhole();
        }
        loaded = n;
    }

    /// <summary>What was read in order from the start is checked as one; after a jump the chunks stand for themselves.</summary>
    private void VerifyWhole()
    {
        if (!whole.GetHashAndReset().AsSpan().SequenceEqual(content.Sha256))
            throw Corrupt($"its {content.Size:N0} bytes do not match its SHA-256 {Convert.ToHexStringLower(content.Sha256!)}");
        wholeVerified = true;
    }

    private int Take(Span<byte> target)
    {
        if (target.IsEmpty || position >= content.Size) return 0;
        int at = (int)(position % BlobTable.ChunkBytes);
        int taken = Math.Min(target.Length, LengthOf(loaded) - at);
        buffer.AsSpan(at, taken).CopyTo(target);
        position += taken;
        return taken;
    }

    private DataCorruptException Corrupt(string what)
    {
        loaded = -1;
        return damage = new($"The file is damaged: of {content.Label}, {what}. Its bytes are not returned. Restore a backup, or let a step make it anew.");
    }
}
