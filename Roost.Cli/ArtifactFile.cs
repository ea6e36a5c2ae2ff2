using System.Buffers;

namespace Roost.Cli;

/// <summary>Saves an artifact under a name that came from an engine, and never anywhere but in the given folder.</summary>
internal static class ArtifactFile
{
    private const int LongestName = 120;

    private static readonly SearchValues<char> Unsafe = SearchValues.Create("/\\:*?\"<>|");

    public static async Task<string> SaveAsync(Stream content, string folder, string name, bool replace, CancellationToken stop)
    {
        string path = Path.Join(folder, SafeName(name)), made = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            await using (var file = new FileStream(made, FileMode.CreateNew, FileAccess.Write)) await content.CopyToAsync(file, stop);
            // Moved when it is complete and verified; a link of that name is replaced, not followed.
            File.Move(made, path, replace);
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
        string safe = string.Concat(name.Select(c => Unsafe.Contains(c) || char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format ? '_' : c)).TrimEnd('.', ' ');
        if (safe.Length > LongestName) safe = string.Concat(safe.AsSpan(0, LongestName - 20), safe.AsSpan(safe.Length - 20));
        if (safe.StartsWith('.')) safe = $"_{safe}";
        string stem = safe.Split('.')[0].ToUpperInvariant();
        bool isDevice = stem is "CON" or "PRN" or "AUX" or "NUL" || (stem.Length == 4 && char.IsAsciiDigit(stem[3]) && (stem.StartsWith("COM", StringComparison.Ordinal) || stem.StartsWith("LPT", StringComparison.Ordinal)));
        return safe.Length == 0 || isDevice ? $"_{safe}" : safe;
    }
}
