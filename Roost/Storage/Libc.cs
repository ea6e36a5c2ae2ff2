using System.Runtime.InteropServices;
using System.Text;

namespace Roost.Storage;

/// <summary>The calls of the C library that more than one class makes.</summary>
internal static class Libc
{
    public const int Interrupted = 4;

    /// <summary>A path as the calls take it.</summary>
    public static byte[] PathOf(string path) => Encoding.UTF8.GetBytes(path + "\0");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    public static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    public static extern int Close(int file);

    [DllImport("libc", EntryPoint = "clock_gettime")]
    public static extern int ClockGetTime(int clock, out TimeSpec time);

    /// <summary>A time as 64-bit Linux has it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}
