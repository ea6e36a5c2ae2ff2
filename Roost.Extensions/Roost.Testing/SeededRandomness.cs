using System.Buffers.Binary;
using Roost.Stores;

namespace Roost.Testing;

/// <summary>Ids, keys and jitter by a seed. Each is drawn from a row of its own, so that one more of the one changes none of the others.</summary>
internal sealed class SeededRandomness(int seed) : Randomness
{
    private readonly Lock gate = new();
    private readonly Random jitter = new(seed), ids = new(seed ^ 0x1D5), nonces = new(seed ^ 0x0CE), files = new(seed ^ 0xF11E);

    public override double NextJitter()
    {
        lock (gate) return jitter.NextDouble();
    }

    /// <summary>A version-7 GUID of that moment.</summary>
    public override Guid NextId(DateTimeOffset now)
    {
        Span<byte> drawn = stackalloc byte[16];
        lock (gate) ids.NextBytes(drawn);
        long milliseconds = now.ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteInt32BigEndian(drawn, (int)(milliseconds >> 16));
        BinaryPrimitives.WriteInt16BigEndian(drawn[4..], (short)milliseconds);
        drawn[6] = (byte)(0x70 | (drawn[6] & 0x0F));
        drawn[8] = (byte)(0x80 | (drawn[8] & 0x3F));
        return new(drawn, bigEndian: true);
    }

    public override long? NextNonce()
    {
        lock (gate) return nonces.NextInt64();
    }

    public override Guid NextFileId()
    {
        Span<byte> drawn = stackalloc byte[16];
        lock (gate) files.NextBytes(drawn);
        return new(drawn);
    }
}
