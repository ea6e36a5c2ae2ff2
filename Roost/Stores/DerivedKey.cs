using System.Security.Cryptography;

namespace Roost.Stores;

/// <summary>Keys that are the same for every try of one thing, and different for every other and for every other file.</summary>
internal static class DerivedKey
{
    private const int MostBytes = 64;

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
