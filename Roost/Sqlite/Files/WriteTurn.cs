using System.Diagnostics;
using System.Runtime.InteropServices;
using Roost.Native;

namespace Roost.Sqlite.Files;

/// <summary>
/// Lets the processes that write one file take turns. SQLite's own wait for the write lock is correct but sleeps and favours whoever wrote
/// last; and each change of hands costs the writer its page cache. Two locks on bytes of the log beyond its end: who holds the first is the
/// next, who holds the second has the turn; so a writer that has had its turn stands behind those who wait. For fairness alone: whoever waits
/// too long writes without a turn. The kernel drops the locks with the process. 64-bit Linux only; elsewhere SQLite's wait has to do.
/// </summary>
/// <remarks>SQLite itself locks no byte of the log, so closing a handle of it drops no lock of SQLite's.</remarks>
internal sealed partial class WriteTurn : IDisposable
{
    private const long Next = long.MaxValue - 2, Turn = long.MaxValue - 1;
    public static readonly TimeSpan UsualLength = TimeSpan.FromMilliseconds(20);
    public static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(1);

    private readonly object gate = new();
    private readonly int log;
    private readonly TimeSpan longest, patience;
    private Thread? thread;
    private volatile bool isHeld;
    private bool isWanted, isQueued, isStuck, isStopping, isBroken;
    private long heldSince;

    private WriteTurn(int log, TimeSpan longest, TimeSpan patience)
    {
        this.log = log;
        this.longest = longest;
        this.patience = patience;
    }

    public bool IsHeld => isHeld;

    /// <summary>Another stands next.</summary>
    public bool IsWaitedFor
    {
        get
        {
            var range = new Range { Type = WriteLock, Start = Next, Length = 1 };
            return Control(log, GetLock, ref range) == 0 && range.Type != NoLock;
        }
    }

    /// <summary>Null where there is no such thing here.</summary>
    /// <param name="path">The database; its log exists.</param>
    /// <param name="longest">How long a turn may last while others wait.</param>
    /// <param name="patience">How long one who waits does so before it writes without a turn.</param>
    public static WriteTurn? TryOpen(string path, TimeSpan longest, TimeSpan patience)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess) return null;
        try
        {
            int log = Libc.Open(Libc.PathOf(path + "-wal"), ReadAndWrite | CloseOnExec);
            return log < 0 ? null : new(log, longest, patience);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Waits for the turn, where it is not had already, but not for ever; and for one who does not give it, once only.</summary>
    public void Take()
    {
        lock (gate)
        {
            if (isHeld || isBroken) return;
            if (!isQueued && TryTake())
            {
                Begin();
                return;
            }
            isWanted = true;
            StartThread();
            Monitor.PulseAll(gate);
            long since = Stopwatch.GetTimestamp();
            while (!isHeld && !isBroken && !isStuck)
            {
                TimeSpan left = patience - Stopwatch.GetElapsedTime(since);
                if (left > TimeSpan.Zero) Monitor.Wait(gate, left);
                else isStuck = true; // A stopped process, perhaps. The thread goes on waiting.
            }
        }
    }

    /// <summary>Gives the turn to whoever waits, after a while.</summary>
    public void GiveWay()
    {
        lock (gate)
            if (isHeld && Stopwatch.GetElapsedTime(heldSince) >= longest && IsWaitedFor) End();
    }

    /// <summary>There is nothing to write.</summary>
    public void Release()
    {
        lock (gate)
        {
            if (isWanted && !isQueued) Unlock(Next);
            isWanted = false;
            if (isHeld) End();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (isStopping) return;
            isStopping = true;
            isWanted = false;
            if (isHeld) End();
            Monitor.PulseAll(gate);
            if (thread is null) _ = Libc.Close(log); // Else the thread closes it, once its wait is over.
        }
    }

    /// <summary>The turn at once, where nobody has it or is next. Where this one becomes the next it stays that, and the thread waits on.</summary>
    private bool TryTake()
    {
        if (!Lock(Next, wait: false) || !Lock(Turn, wait: false)) return false;
        Unlock(Next);
        return true;
    }

    private void Begin()
    {
        isHeld = true;
        heldSince = Stopwatch.GetTimestamp();
    }

    private void End()
    {
        isHeld = false;
        Unlock(Turn);
    }

    private void StartThread()
    {
        if (thread is not null) return;
        thread = new Thread(WaitForTurns, 128 * 1024) { IsBackground = true, Name = "Roost turn" };
        thread.Start();
    }

    private void WaitForTurns()
    {
        while (true)
        {
            lock (gate)
            {
                while (!isStopping && (!isWanted || isHeld)) Monitor.Wait(gate);
                if (isStopping) break;
                isQueued = true;
            }
            bool taken = Lock(Next, wait: true) && Lock(Turn, wait: true);
            Unlock(Next);
            lock (gate)
            {
                isQueued = isStuck = false;
                isBroken = !taken; // A file system without such locks.
                if (isWanted && taken) Begin();
                else Unlock(Turn);
                isWanted = false;
                Monitor.PulseAll(gate);
                if (isBroken) break;
            }
        }
        _ = Libc.Close(log);
    }

    private bool Lock(long at, bool wait)
    {
        var range = new Range { Type = WriteLock, Start = at, Length = 1 };
        int result;
        do result = Control(log, wait ? SetLockAndWait : SetLock, ref range);
        while (result != 0 && wait && Marshal.GetLastPInvokeError() == Libc.Interrupted);
        return result == 0;
    }

    private void Unlock(long at)
    {
        var range = new Range { Type = NoLock, Start = at, Length = 1 };
        _ = Control(log, SetLock, ref range);
    }

    /// <summary>The kernel's <c>struct flock</c>, for locks that belong to an open handle.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Range
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }

    private const int ReadAndWrite = 2, CloseOnExec = 0x80000;
    private const int GetLock = 36, SetLock = 37, SetLockAndWait = 38;
    private const short WriteLock = 1, NoLock = 2;

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int file, int command, ref Range range);
}
