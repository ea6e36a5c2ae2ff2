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
}
