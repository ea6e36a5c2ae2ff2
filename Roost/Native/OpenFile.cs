using System.Globalization;
using System.Runtime.InteropServices;

namespace Roost.Native;

/// <summary>
/// A file of the database as it was when it was opened, so that its path can be looked at again: a file that is deleted or replaced while it is
/// open takes every later commit with it, for SQLite goes on writing to what nobody else can open. On Linux a file is known by its device and
/// inode; on other Unixes, and where those numbers may change, only one that is gone is noticed; Windows lets nobody delete an open file.
/// </summary>
internal sealed partial class OpenFile
{
    private readonly string path;
    private readonly byte[] name;
    private readonly Node? node;

    private OpenFile(string path, Node? node)
    {
        this.path = path;
        name = Libc.PathOf(path);
        this.node = node;
    }

    /// <summary>The file that a path leads to now; null where there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="numbersStay">False on a file system whose inode numbers may change while a file is open.</param>
    public static OpenFile? At(string path, bool numbersStay)
    {
        var found = new OpenFile(path, null);
        if (!File.Exists(path)) return null;
        return numbersStay && found.TryLook(out Node? node) && node is not null ? new(path, node) : found;
    }

    /// <summary>The device and inode of what a path leads to now, in one word; null where there is nothing, or files have no such numbers.</summary>
    public static string? NodeAt(string path) =>
        new OpenFile(path, null).TryLook(out Node? node) && node is { } found
            ? string.Create(CultureInfo.InvariantCulture, $"{found.Device:x}:{found.Inode:x}")
            : null;

    /// <summary>False where it is certain that the path does not lead to this file any more. Takes a microsecond.</summary>
    public bool IsInPlace
    {
        get
        {
            if (OperatingSystem.IsWindows()) return true;
            if (node is null) return File.Exists(path);
            return !TryLook(out Node? now) || now == node;
        }
    }

    /// <summary>Null where there is no such file; false where that cannot be known.</summary>
    private bool TryLook(out Node? found)
    {
        found = null;
        if (!OperatingSystem.IsLinux()) return false;
        Span<byte> facts = stackalloc byte[256];
        try
        {
            if (Look(CurrentFolder, name, 0, InodeWanted, ref MemoryMarshal.GetReference(facts)) != 0)
                return Marshal.GetLastPInvokeError() is Missing or NoFolder;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
        found = new(BitConverter.ToUInt64(facts[136..]), BitConverter.ToUInt64(facts[32..]));
        return true;
    }

    private readonly record struct Node(ulong Device, ulong Inode);

    private const int CurrentFolder = -100;
    private const uint InodeWanted = 0x100;
    private const int Missing = 2, NoFolder = 20;

    /// <summary>The kernel's <c>statx</c>, whose answer is laid out alike on every processor: the inode at 32, the device at 136.</summary>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Look(int folder, byte[] path, int flags, uint wanted, ref byte facts);
}
