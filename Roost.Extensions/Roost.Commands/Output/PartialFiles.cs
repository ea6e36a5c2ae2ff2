using System.Text.RegularExpressions;

namespace Roost.Commands.Output;

/// <summary>
/// What a save that was killed has left of an artifact, under a temporary name. Removed with the next save of that file, where nobody writes it and its
/// bytes are the first ones of what was saved now.
/// </summary>
internal static class PartialFiles
{
    private const int BlockBytes = 64 * 1024;

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    public static string NameFor(string path) => $"{path}.{Guid.NewGuid():N}.part";

    public static void Sweep(string path)
    {
        foreach (string left in Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, $"{Path.GetFileName(path)}.*.part"))
        {
            try
            {
                if (
                    Path.GetFileName(left).Length == Path.GetFileName(path).Length + ".part".Length + 33
                    && Name.IsMatch(left)
                    && File.ResolveLinkTarget(left, false) is null
                    && DateTime.UtcNow - File.GetLastWriteTimeUtc(left) > Quiet
                    && IsBeginningOf(path, left)
                )
                    File.Delete(left);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody writes it, or it is not ours to remove.
            }
        }
    }

    private static bool IsBeginningOf(string path, string left)
    {
        using FileStream whole = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete),
            part = new(left, FileMode.Open, FileAccess.Read, FileShare.None);
        byte[] expected = new byte[BlockBytes],
            found = new byte[BlockBytes];
        while (true)
        {
            int read = part.ReadAtLeast(found, BlockBytes, throwOnEndOfStream: false);
            if (read == 0)
                return true;
            if (
                whole.ReadAtLeast(expected.AsSpan(0, read), read, throwOnEndOfStream: false) < read
                || !found.AsSpan(0, read).SequenceEqual(expected.AsSpan(0, read))
            )
                return false;
        }
    }

    private static readonly Regex Name = new(@"\.[0-9a-f]{32}\.part$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
}
