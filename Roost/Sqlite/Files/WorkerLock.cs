using Roost.Native;

namespace Roost.Sqlite.Files;

/// <summary>
/// A file beside the database that a worker keeps locked while it runs. The kernel drops the lock with the process, however it dies, so a
/// lock that can be taken means a dead worker; process ids could not tell, being reused and private to containers.
/// </summary>
internal sealed class WorkerLock : IDisposable
{
    private readonly FileLock held;

    private WorkerLock(FileLock held) => this.held = held;

    /// <summary>Others can see that it is held, and it was tried: a lock that locks nothing would have every living worker taken for dead.</summary>
    public bool IsProven => held.IsProven;

    /// <summary>The name of the file, without its folder.</summary>
    public static string NameFor(string databasePath, string workerId) => $"{System.IO.Path.GetFileName(databasePath)}.{workerId}.lock";

    /// <summary>
    /// Where the lock is that a worker's row names; null where that is no lock's name: a file that somebody else has made must not lead to other files.
    /// </summary>
    public static string? PathOf(string folder, string workerId, string lockFile) =>
        System.IO.Path.GetFileName(lockFile) == lockFile && lockFile.EndsWith($".{workerId}.lock", StringComparison.Ordinal)
            ? System.IO.Path.Combine(folder, lockFile)
            : null;

    /// <summary>The lock files beside a database that are not new; a new one may be about to be locked, and looking would be in its way.</summary>
    public static IEnumerable<string> AllOlder(string databasePath, TimeSpan age) =>
        Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(databasePath)!, NameFor(databasePath, "????????????"))
            .Where(file => DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > age);

    /// <param name="path">Where it is to be made.</param>
    /// <param name="database">The file whose owner and mode it gets: a lock that anybody may open, anybody may hold.</param>
    public static WorkerLock Take(string path, string? database = null)
    {
        var how = new FileStreamOptions { Mode = FileMode.CreateNew, Options = FileOptions.DeleteOnClose };
        if (!OperatingSystem.IsWindows()) how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        FileLock held = FileLock.TryTake(path, how) ?? throw new IOException($"The new lock file {path} is locked by somebody else.");
        if (database is not null) held.Follow(database);
        return new(held);
    }

    /// <summary>True: its worker is dead. False: it lives. Null: there is no such file, or it may not be looked at, and nothing can be known.</summary>
    public static bool? IsFree(string? path) => path is null ? null : FileLock.IsFree(path);

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
