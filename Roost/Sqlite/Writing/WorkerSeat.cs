using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Writing;

/// <summary>A worker's place in the file: its row, and the lock that says it lives.</summary>
internal sealed class WorkerSeat
{
    private readonly WorkerLock? held;
    private readonly string lockPath;

    private WorkerSeat(string id, long key, WorkerLock? held, string lockPath)
    {
        Id = id;
        Key = key;
        this.held = held;
        this.lockPath = lockPath;
    }

    public string Id { get; }

    public long Key { get; }

    /// <summary>Locks tell here who lives. Where they do not, the row names none, and only the lease says so.</summary>
    public bool HasLock => held is not null;

    /// <summary>Others can see by the lock that this worker lives.</summary>
    public bool IsKnownToLive => HasLock && WorkerLock.IsFree(lockPath) == false;

    public static async Task<WorkerSeat> TakeAsync(
        string path,
        RoostOptions options,
        Writer writer,
        IReadOnlyList<EngineFacts> engines,
        ILogger log,
        CancellationToken cancellationToken
    )
    {
        string id = Guid.NewGuid().ToString("N")[..12];
        string lockFile = WorkerLock.NameFor(path, id);
        string lockPath = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, lockFile);
        WorkerLock? held = TakeLock(path, options, lockPath);
        if (held is null) lockFile = "";
        var identity = new WorkerIdentity(
            id, Environment.ProcessId, Environment.MachineName, lockFile, (long)options.LeaseTime.TotalMilliseconds, options.Concurrency,
            [.. engines.Select(engine => new ServedEngine(engine.EngineId, engine.StateVersion, engine.MaxConcurrency))], options.ServedQueues);
        try
        {
            (long key, string? original) = await writer.RunUnlessCancelledAsync(session =>
            {
                session.Identity.RefuseCopy(path, "runs nothing");
                string? original = session.Identity.Settle();
                if (options.Triggers is { } triggers) session.Triggers.Replace(triggers, options.Json);
                session.Ends.Serve(engines);
                return (session.Leases.Register(identity), original);
            }, cancellationToken).ConfigureAwait(false);
            if (original is not null)
                log.FileIsCopy(path, original);
            return new(id, key, held, lockPath);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    /// <summary>Null where a lock would tell nothing, or only to this machine.</summary>
    private static WorkerLock? TakeLock(string path, RoostOptions options, string lockPath)
    {
        if (options.AllowNetworkFileSystem && Database.IsOnUnsafe(System.IO.Path.GetDirectoryName(path)!)) return null;
        WorkerLock held = WorkerLock.Take(lockPath, path);
        if (held.IsProven) return held;
        held.Dispose();
        return null;
    }

    /// <summary>
    /// Takes the row away; where that fails, once more, for what failed may have been one write alone. Not behind another process that keeps the
    /// file to itself: whoever stops has waited for it long enough.
    /// </summary>
    public async Task LeaveAsync(Writer writer)
    {
        try
        {
            try
            {
                await UnregisterAsync(writer).ConfigureAwait(false);
            }
            catch (RoostException e) when (e is not FileBusyException)
            {
                await UnregisterAsync(writer).ConfigureAwait(false);
            }
        }
        finally
        {
            // Where the row could not be removed, the lock must not say for ever that its worker lives.
            held?.Dispose();
        }
    }

    /// <summary>The row is gone already; let the lock go too.</summary>
    public void Drop() => held?.Dispose();

    public Task<bool> UnregisterAsync(Writer writer) => writer.RunAsync(session =>
    {
        session.Leases.Unregister(Key, Id);
        return true;
    });
}
