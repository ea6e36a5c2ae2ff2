using Roost.Native;

namespace Roost.Workspaces;

/// <summary>An exclusive lock on a file, between threads and between processes, that the system drops with its process.</summary>
internal static class WorkspaceLock
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(15);

    /// <summary>
    /// Waits for the lock; disposing it gives it back. The file stays: deleting it would let two holders in. Whoever may write its folder may use it.
    /// </summary>
    /// <exception cref="FileRefusedException">The file system keeps no locks.</exception>
    public static async Task<FileLock> TakeAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var how = new FileStreamOptions { Mode = FileMode.OpenOrCreate };
            if (!OperatingSystem.IsWindows()) how.UnixCreateMode = FileRights.Within(Path.GetDirectoryName(path)!);
            if (FileLock.TryTake(path, how) is { } held)
            {
                if (held.IsProven) return held;
                held.Dispose();
                throw new FileRefusedException(
                    FileRefusal.Workspace,
                    $"The file system of '{path}' keeps no locks, so that two steps could make or remove one workspace at once. Set Workspaces.Root to a " +
                    $"folder on a local disk."
                );
            }
            await Task.Delay(RetryInterval, cancellationToken).ConfigureAwait(false);
        }
    }
}
