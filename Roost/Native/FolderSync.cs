using System.Runtime.InteropServices;

namespace Roost.Native;

/// <summary>Makes the names in a folder survive a power cut; the bytes of a file that was synced are of no use without its name.</summary>
internal static partial class FolderSync
{
    private const int InvalidHere = 22;

    /// <summary>Does nothing on Windows, which keeps names in a journal, and on file systems that cannot sync a folder.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void Run(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int handle = Libc.Open(Libc.PathOf(folder), 0);
        if (handle < 0) throw new IOException($"The folder {folder} cannot be opened to be synced (error {Marshal.GetLastPInvokeError()}).");
        try
        {
            if (Sync(handle) != 0 && Marshal.GetLastPInvokeError() is not InvalidHere and int error)
                throw new IOException($"The folder {folder} could not be synced (error {error}).");
        }
        finally
        {
            _ = Libc.Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int file);
}
