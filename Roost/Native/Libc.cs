using System.Runtime.InteropServices;
using System.Text;

namespace Roost.Native;

/// <summary>The calls of the C library that more than one class makes.</summary>
internal static partial class Libc
{
    public const int Interrupted = 4;

    /// <summary>A path as the calls take it.</summary>
    public static byte[] PathOf(string path) => Encoding.UTF8.GetBytes(path + "\0");

    /// <summary>
    /// Whether the user of this process may read and write a file. Asks without opening it: to close a handle on a file of SQLite's would drop its locks.
    /// </summary>
    public static bool MayReadAndWrite(string path) => Access(PathOf(path), ReadAndWrite) == 0;

    private const int ReadAndWrite = 4 | 2;

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true)]
    private static partial int Access(byte[] path, int mode);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    public static partial int Open(byte[] path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    public static partial int ClockGetTime(int clock, out TimeSpec time);

    /// <summary>A time as 64-bit Linux has it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}
