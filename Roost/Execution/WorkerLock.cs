namespace Roost.Execution;

/// <summary>
/// A file beside the database that a worker keeps locked while it runs. The kernel drops the lock with the process, however it dies, so a
/// lock that can be taken means a dead worker; process ids could not tell, being reused and private to containers.
/// </summary>
internal sealed class WorkerLock : IDisposable
{
    private readonly FileStream held;

    private WorkerLock(FileStream held) => this.held = held;

    /// <summary>The name of the file, without its folder.</summary>
    public static string NameFor(string databasePath, string workerId) => $"{System.IO.Path.GetFileName(databasePath)}.{workerId}.lock";

    /// <summary>Where the lock is that a worker's row names; null where that is no lock's name: a file that somebody else has made must not lead to other files.</summary>
    public static string? PathOf(string folder, string workerId, string lockFile) =>
        System.IO.Path.GetFileName(lockFile) == lockFile && lockFile.EndsWith($".{workerId}.lock", StringComparison.Ordinal) ? System.IO.Path.Combine(folder, lockFile) : null;

    /// <summary>The lock files beside a database that are not new; a new one may be about to be locked, and looking would be in its way.</summary>
    public static IEnumerable<string> AllOlder(string databasePath, TimeSpan age) =>
        Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(databasePath)!, NameFor(databasePath, "????????????"))
            .Where(file => DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > age);

    public static WorkerLock Take(string path) =>
        new(new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose));

    /// <summary>True: its worker is dead. False: it lives. Null: there is no such file, and nothing can be known.</summary>
    public static bool? IsFree(string? path)
    {
        if (path is null) return null;
        try
        {
            new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1).Dispose();
            return true;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Left over; a lock file without a worker in the table means nothing to anybody.
        }
    }

    public void Dispose() => held.Dispose();
}
