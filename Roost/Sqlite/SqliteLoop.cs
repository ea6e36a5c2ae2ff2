using Microsoft.Extensions.Logging;
using Roost.Sqlite.Files;
using Roost.Sqlite.Queries;
using Roost.Sqlite.Writing;
using Roost.Stores;

namespace Roost.Sqlite;

/// <summary>A worker's place in the file, and its loop's requests to the writer.</summary>
internal sealed class SqliteLoop : StoreLoop
{
    private static readonly TimeSpan OldLock = TimeSpan.FromMinutes(1);

    private readonly string path;
    private readonly RoostOptions options;
    private readonly Writer writer;
    private readonly Reader reader;
    private readonly IReadOnlyList<EngineFacts> engines;
    private readonly ILogger log;
    private WorkerSeat seat;
    private SlotLedger? slots;
    private ILeaseTaker? taker;

    private SqliteLoop(
        string path, RoostOptions options, Writer writer, Reader reader, IReadOnlyList<EngineFacts> engines, ILogger log, WorkerSeat seat)
    {
        (this.path, this.options, this.writer, this.reader) = (path, options, writer, reader);
        (this.engines, this.log, this.seat) = (engines, log, seat);
    }

    public static async Task<SqliteLoop> JoinAsync(
        string path,
        RoostOptions options,
        Writer writer,
        Reader reader,
        IReadOnlyList<EngineFacts> engines,
        ILogger log,
        CancellationToken cancellationToken
    )
    {
        WorkerSeat seat = await WorkerSeat.TakeAsync(path, options, writer, engines, log, cancellationToken).ConfigureAwait(false);
        return new(path, options, writer, reader, engines, log, seat);
    }

    public override string WorkerId => seat.Id;

    public override long WorkerKey => seat.Key;

    public override bool HasLock => seat.HasLock;

    public override bool IsKnownToLive => seat.IsKnownToLive;

    public override bool IsOpen => slots is not null;

    public override bool IsDisplaced => slots is { Displaced: true };

    public override int ForeignWrites => writer.ForeignWrites;

    public override int Doubts => writer.Doubts;

    public override Action? OnLeasesTouched
    {
        set => writer.OnLeasesTouched = value;
    }

    public override async Task OpenAsync(int slots, long claims, ILeaseTaker taker, bool clocksParted, CancellationToken cancellationToken)
    {
        var facts = engines.ToDictionary(engine => engine.EngineId);
        var opened = new SlotLedger(seat.Key, seat.Id, facts, options.ServedQueues, slots, claims, taker)
        {
            LocksTell = seat.HasLock,
            ClocksParted = clocksParted,
            RenewedAt = options.TimeProvider.GetTimestamp(),
        };
        (this.slots, this.taker) = (opened, taker);
        await writer.RunUnlessCancelledAsync(session =>
        {
            session.Identity.RefuseCopy(path, "runs nothing");
            writer.Serve(opened);
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    public override void Pause()
    {
        if (slots is { } open) open.Paused = true;
    }

    public override bool IsPaused => slots is not { Paused: false };

    public override Task SettleAsync() => writer.RunAsync(_ => true, ahead: true);

    public override void Close()
    {
        slots = null;
        writer.Serve(null);
    }

    public override Task<CommitResult> CommitAsync(StepCommit commit) => writer.RunAsync((writer, commit), static (session, it) =>
    {
        SlotLedger slots = it.commit.Lease.Slots;
        CommitResult result = session.CommitStep.Execute(it.commit, it.writer.Slots == slots ? slots : null);
        if (result != CommitResult.Lost) SaveOutput(session, it.writer.Outgoing, it.commit);
        return FreeUnlessKept(session, it.commit.Lease, result);
    }, commit.Bytes);

    public override Task<bool> FailAsync(LeasedWork lease, Failure failure, long backoffMs, bool isLast, Staged? staged) =>
        EndAsync(lease, staged, session => session.Endings.FailStep(lease, failure, backoffMs, isLast));

    public override Task<bool> RetryAfterAsync(LeasedWork lease, RetryLater later, Staged? staged) =>
        EndAsync(lease, staged, session => session.Endings.RetryAfter(lease, later));

    public override Task<bool> AskAsync(LeasedWork lease, EffectAsk about, Staged? staged) =>
        EndAsync(lease, staged, session => session.EffectAsks.Ask(lease, about));

    public override Task<bool> ReturnAsync(LeasedWork lease, string why, Staged? staged) =>
        EndAsync(lease, staged, session => session.Leases.Release(lease, why));

    public override void FreeSlot(LeasedWork lease) => writer.FreeSlot(lease);

    public override void StopFor(DataCorruptException damage) => writer.StopFor(damage);

    public override Task<LeaseReport> CheckLeasesAsync(bool renew)
    {
        long key = seat.Key;
        return writer.RunAsync(session =>
        {
            bool alive = !renew ? session.Workers.IsRegistered(key) : slots is { } open ? session.Leases.Renew(open) : session.Leases.Renew(key);
            List<StoredLease> held = session.Leases.HeldBy(key);
            foreach (StoredLease lease in held)
                if (taker is not { } here || !here.Runs(lease.Token)) session.Leases.Release(session.Work.Load(lease.Work)!.Value, "nobody here runs it");
            return new LeaseReport(alive, held);
        }, ahead: true);
    }

    public override async Task<IReadOnlyList<OtherWorker>> OthersAsync()
    {
        long me = seat.Key;
        List<WorkerRow> others = await writer.RunAsync(session => session.Workers.OthersThan(me)).ConfigureAwait(false);
        return others.ConvertAll(other => new OtherWorker(other, IsDead(other)));
    }

    public override async Task<int?> RescueAsync(OtherWorker other, Backoff backoff)
    {
        WorkerRow row = other.Row;
        int? rescued = await writer.RunAsync(session =>
            other.IsDead == false && session.Leases.HeldBy(row.Key).Count == 0 ? null : session.Leases.Rescue(row, backoff)).ConfigureAwait(false);
        if (other.IsDead == true && rescued is not null) WorkerLock.Remove(LockOf(row)!);
        return rescued;
    }

    public override Pulse EndAdded => writer.EndAdded;

    public override Task<long?> NextEndAsync(IReadOnlyList<EngineFacts> engines) =>
        reader.RunAsync(db => EndQueries.NextDue(db, engines, options.ServedQueues), CancellationToken.None);

    public override Task<EndedWork?> TakeEndAsync(IReadOnlyList<EngineFacts> engines) =>
        writer.RunAsync(session => session.EndTelling.Take(engines, options.ServedQueues));

    public override Task SaveEndAsync(EndedWork ended, EndTold told) => writer.RunAsync(session =>
    {
        session.EndTelling.Told(ended, told);
        return true;
    });

    public override async Task SweepAsync()
    {
        if (!seat.HasLock) return;
        List<WorkerRow> rows = await writer.RunAsync(session => session.Workers.OthersThan(0)).ConfigureAwait(false);
        var known = rows.Select(row => row.LockFile).ToHashSet(StringComparer.Ordinal);
        foreach (string lockFile in WorkerLock.AllOlder(path, OldLock))
            if (!known.Contains(System.IO.Path.GetFileName(lockFile)) && WorkerLock.IsFree(lockFile) == true) WorkerLock.Remove(lockFile);
    }

    public override Task PauseClaimsAsync(long? left, long? clockSetBy) => writer.RunAsync(session =>
    {
        session.Workers.ClaimsAgain(seat.Key, left is null ? null : session.Connection.Now + left, clockSetBy);
        if (slots is { } open) open.ClocksParted = left is not null;
        return true;
    });

    public override async Task RejoinAsync()
    {
        seat.Drop();
        seat = await WorkerSeat.TakeAsync(path, options, writer, engines, log, CancellationToken.None).ConfigureAwait(false);
        (long key, string id) = (seat.Key, seat.Id);
        if (slots is { } open)
            await writer.RunAsync(_ =>
            {
                open.Reseat(key, id);
                return true;
            }, ahead: true).ConfigureAwait(false);
    }

    public override Task LeaveAsync() => seat.LeaveAsync(writer);

    public override bool TryLeaveWithin(TimeSpan time)
    {
        if (!seat.UnregisterAsync(writer).Wait(time)) return false;
        seat.Drop();
        return true;
    }

    private Task<bool> EndAsync(LeasedWork lease, Staged? staged, Func<Session, bool> end) => writer.RunAsync(session =>
    {
        session.Blobs.Unpin(staged);
        bool held = end(session);
        if (held && lease.Output is { } output) writer.Outgoing.WriteHeld(session, output);
        FreeUnlessKept(session, lease, held ? CommitResult.Released : CommitResult.Lost);
        return held;
    });

    /// <summary>What a step has said stays with the version that it makes; what its other tries have said goes.</summary>
    private static void SaveOutput(Session session, Outgoing outgoing, StepCommit commit)
    {
        LeasedWork lease = commit.Lease;
        if (lease.Output is { } output) outgoing.WriteHeld(session, output);
        if (commit.Next is null || (lease.Output is null && !lease.HasRecords)) return;
        if (lease.IsTried) session.Streams.KeepTry(lease.WorkKey, lease.Version, lease.Output?.Try ?? 0);
        session.Streams.Trim(lease.WorkKey, lease.Version + 1);
    }

    private static CommitResult FreeUnlessKept(Session session, LeasedWork lease, CommitResult result)
    {
        if (result == CommitResult.Lost) session.Leases.ReleaseLanded(lease);
        if (!result.IsKept) lease.Slots.FreeSlot(lease.Lane.Engine);
        return result;
    }

    private string? LockOf(WorkerRow worker) => WorkerLock.PathOf(System.IO.Path.GetDirectoryName(path)!, worker.Id, worker.LockFile);

    // Our own lock would look free as well.
    private bool? IsDead(WorkerRow other) => WorkerLock.IsFree(LockOf(other)) is var dead && dead == true && !seat.HasLock ? null : dead;
}
