using System.Buffers;
using System.Text;

namespace Roost.Cli.Output;

/// <summary>Saves an artifact under a name that came from an engine, and never anywhere but in the given folder.</summary>
internal static class ArtifactFile
{
    private const int LongestName = 120, EndKept = 20;

    private static readonly SearchValues<char> Unsafe = SearchValues.Create("/\\:*?\"<>|");

    public static async Task<string> SaveAsync(Stream content, string folder, string name, bool replace, CancellationToken stop)
    {
        string path = Path.Join(folder, SafeName(name)), made = PartialFiles.NameFor(path);
        try
        {
            await using (var file = new FileStream(made, FileMode.CreateNew, FileAccess.Write)) await content.CopyToAsync(file, stop);
            // Moved when it is complete and verified; a link of that name is replaced, not followed.
            File.Move(made, path, replace);
            PartialFiles.Sweep(path);
        }
        catch (IOException) when (File.Exists(path) && !replace)
        {
            throw new ConflictException($"{path} is there already; give --force to replace it, or another folder by --to.");
        }
        finally
        {
            File.Delete(made);
        }
        return path;
    }

    /// <summary>One file name: no separator, no dot at its beginning, nothing that steers a terminal or means a device.</summary>
    internal static string SafeName(string name)
    {
        string safe = string.Concat(
                name.Select(c => Unsafe.Contains(c) || char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format ? '_' : c)
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
