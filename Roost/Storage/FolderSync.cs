using System.Runtime.InteropServices;
using System.Text;

namespace Roost.Storage;

/// <summary>Makes the names in a folder survive a power cut; the bytes of a file that was synced are of no use without its name.</summary>
internal static class FolderSync
{
    private const int InvalidHere = 22;

    /// <summary>Does nothing on Windows, which keeps names in a journal, and on file systems that cannot sync a folder.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void Run(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int handle = Open(Encoding.UTF8.GetBytes(folder + "\0"), 0);
        if (handle < 0) throw new IOException($"The folder {folder} cannot be opened to be synced (error {Marshal.GetLastPInvokeError()}).");
        try
        {
            if (Sync(handle) != 0 && Marshal.GetLastPInvokeError() is not InvalidHere and int error) throw new IOException($"The folder {folder} could not be synced (error {error}).");
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int file);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int file);
}
