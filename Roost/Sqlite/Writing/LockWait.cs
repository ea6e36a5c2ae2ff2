using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Sqlite.Files;

namespace Roost.Sqlite.Writing;

/// <summary>
/// What happens while another process has the write lock: the writer tries for a second at a time, and after each time those learn it who have
/// waited for as long as they may, counted from when they asked and not from when their batch began, and those who have cancelled.
/// </summary>
internal sealed class LockWait(string path, RoostOptions options, Evidence evidence, ILogger log)
{
    private const int TryMilliseconds = 1000;
    private const int PauseMilliseconds = 5;

    private readonly int busyMilliseconds = (int)options.BusyTimeout.TotalMilliseconds;
    private readonly List<WriteRequest> waiting = [];
    private long since, loggedAt;

    public static bool IsLocked(SqliteException e) => e.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED;

    /// <summary>Those who still wait come first in the next batch.</summary>
    public void Begin(Batch batch)
    {
        foreach (WriteRequest request in waiting) batch.Add(request);
        waiting.Clear();
    }

    /// <summary>
    /// For how long to try for the lock, in milliseconds: until the first of the batch must be told, but not too long for those who come meanwhile.
    /// </summary>
    public int Patience(Batch batch)
    {
        int least = Math.Min(TryMilliseconds, busyMilliseconds);
        long now = Environment.TickCount64;
        if (since == 0)
        {
            since = now;
            return least;
        }
        foreach (WriteRequest request in batch.Requests) least = (int)Math.Min(least, busyMilliseconds - WaitedFor(request, now));
        return Math.Max(least, 1);
    }

    public void Locked() => since = loggedAt = 0;

    /// <summary>The lock was not to be had. Nothing was written.</summary>
    public void Missed(SqliteException busy, Batch batch)
    {
        long now = Environment.TickCount64;
        Exception? told = null;
        foreach (WriteRequest request in batch.Requests)
        {
            if (request.IsCancelled)
                request.Fail(new OperationCanceledException("It was cancelled while another process kept the file locked; nothing was written."));
            else if (WaitedFor(request, now) >= busyMilliseconds)
                request.Fail(told ??= evidence.Explain(busy));
            else
                waiting.Add(request);
        }
        if (loggedAt == 0) loggedAt = since;
        if (told is not null || now - loggedAt >= busyMilliseconds)
        {
            loggedAt = now;
            log.NotWritten(busy, path, busy.Message);
        }
        if (waiting.Count > 0) Thread.Sleep(PauseMilliseconds); // SQLite may say so at once.
    }

    private long WaitedFor(WriteRequest request, long now) => now - Math.Max(request.AskedAt, since);
}
