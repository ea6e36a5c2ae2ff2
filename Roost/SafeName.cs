using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Roost;

/// <summary>Turns any text into one file-name component that is safe on every file system, and the same text always into the same one.</summary>
internal static class SafeName
{
    private const int LongestSlug = 40;
    private const int LongestKept = 100;
    private const int HashLength = 20;

    private static readonly SearchValues<char> Safe = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-");
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    /// <summary>Returns a text that is safe already as it is, any other with a hash.</summary>
    public static string Keep(string text) => IsSafe(text) ? text : WithHash(text);

    /// <summary>Returns a readable slug of the text and 80 bits of its SHA-256: <c>acme-project-1-0f3c...</c>.</summary>
    public static string WithHash(string text) => $"{Slug(text)}-{Hash(text)}";

    /// <summary>Joins a root and a file name, and refuses what is not below the root afterwards.</summary>
    public static string Under(string root, string fileName)
    {
        string fullRoot = Path.GetFullPath(root);
        string prefix = Path.EndsInDirectorySeparator(fullRoot) ? fullRoot : fullRoot + Path.DirectorySeparatorChar;
        string full = Path.GetFullPath(Path.Join(prefix, fileName));
        if (full.Length == prefix.Length || !full.StartsWith(prefix, StringComparison.Ordinal))
            throw new InvalidInputException("name", $"'{full}' is not below '{prefix}'; use a name without separators.");
        return full;
    }

    // A text that ends like a hashed name is hashed too: otherwise it could be the name that another text is given.
    private static bool IsSafe(string text) =>
        text.Length is > 0 and <= LongestKept
        && !text.AsSpan().ContainsAnyExcept(Safe)
        && text[0] != '-'
        && !IsReservedByWindows(text)
        && !EndsLikeHashed(text);

    private static bool IsReservedByWindows(string text) =>
        text is "con" or "prn" or "aux" or "nul"
        || (
            text.Length == 4
            && char.IsAsciiDigit(text[3])
            && (text.StartsWith("com", StringComparison.Ordinal) || text.StartsWith("lpt", StringComparison.Ordinal))
        );

    private static bool EndsLikeHashed(string text) =>
        text.Length > HashLength && text[^(HashLength + 1)] == '-' && !text.AsSpan()[^HashLength..].ContainsAnyExcept(Hexadecimal);

    private static string Slug(string text)
    {
        Span<char> slug = stackalloc char[LongestSlug];
        int length = 0;
        foreach (char c in text)
        {
            if (length == LongestSlug)
                break;
            char lower = char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
            char kept = char.IsAsciiLetterLower(lower) || char.IsAsciiDigit(lower) || lower == '_' ? lower : '-';
            if (kept != '-' || (length > 0 && slug[length - 1] != '-'))
                slug[length++] = kept;
        }

        ReadOnlySpan<char> trimmed = slug[..length].TrimEnd('-');
        return trimmed.IsEmpty ? "x" : trimmed.ToString();
    }

    // Hashes UTF-16 units, not an encoding of them: an encoder replaces every lone surrogate by the same character.
    private static string Hash(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan())))[..HashLength];
}
