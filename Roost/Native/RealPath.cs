namespace Roost.Native;

/// <summary>Paths as the system sees them.</summary>
internal static class RealPath
{
    /// <summary>
    /// The file itself where the path is a symbolic link: SQLite keeps the log beside it and not beside the link, and all that is kept or looked
    /// for beside the file has to be in one place.
    /// </summary>
    public static string Of(string path)
    {
        string fullPath = Path.GetFullPath(path);
        try
        {
            return File.ResolveLinkTarget(fullPath, returnFinalTarget: true)?.FullName ?? fullPath;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return fullPath; // It is still to be made.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileRefusedException(FileRefusal.NoPlace, $"{fullPath} leads nowhere: {e.Message} Put the link right, or name the file itself.", e);
        }
    }
}
