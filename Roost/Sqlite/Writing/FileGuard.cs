using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Roost.Native;
using Roost.Observing;
using Roost.Sqlite.Files;

namespace Roost.Sqlite.Writing;

/// <summary>
/// When the writer stops for good. Its file was deleted or replaced under it, and nobody would ever find what it wrote; it looks before a
/// transaction and when it polls, at most ten times a second: what is committed within that tenth goes with the file. Or SQLite finds the file
/// damaged again and again, the file shows that it is, and every further write could damage more.
/// Or a newer Roost has migrated the file: what is written by the rules of this one could break those of that one.
/// </summary>
internal sealed class FileGuard(string path, OpenFile? file, SessionHolder sessions, Evidence evidence, ILogger log, Action atStop)
{
    private const int LookAgainMilliseconds = 100;
    private const int LeastDamages = 3;
    private const int LeastDamagedMilliseconds = 2000;
    private const int DamageForgottenMilliseconds = 10_000;

    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<Exception>? why;
    private volatile DataCorruptException? reported;
    private volatile bool isDoubted;
    private int damages;
    private long damagedSince, damagedAt;
    private long placeSeenAt;

    /// <summary>Ends once it was noticed that the file was taken away, was migrated or is damaged. From then on nothing is written.</summary>
    public Task Stopped => stopped.Task;

    /// <summary>It stopped because the file or its log was deleted or replaced: what can be read there now is something else.</summary>
    public bool WasTakenAway { get; private set; }

    /// <exception cref="FileRefusedException">The file was deleted or replaced, or migrated by a newer Roost.</exception>
    /// <exception cref="DataCorruptException">The file is damaged.</exception>
    public void ThrowIfStopped()
    {
        if (stopped.Task.IsCompleted) throw why!();
    }

    /// <summary>Somebody has found damage that lets nothing go on. Any thread; the writer's stops by <see cref="StopIfReported"/>.</summary>
    public void Report(DataCorruptException damage) => reported = damage;

    public void StopIfReported()
    {
        if (reported is { } damage) Stop(() => damage);
    }

    /// <summary>Somebody has seen that the file is not where it was: the writer looks before it writes again. Any thread.</summary>
    public void DoubtPlace() => isDoubted = true;

    /// <summary>Whether the file is where it was, and the writer goes on.</summary>
    public bool IsInPlace(bool lookNow = false)
    {
        if (stopped.Task.IsCompleted) return false;
        long now = Environment.TickCount64;
        if (!lookNow && !isDoubted && now - placeSeenAt < LookAgainMilliseconds) return true;
        placeSeenAt = now;
        isDoubted = false;
        bool isThere = file is not { IsInPlace: false };
        if (isThere && sessions.Current is not { Connection.LogIsInPlace: false }) return true;
        WasTakenAway = true;
        if (isThere) SaveLog();
        Stop(() => Database.TakenAway(path));
        return false;
    }

    /// <summary>Something that does not pass by itself: damage of the file, or a fault of the program. Once is not enough.</summary>
    public void Suspect(Exception e)
    {
        long now = Environment.TickCount64;
        if (damages == 0 || now - damagedAt > DamageForgottenMilliseconds) (damages, damagedSince) = (0, now);
        damages++;
        damagedAt = now;
        if (damages < LeastDamages || now - damagedSince < LeastDamagedMilliseconds) return;
        Exception found = evidence.Explain(e);
        if (e is SqliteException fault && StorageFault.SaysDamaged(fault) && found is not (DataCorruptException or FileRefusedException))
        {
            damages = 0; // The file is sound, or its disk does not read it now.
            return;
        }
        Stop(() => Evidence.Again(found));
    }

    /// <summary>Nothing is written any more.</summary>
    public void StopFor(FileRefusedException refusal) => Stop(() => Evidence.Again(refusal));

    private void Stop(Func<Exception> because)
    {
        if (stopped.Task.IsCompleted) return;
        why = because;
        log.WritingStopped(path, because().Message);
        sessions.Abandon();
        stopped.SetResult();
        atStop();
    }

    private void SaveLog()
    {
        try
        {
            sessions.Current?.SaveLog();
        }
        catch (Exception e) when (e is SqliteException or RoostException)
        {
            log.LogTakenAway(e, path);
        }
    }
}
