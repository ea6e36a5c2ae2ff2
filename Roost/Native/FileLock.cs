using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Roost.Native;

/// <summary>
/// An exclusive lock on a file that the kernel drops with the process. On Unix it is the lock that .NET takes for FileShare.None, asked for once
/// more by ourselves: where DOTNET_SYSTEM_IO_DISABLEFILELOCKING is set .NET takes none, and nothing says so.
/// </summary>
internal sealed partial class FileLock : IDisposable
{
    private readonly FileStream file;

    private FileLock(FileStream file, bool isProven)
    {
        this.file = file;
        IsProven = isProven;
    }

    /// <summary>A second handle was refused while this one held the lock. False on a file system that keeps no locks.</summary>
    public bool IsProven { get; }

    /// <summary>The lock, or null while somebody else has it.</summary>
    public static FileLock? TryTake(string path, FileStreamOptions how)
    {
        how.Access = FileAccess.ReadWrite;
        how.Share = FileShare.None;
        how.BufferSize = 1;
        FileStream? file = null;
        try
        {
            file = new FileStream(path, how);
            if (OperatingSystem.IsWindows() || Ask(file.SafeFileHandle, Exclusive) != false)
            {
                var taken = new FileLock(file, IsFree(path) == false);
                file = null;
                return taken;
            }
            return null;
        }
        catch (IOException e) when (IsHeldByAnother(e))
        {
            return null;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>True: nobody has the lock. False: somebody has it. Null: there is no such file, or it tells nothing to us.</summary>
    /// <remarks>Reading is enough on Unix, and two who look are not in each other's way.</remarks>
    public static bool? IsFree(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1).Dispose();
                return true;
            }
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return Ask(file, Shared);
        }
        catch (IOException e) when (IsHeldByAnother(e))
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Gives the lock to the owner and the mode of the file that it belongs to, as SQLite does with the log: who may use the one may look at the other.
    /// </summary>
    public void Follow(string original) => FileRights.Follow(original, file.SafeFileHandle);

    public void Dispose() => file.Dispose();

    /// <summary>True: had. False: somebody else has it. Null: the file system has no such locks.</summary>
    private static bool? Ask(SafeFileHandle file, int kind)
    {
        try
        {
            while (true)
            {
                if (Flock(file, kind | AtOnce) == 0) return true;
                int error = Marshal.GetLastPInvokeError();
                if (error != Libc.Interrupted) return IsWouldBlock(error) ? false : null;
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    // Windows: a sharing violation. Linux and macOS: EWOULDBLOCK, as the plain error number.
    private static bool IsHeldByAnother(IOException e) => e.HResult == unchecked((int)0x80070020) || IsWouldBlock(e.HResult);

    private static bool IsWouldBlock(int error) => error is 11 or 35;

    private const int Shared = 1, Exclusive = 2, AtOnce = 4;

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle file, int operation);
}
