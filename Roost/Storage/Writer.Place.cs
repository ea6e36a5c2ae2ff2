using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Roost.Storage;

/// <content>
/// What the writer does when its file is deleted or replaced under it: it stops for good, for nobody would ever find what it wrote. It looks
/// before a transaction and when it polls, at most ten times a second: what is committed within that tenth goes with the file.
/// </content>
internal sealed partial class Writer
{
    private const int LookAgainMilliseconds = 100;

    private readonly OpenFile? file;
    private readonly TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long placeSeenAt;

    /// <summary>Ends once it was noticed that the file or its log was deleted or replaced. From then on nothing is written.</summary>
    public Task Gone => gone.Task;

    /// <exception cref="FileRefusedException">The file was deleted or replaced.</exception>
    public void ThrowIfGone()
    {
        if (gone.Task.IsCompleted) throw Database.TakenAway(path);
    }

    private bool IsInPlace(bool lookNow = false)
    {
        if (gone.Task.IsCompleted) return false;
        long now = Environment.TickCount64;
        if (!lookNow && now - placeSeenAt < LookAgainMilliseconds) return true;
        placeSeenAt = now;
        bool isThere = file is not { IsInPlace: false };
        if (isThere && session is not { LogIsInPlace: false }) return true;
        Stop(isThere);
        return false;
    }

    private void Stop(bool databaseIsThere)
    {
        log.LogCritical("{Message}", Database.TakenAway(path).Message);
        if (databaseIsThere) SaveLog();
        CloseSession();
        gone.SetResult();
        Claimant?.Idle(null);
        Changed.Pulse();
        Ended.Pulse();
    }

    private void SaveLog()
    {
        try
        {
            session?.SaveLog();
        }
        catch (SqliteException e)
        {
            log.LogError(e, "The log of {Path} was taken away, and what it held could not be moved to the file", path);
        }
    }
}
