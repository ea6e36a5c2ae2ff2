using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Roost.Sqlite.Writing;

/// <content>
/// What the writer does while another process has the write lock: it tries for a second at a time, and after each time tells those who have
/// waited for as long as they may, counted from when they asked and not from when their batch began, and those who have cancelled.
/// </content>
internal sealed partial class Writer
{
    private const int TryMilliseconds = 1000;
    private const int PauseMilliseconds = 5;

    private readonly List<WriteRequest> waitOn = [];
    private long lockedSince, lockLoggedAt;

    /// <summary>For how long to try for the lock, in milliseconds: until the first of the batch must be told, but not too long for those who come meanwhile.</summary>
    private int LockPatience()
    {
        int least = Math.Min(TryMilliseconds, BusyMilliseconds);
        long now = Environment.TickCount64;
        if (lockedSince == 0)
        {
            lockedSince = now;
            return least;
        }
        foreach (WriteRequest request in batch) least = (int)Math.Min(least, BusyMilliseconds - WaitedFor(request, now));
        return Math.Max(least, 1);
    }

    private void GotLock() => lockedSince = lockLoggedAt = 0;

    /// <summary>The lock was not to be had. Nothing was written.</summary>
    private bool WaitOn(SqliteException busy)
    {
        Slots?.RolledBack();
        claimed.Clear();
        if (session?.TryRollback() != true) CloseSession();
        long now = Environment.TickCount64;
        Exception? told = null;
        foreach (WriteRequest request in batch)
        {
            if (request.IsCancelled) request.Fail(new OperationCanceledException("It was cancelled while another process kept the file locked; nothing was written."));
            else if (WaitedFor(request, now) >= BusyMilliseconds) request.Fail(told ??= evidence.Explain(busy));
            else waitOn.Add(request);
        }
        if (lockLoggedAt == 0) lockLoggedAt = lockedSince;
        if (told is not null || now - lockLoggedAt >= BusyMilliseconds)
        {
            lockLoggedAt = now;
            log.LogError(busy, "Roost could not write {Path}: {Message}", path, busy.Message);
        }
        if (waitOn.Count > 0) Thread.Sleep(PauseMilliseconds); // SQLite may say so at once.
        return false;
    }

    private int BusyMilliseconds => (int)options.BusyTimeout.TotalMilliseconds;

    private long WaitedFor(WriteRequest request, long now) => now - Math.Max(request.AskedAt, lockedSince);

    private static bool IsLocked(SqliteException e) => e.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED;
}
