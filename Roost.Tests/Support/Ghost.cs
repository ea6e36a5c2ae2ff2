using Microsoft.Extensions.Logging.Abstractions;
using Roost.Execution;
using Roost.Storage;

namespace Roost.Tests.Support;

/// <summary>
/// A worker of another process as the file sees it: it has its row and its leases, and its code is the test. Its lock file is held (it
/// lives), free (it has died) or missing (nothing can be known).
/// </summary>
internal sealed class Ghost : IDisposable
{
    private readonly Writer writer;
    private readonly string path;
    private readonly string lockFile;
    private readonly Dictionary<string, IEngine> engines;
    private WorkerLock? held;

    private Ghost(RoostRuntime runtime, IEngine[] engines)
    {
        Id = Guid.NewGuid().ToString("N")[..12];
        Options = runtime.Options;
        path = runtime.Path;
        lockFile = Path.Combine(Path.GetDirectoryName(path)!, WorkerLock.NameFor(path, Id));
        writer = new Writer(path, Options, NullLogger.Instance);
        this.engines = engines.ToDictionary(engine => engine.EngineId);
        held = WorkerLock.Take(lockFile);
    }

    public string Id { get; }

    public long Key { get; private set; }

    public RoostOptions Options { get; }

    public Writer Writer => writer;

    public static async Task<Ghost> StartAsync(RoostRuntime runtime, params IEngine[] engines)
    {
        var ghost = new Ghost(runtime, engines);
        var identity = new WorkerIdentity(
            ghost.Id, 1, "elsewhere", Path.GetFileName(ghost.lockFile), (long)ghost.Options.LeaseTime.TotalMilliseconds, 16,
            [.. engines.Select(engine => new ServedEngine(engine.EngineId, engine.StateVersion, engine.MaxConcurrency))], ghost.Options.Queues);
        ghost.Key = await ghost.writer.RunAsync(session => session.Leases.Register(identity));
        return ghost;
    }

    /// <summary>Claims what is ready, as its loop would.</summary>
    public Task<List<LeasedWork>> ClaimAsync(int most = 1) => writer.RunAsync(session =>
    {
        var claimed = new List<LeasedWork>();
        session.Claim.Fill(new Claimant(Key, Id, engines, [.. Options.Queues], most, long.MaxValue) { Start = (_, _) => throw new InvalidOperationException("This loop starts nothing."), Idle = _ => { } }, claimed);
        return claimed;
    });

    /// <summary>Its process ends without a word: the kernel drops the lock, and the file stays.</summary>
    public void Die()
    {
        held!.Dispose();
        held = null;
        File.WriteAllBytes(lockFile, []);
    }

    /// <summary>Its lock file is gone, so nobody can know.</summary>
    public void Vanish()
    {
        held!.Dispose();
        held = null;
        File.Delete(lockFile);
    }

    public void Dispose()
    {
        writer.Dispose();
        held?.Dispose();
    }
}
