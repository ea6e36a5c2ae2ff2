using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Roost.Stores;

/// <summary>Keys that are the same for every try of one thing, and different for every other and for every other file.</summary>
internal static class DerivedKey
{
    private const int MostBytes = 64, BytesOfStep = 16;

    /// <summary>The key of a step, or of an effect in it.</summary>
    /// <param name="lease">The step.</param>
    /// <param name="effect">The effect's path. Default: of the step itself.</param>
    public static string OfStep(LeasedWork lease, string? effect = null)
    {
        Span<byte> of = stackalloc byte[2 * BytesOfStep], hash = stackalloc byte[SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt64LittleEndian(of, lease.Nonce);
        BinaryPrimitives.WriteInt32LittleEndian(of[8..], lease.Branch);
        BinaryPrimitives.WriteInt32LittleEndian(of[12..], lease.Version);
        if (effect is null) return Of(lease.FileId, of[..BytesOfStep]);
        SHA256.HashData(Encoding.UTF8.GetBytes(effect), hash);
        hash[..BytesOfStep].CopyTo(of[BytesOfStep..]);
        return Of(lease.FileId, of);
    }

    /// <param name="fileId">The store's identity, in hexadecimal digits: what is done twice on a copy must not have the same keys.</param>
    /// <param name="of">What it is the key of; at most 32 bytes.</param>
    public static string Of(string fileId, ReadOnlySpan<byte> of)
    {
        Span<byte> input = stackalloc byte[MostBytes];
        Convert.FromHexString(fileId, input, out _, out int written);
        of.CopyTo(input[written..]);
        return Convert.ToHexStringLower(SHA256.HashData(input[..(written + of.Length)]).AsSpan(0, 16));
    }
}
