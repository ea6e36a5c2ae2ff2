using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Roost.Native;

/// <summary>Who may use a file: its mode, and on Linux its owner and group.</summary>
internal static partial class FileRights
{
    private const UnixFileMode ReadAndWrite =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>The mode of a file in a folder that whoever may write the folder may read and write, and nobody else.</summary>
    public static UnixFileMode Within(string folder)
    {
        if (OperatingSystem.IsWindows()) return UnixFileMode.None;
        UnixFileMode writers = File.GetUnixFileMode(folder) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
        return UnixFileMode.UserRead | UnixFileMode.UserWrite | writers | (UnixFileMode)((int)writers << 1); // To read is the next bit.
    }

    /// <summary>Gives an open file the mode of another, and its owner and group as far as this user may.</summary>
    public static void Follow(string original, SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows()) return;
        try
        {
            if (OperatingSystem.IsLinux() && OwnerOf(original) is var (user, group) && Change(file, user, group) != 0) _ = Change(file, Unchanged, group);
            File.SetUnixFileMode(file, File.GetUnixFileMode(original) & ReadAndWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DllNotFoundException or EntryPointNotFoundException)
        {
            // It stays its maker's alone; whoever may not look knows nothing, and waits for the lease.
        }
    }

    private static (uint User, uint Group)? OwnerOf(string path)
    {
        Span<byte> facts = stackalloc byte[256];
        if (Look(CurrentFolder, Libc.PathOf(path), 0, OwnersWanted, ref MemoryMarshal.GetReference(facts)) != 0) return null;
        return (BitConverter.ToUInt32(facts[20..]), BitConverter.ToUInt32(facts[24..]));
    }

    private const int CurrentFolder = -100;
    private const uint OwnersWanted = 0x18, Unchanged = uint.MaxValue;

    /// <summary>The kernel's <c>statx</c>, whose answer is laid out alike on every processor: the user at 20, the group at 24.</summary>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Look(int folder, byte[] path, int flags, uint wanted, ref byte facts);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int Change(SafeFileHandle file, uint user, uint group);
}
