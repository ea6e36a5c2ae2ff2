using System.Runtime.InteropServices;

namespace Roost.Native;

/// <summary>
/// Lets an idle writer sleep until another process writes: one inotify watch on the file's log, for one write at a time, so that neither a
/// busy neighbour nor this process's own writes wake anybody often. Linux only; elsewhere, and where the kernel has no watch to spare, the
/// writer goes on polling.
/// </summary>
internal sealed partial class LogWatch : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const uint Modified = 0x2, DeletedItself = 0x400, Once = 0x80000000;
    private const int EventHeader = 16;

    private readonly int queue;
    private readonly byte[] log;
    private readonly Action written;
    private readonly Thread thread;
    private volatile bool stopping;

    private LogWatch(int queue, string path, Action written)
    {
        this.queue = queue;
        this.written = written;
        log = Libc.PathOf(path + "-wal");
        thread = new Thread(Listen, 128 * 1024) { IsBackground = true, Name = "Roost log watch" };
        thread.Start();
    }

    /// <summary>Null where there is no such thing here.</summary>
    /// <param name="path">The database.</param>
    /// <param name="written">Called on another thread at the first write after <see cref="Arm"/>.</param>
    public static LogWatch? TryCreate(string path, Action written)
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            int queue = Create(CloseOnExec);
            return queue < 0 ? null : new(queue, path, written);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>From here on the next write is told. Look once more afterwards: one may just have passed.</summary>
    public bool Arm() => Add(queue, log, Modified | Once) >= 0;

    public void Dispose()
    {
        stopping = true;
        // Taking a watch away is itself an event, which ends the read.
        int watch = Add(queue, "/\0"u8.ToArray(), DeletedItself);
        if (watch < 0 || Remove(queue, watch) < 0) return;
        thread.Join();
        _ = Libc.Close(queue);
    }

    private void Listen()
    {
        var events = new byte[4096];
        while (!stopping)
        {
            nint read = Read(queue, events, events.Length);
            if (read < EventHeader && Marshal.GetLastPInvokeError() != Libc.Interrupted) return;
            if (!stopping) written();
        }
    }

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true)]
    private static partial int Add(int queue, byte[] path, uint events);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int Remove(int queue, int watch);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int queue, [Out] byte[] buffer, nint count);
}
