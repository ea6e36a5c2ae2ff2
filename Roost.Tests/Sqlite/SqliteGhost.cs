using Microsoft.Extensions.Logging.Abstractions;
using Roost.Sqlite.Files;
using Roost.Sqlite.Writing;
using Roost.Stores;
using Roost.Tests.Conformance;

namespace Roost.Tests;

/// <summary>
/// A worker of another process as the file sees it: it has its row and its leases, and its code is the test. Its lock file is held (it
/// lives), free (it has died) or missing (nothing can be known).
/// </summary>
internal sealed class SqliteGhost : Ghost
{
    private readonly Writer writer;
    private readonly string path;
    private readonly string lockFile;
    private readonly Dictionary<string, EngineFacts> engines;
    private WorkerLock? held;
    private long key;

    private SqliteGhost(RoostRuntime runtime, IEngine[] engines)
    {
        Id = Guid.NewGuid().ToString("N")[..12];
        Options = runtime.Options;
        path = runtime.Path;
        lockFile = Path.Combine(Path.GetDirectoryName(path)!, WorkerLock.NameFor(path, Id));
        writer = new Writer(path, Options, NullLogger.Instance);
        this.engines = engines.ToDictionary(engine => engine.EngineId, EngineFacts.Of);
        held = WorkerLock.Take(lockFile);
    }

    public override string Id { get; }

    public override long Key => key;

    public RoostOptions Options { get; }

    public Writer Writer => writer;

    public static async Task<SqliteGhost> StartAsync(RoostRuntime runtime, params IEngine[] engines)
    {
        var ghost = new SqliteGhost(runtime, engines);
        var identity = new WorkerIdentity(
            ghost.Id, 1, "elsewhere", Path.GetFileName(ghost.lockFile), (long)ghost.Options.LeaseTime.TotalMilliseconds, 16,
            [.. engines.Select(engine => new ServedEngine(engine.EngineId, engine.StateVersion, engine.MaxConcurrency))], ghost.Options.ServedQueues);
        ghost.key = await ghost.writer.RunAsync(session => session.Leases.Register(identity));
        return ghost;
    }

    public override Task<List<LeasedWork>> ClaimAsync(int most = 1) => writer.RunAsync(session =>
    {
        var claimed = new List<LeasedWork>();
        session.Claim.Fill(Hand(most), claimed);
        return claimed;
    });

    public override Task<CommitResult> CommitAsync(StepCommit commit, bool keeps = false) =>
        writer.RunAsync(session => session.CommitStep.Execute(commit, keeps ? Hand(16) : null));

    public override Task<bool> FailAsync(LeasedWork lease, bool lastTry = false) =>
        writer.RunAsync(session => session.Endings.FailStep(lease, new(FailReasons.Error, null, "no", null, lease.Failures + 1), backoffMs: 1000, lastTry));

    public override Task<bool> RetryAfterAsync(LeasedWork lease) => writer.RunAsync(session => session.Endings.RetryAfter(lease, new(1000, "not yet")));

    public override Task<bool> AskAsync(LeasedWork lease, EffectAsk about) => writer.RunAsync(session => session.EffectAsks.Ask(lease, about));

    public override Task<bool> ReleaseAsync(LeasedWork lease) => writer.RunAsync(session => session.Leases.Release(lease, "test"));

    public override Task<EndedWork?> TakeEndAsync() =>
        writer.RunAsync(session => session.EndTelling.Take([.. engines.Values], Options.ServedQueues));

    public override Task SaveEndAsync(EndedWork ended, EndTold told) => writer.RunAsync(session =>
    {
        session.EndTelling.Told(ended, told);
        return true;
    });

    public override Task<bool> RenewAsync() => writer.RunAsync(session => session.Leases.Renew(Hand(16)));

    public override async Task<IReadOnlyList<WorkerRow>> OthersAsync() => await writer.RunAsync(session => session.Workers.OthersThan(Key));

    public override Task<int?> RescueAsync(WorkerRow dead, TimeSpan backoff = default) =>
        writer.RunAsync(session => session.Leases.Rescue(dead, new Backoff(backoff, backoff, Randomness.System)));

    public override Task LeaveAsync() => writer.RunAsync(session =>
    {
        session.Leases.Unregister(Key, Id);
        return true;
    });

    private SlotLedger Hand(int slots) =>
        new(Key, Id, engines, [.. Options.ServedQueues], slots, long.MaxValue, taker: null!);

    /// <summary>Its process ends without a word: the kernel drops the lock, and the file stays.</summary>
    public override void Die()
    {
        held!.Dispose();
        held = null;
        File.WriteAllBytes(lockFile + ".dead", []);
        File.Move(lockFile + ".dead", lockFile); // Not opened under its name: a lease keeper may just be trying its lock.
    }

    /// <summary>Its lock file is gone, so nobody can know.</summary>
    public override void Vanish()
    {
        held!.Dispose();
        held = null;
        File.Delete(lockFile);
    }

    public override void Dispose()
    {
        writer.Dispose();
        held?.Dispose();
    }
}
