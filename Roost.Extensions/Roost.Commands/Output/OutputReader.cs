using System.Runtime.InteropServices;

namespace Roost.Commands.Output;

/// <summary>
/// Whoever reads stdout, where that is a pipe. .NET throws away what is written to a pipe that nobody reads any more, so that a verb without an end
/// would never learn that it writes for nobody.
/// </summary>
internal static class OutputReader
{
    /// <summary>Calls back once the other end of stdout is closed. Does nothing on Windows, and where stdout is no pipe.</summary>
    public static void WhenGone(Action gone)
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected) return;
        new Thread(() =>
        {
            if (IsAwaited()) gone();
        }, 128 * 1024)
        { IsBackground = true, Name = "Roost output" }.Start();
    }

    /// <summary>Waits, perhaps for ever; false where it cannot be known.</summary>
    private static bool IsAwaited()
    {
        try
        {
            while (true)
            {
                var watched = new Watched { File = StandardOutput };
                int found = Poll(ref watched, 1, -1);
                if (found > 0) return (watched.Found & (Broken | HungUp)) != 0;
                if (found < 0 && Marshal.GetLastPInvokeError() != Interrupted) return false;
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    private const int StandardOutput = 1, Interrupted = 4;
    private const short Broken = 8, HungUp = 16;

    [StructLayout(LayoutKind.Sequential)]
    private struct Watched
    {
        public int File;
        public short Wanted;
        public short Found;
    }

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static extern int Poll(ref Watched watched, nuint count, int timeout);
}
