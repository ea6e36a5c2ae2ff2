namespace Roost.Workspaces;

/// <summary>Deletes folders with all they hold; a link in them is deleted, what it points at is not.</summary>
internal static class FolderTree
{
    /// <summary>Deletes a folder; nothing happens when it is not there.</summary>
    public static void Delete(string path)
    {
        if (!Directory.Exists(path))
            return;
        try
        {
            DeleteOnce(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoostException($"The folder '{path}' could not be deleted: {e.Message} Close what uses it and remove the workspace again.", e);
        }
    }

    private static void DeleteOnce(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (UnauthorizedAccessException)
        {
            // Package caches make their folders read-only, and git its objects, which Windows then does not delete.
            MakeDeletable(new DirectoryInfo(path));
            Directory.Delete(path, recursive: true);
        }
    }

    private static void MakeDeletable(DirectoryInfo folder)
    {
        if (!OperatingSystem.IsWindows())
            folder.UnixFileMode |= UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
        {
            if (entry.LinkTarget is not null)
                continue;
            if (entry is DirectoryInfo child)
                MakeDeletable(child);
            else if (OperatingSystem.IsWindows())
                entry.Attributes = FileAttributes.Normal;
        }
    }
}
