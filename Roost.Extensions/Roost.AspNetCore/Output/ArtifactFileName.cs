using System.Buffers;
using System.Globalization;
using System.Text;

namespace Roost.AspNetCore.Output;

/// <summary>The name of an artifact, which came from an engine, as that of a file.</summary>
internal static class ArtifactFileName
{
    private const int LongestName = 120, EndKept = 20;

    private static readonly SearchValues<char> Unsafe = SearchValues.Create("/\\:*?\"<>|");

    /// <summary>One file name: no separator, no dot at its beginning, nothing that steers a terminal or means a device.</summary>
    public static string Of(string name)
    {
        string safe = string.Concat(
                name.Select(c => Unsafe.Contains(c) || char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format ? '_' : c)
            )
            .TrimEnd('.', ' ');
        if (Encoding.UTF8.GetByteCount(safe) > LongestName)
            safe = Shortened(safe);
        if (safe.StartsWith('.'))
            safe = $"_{safe}";
        string stem = safe.Split('.')[0].ToUpperInvariant();
        bool isDevice =
            stem is "CON" or "PRN" or "AUX" or "NUL"
            || (
                stem.Length == 4
                && char.IsAsciiDigit(stem[3])
                && (stem.StartsWith("COM", StringComparison.Ordinal) || stem.StartsWith("LPT", StringComparison.Ordinal))
            );
        return safe.Length == 0 || isDevice ? $"_{safe}" : safe;
    }

    /// <summary>Its beginning and its end, in as many bytes as every file system takes.</summary>
    private static string Shortened(string name)
    {
        ReadOnlySpan<char> start = name, end = name.AsSpan(Math.Max(0, name.Length - EndKept));
        if (char.IsLowSurrogate(end[0])) end = end[1..];
        int room = LongestName - Encoding.UTF8.GetByteCount(end);
        start = start[..Math.Min(start.Length - end.Length, room)];
        while (Encoding.UTF8.GetByteCount(start) > room) start = start[..^1];
        if (start.Length > 0 && char.IsHighSurrogate(start[^1])) start = start[..^1];
        return string.Concat(start, end);
    }
}
