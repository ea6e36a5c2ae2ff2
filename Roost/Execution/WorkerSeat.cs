using Microsoft.Extensions.Logging;
using Roost.Storage;

namespace Roost.Execution;

/// <summary>A worker's place in the file: its row, and the lock that says it lives.</summary>
internal sealed class WorkerSeat
{
    private readonly WorkerLock held;
    private readonly string lockPath;

    private WorkerSeat(string id, long key, WorkerLock held, string lockPath)
    {
        Id = id;
        Key = key;
        this.held = held;
        this.lockPath = lockPath;
    }

    public string Id { get; }

    public long Key { get; }

    /// <summary>Others can see by the lock that this worker lives.</summary>
    public bool IsKnownToLive => WorkerLock.IsFree(lockPath) == false;

    public static async Task<WorkerSeat> TakeAsync(RoostRuntime runtime, Writer writer, IReadOnlyList<EngineFacts> engines, ILogger log)
    {
        RoostOptions options = runtime.Options;
        string id = Guid.NewGuid().ToString("N")[..12];
        string lockFile = WorkerLock.NameFor(runtime.Path, id);
        string lockPath = System.IO.Path.Combine(runtime.Folder, lockFile);
        WorkerLock held = WorkerLock.Take(lockPath);
        var identity = new WorkerIdentity(
            id, Environment.ProcessId, Environment.MachineName, lockFile, (long)options.LeaseTime.TotalMilliseconds, options.Concurrency,
            [.. engines.Select(engine => new ServedEngine(engine.EngineId, engine.StateVersion, engine.MaxConcurrency))], options.ServedQueues);
        try
        {
            (long key, string? original) = await writer.RunAsync(session =>
            {
                session.Identity.RefuseCopy(runtime.Path, "runs nothing");
                string? original = session.Identity.Settle();
                if (options.Triggers is { } triggers) session.Triggers.Replace(triggers, options.Json);
                return (session.Leases.Register(identity), original);
            }).ConfigureAwait(false);
            if (original is not null)
                log.LogWarning("{Path} is a copy of {Original} that was made by hand, with the same identity and the same work: what runs here as well as there is done twice. Adopt this one (roost adopt, AdoptAsync), or remove one of the two", runtime.Path, original);
            return new(id, key, held, lockPath);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Takes the row away; where that fails, once more, for what failed may have been one write alone.</summary>
    public async Task LeaveAsync(Writer writer)
    {
        try
        {
            try
            {
                await UnregisterAsync(writer).ConfigureAwait(false);
            }
            catch (RoostException)
            {
                await UnregisterAsync(writer).ConfigureAwait(false);
            }
        }
        finally
        {
            // Where the row could not be removed, the lock must not say for ever that its worker lives.
            held.Dispose();
        }
    }

    /// <summary>The row is gone already; let the lock go too.</summary>
    public void Drop() => held.Dispose();

    private Task<bool> UnregisterAsync(Writer writer) => writer.RunAsync(session =>
    {
        session.Leases.Unregister(Key, Id);
        return true;
    });
}
