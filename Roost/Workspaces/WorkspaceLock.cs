namespace Roost.Workspaces;

/// <summary>An exclusive lock on a file, between threads and between processes, that the system drops with its process.</summary>
internal static class WorkspaceLock
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(15);

    /// <summary>Waits for the lock and returns the open file; disposing it gives the lock back. The file stays: deleting it would let two holders in.</summary>
    public static async Task<FileStream> TakeAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            }
            catch (IOException e) when (IsHeldByAnother(e))
            {
                await Task.Delay(RetryInterval, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Windows: a sharing violation. Linux and macOS: EWOULDBLOCK, as the plain error number.
    private static bool IsHeldByAnother(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;
}
