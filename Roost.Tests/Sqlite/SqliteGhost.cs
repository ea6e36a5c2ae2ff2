using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Roost.Sqlite.Files;
using Roost.Sqlite.Writing;
using Roost.Stores;

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
    private readonly Dictionary<string, EngineFacts> engines;
    private WorkerLock? held;

    private Ghost(RoostRuntime runtime, IEngine[] engines)
    {
        Id = Guid.NewGuid().ToString("N")[..12];
        Options = runtime.Options;
        path = runtime.Path;
        lockFile = Path.Combine(Path.GetDirectoryName(path)!, WorkerLock.NameFor(path, Id));
        writer = new Writer(path, Options, NullLogger.Instance);
        this.engines = engines.ToDictionary(engine => engine.EngineId, EngineFacts.Of);
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
            [.. engines.Select(engine => new ServedEngine(engine.EngineId, engine.StateVersion, engine.MaxConcurrency))], ghost.Options.ServedQueues);
        ghost.Key = await ghost.writer.RunAsync(session => session.Leases.Register(identity));
        return ghost;
    }

    /// <summary>Claims what is ready, as its loop would.</summary>
    public Task<List<LeasedWork>> ClaimAsync(int most = 1) => writer.RunAsync(session =>
    {
        var claimed = new List<LeasedWork>();
        session.Claim.Fill(Hand(most), claimed);
        return claimed;
    });

    /// <summary>Commits a step that brought a state, under whatever lease it had.</summary>
    public async Task<CommitResult> CommitAsync(LeasedWork lease, OutcomeKind kind, object state, long delayMs = 0, bool keeps = false)
    {
        Snapshot next = lease.Version == 0 ? Snapshot.First(lease.Item, state) : lease.Snapshot!.Next(state);
        var commit = new StepCommit(lease, kind, kind == OutcomeKind.Fail ? "It gave up." : null, delayMs, next, SHA256.HashData(next.Utf8.Span), 1, null);
        CommitResult result = await writer.RunAsync(session => session.CommitStep.Execute(commit, keeps ? Hand(16) : null));
        if (result == CommitResult.Kept) lease.Advance(commit);
        return result;
    }

    /// <summary>Charges a failed try; false where the lease was lost.</summary>
    public Task<bool> FailAsync(LeasedWork lease, bool lastTry = false) =>
        writer.RunAsync(session => session.Endings.FailStep(lease, new(FailReasons.Error, null, "no", null, lease.Failures + 1), backoffMs: 1000, lastTry));

    /// <summary>Shows that it lives; false where it was declared dead.</summary>
    public Task<bool> RenewAsync() => writer.RunAsync(session => session.Leases.Renew(Hand(16)));

    private SlotLedger Hand(int slots) =>
        new(Key, Id, engines, [.. Options.ServedQueues], slots, long.MaxValue, taker: null!);

    /// <summary>Its process ends without a word: the kernel drops the lock, and the file stays.</summary>
    public void Die()
    {
        held!.Dispose();
        held = null;
        File.WriteAllBytes(lockFile + ".dead", []);
        File.Move(lockFile + ".dead", lockFile); // Not opened under its name: a lease keeper may just be trying its lock.
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
