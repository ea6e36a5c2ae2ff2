using System.Globalization;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>Workers come and go: registration, heartbeat, release, and the rescue of what a dead worker held.</summary>
internal sealed class LeaseTransitions(
    WriteConnection connection,
    Counters counters,
    Lanes lanes,
    WorkTable workTable,
    WorkerTable workers,
    ResourceTable resources,
    BlobTable blobs,
    Events events,
    Exit exit
)
{
    private const int SoloAfter = 2;

    private readonly Statement heldBy = connection.Prepare("SELECT key, token, cancel_requested FROM roost_work WHERE worker = ?1");
    private readonly Statement heartbeatOf = connection.Prepare("SELECT heartbeat FROM roost_worker WHERE key = ?1");

    /// <summary>Enters a worker into the table; its lanes are served from here on.</summary>
    public long Register(WorkerIdentity worker)
    {
        long key = workers.Insert(worker);
        events.Append(EventKinds.WorkerStarted, null, worker.Id, static (json, id) => json.WriteString("worker", id));
        resources.WorkersChanged();
        return key;
    }

    /// <summary>A clean stop: nothing is charged, what was still held goes back to the head of the order.</summary>
    public void Unregister(long worker, string id)
    {
        foreach (StoredLease held in HeldBy(worker)) Release(workTable.Load(held.Work)!.Value, "worker stopped");
        if (!workers.Delete(worker)) return;
        blobs.UnpinAll(worker);
        events.Append(EventKinds.WorkerStopped, null, id, static (json, it) => json.WriteString("worker", it));
        resources.WorkersChanged();
    }

    /// <summary>One row for all leases of the worker. False where another worker has declared this one dead.</summary>
    public bool Renew(SlotLedger ledger)
    {
        ledger.ExpiresAt = connection.Wall + (long)connection.Options.LeaseTime.TotalMilliseconds;
        ledger.RenewedAt = connection.Options.TimeProvider.GetTimestamp();
        return workers.Renew(ledger.WorkerKey, ledger.ExpiresAt);
    }

    /// <summary>Shows that a worker lives that no loop runs for.</summary>
    public bool Renew(long worker) => workers.Renew(worker, connection.Wall + (long)connection.Options.LeaseTime.TotalMilliseconds);

    /// <summary>
    /// When something of these lanes can be taken over at the latest that a worker holds which is not known to live; now, where one is known to be
    /// dead or has let its leases run down. Null where there is nothing of the kind.
    /// </summary>
    public long? NextTakeover(SlotLedger ledger, string folder)
    {
        long? next = null;
        foreach (WorkerRow other in workers.OthersThan(ledger.WorkerKey))
        {
            bool? dead = WorkerLock.IsFree(WorkerLock.PathOf(folder, other.Id, other.LockFile));
            if (dead == true && !ledger.LocksTell) dead = null;
            long left = Math.Min(other.ExpiresAt - connection.Wall, other.LeaseMs);
            if (dead == false && left > 0) continue;
            long at = dead == true ? connection.Now : connection.Now + left;
            if ((next is null || at < next) && HoldsAnyFor(other.Key, ledger)) next = at;
        }
        return next;
    }

    private bool HoldsAnyFor(long worker, SlotLedger ledger)
    {
        foreach (StoredLease held in HeldBy(worker))
            if (workTable.Load(held.Work) is { } row && lanes.Find(row.Lane) is { } lane && ledger.Serves(lane)) return true;
        return false;
    }

    /// <summary>Before a claim: an idle worker writes no heartbeat, so its row may have run down.</summary>
    public void KeepAlive(SlotLedger ledger)
    {
        long leaseMs = (long)connection.Options.LeaseTime.TotalMilliseconds;
        long left = ledger.ExpiresAt - connection.Wall;
        if (left < leaseMs * 2 / 3 || left > leaseMs) Renew(ledger); // More than a lease: the clock was set back since.
    }

    public List<StoredLease> HeldBy(long worker) =>
        heldBy.Bind(1, worker).All(static row => new StoredLease(row.Int64(0), row.Int64(1), row.Int32(2) != 0));

    /// <summary>running -> queued without a charge, where the holder itself gives the lease back. False: it was lost before.</summary>
    public bool Release(LeasedWork held, string why)
    {
        if (workTable.LoadHeld(held) is not { } row) return false;
        Release(row, why);
        return true;
    }

    /// <summary>A commit whose fate was unknown has landed after all and kept the lease: the slot that made it goes on with something else.</summary>
    public void ReleaseLanded(LeasedWork held)
    {
        if (workTable.Load(held.WorkKey) is { } row && row.Token == held.Token) Release(row, "landed in doubt");
    }

    /// <summary>running -> queued without a charge; cancelled where that was asked for.</summary>
    public void Release(in WorkRow row, string why)
    {
        WorkRow after = row.CancelRequested
            ? row.AsEnded(WorkState.Cancelled, connection.Now)
            : row.AsReady(counters.NextPlaceAtHead(), connection.Now);
        workTable.Save(row, after);
        events.Append(EventKinds.Released, row.Key, why, static (json, reason) => json.WriteString("reason", reason));
        exit.Leave(after, failure: null);
    }

    /// <summary>
    /// Takes over everything that a dead worker held, where its heartbeat is still the one that was judged. The items' interruptions are
    /// charged; from the second on since a try of it returned, the next waits and then runs alone in its worker. Null where the worker has shown
    /// itself since.
    /// </summary>
    public int? Rescue(WorkerRow dead, Backoff backoff)
    {
        if (heartbeatOf.Bind(1, dead.Key).Scalar() != dead.Heartbeat) return null;
        List<StoredLease> held = HeldBy(dead.Key);
        foreach (StoredLease stored in held) Interrupt(workTable.Load(stored.Work)!.Value, dead.Id, backoff);
        workers.Delete(dead.Key);
        blobs.UnpinAll(dead.Key);
        events.Append(EventKinds.WorkerLost, null, (dead.Id, held.Count), static (json, it) =>
        {
            json.WriteString("worker", it.Id);
            json.WriteNumber("leases", it.Count);
        });
        resources.WorkersChanged();
        return held.Count;
    }

    private void Interrupt(in WorkRow row, string worker, Backoff backoff)
    {
        int interruptions = row.Interruptions + 1, suspicions = row.Suspicions + 1;
        WorkRow charged = row with { Interruptions = interruptions, Solo = suspicions >= SoloAfter };
        bool dead = row.ParkInterrupted || suspicions >= connection.Options.MaxInterruptions;
        long wait = suspicions < SoloAfter ? 0 : backoff.After(suspicions - 1);
        WorkRow after = row.CancelRequested ? charged.AsEnded(WorkState.Cancelled, connection.Now)
            : dead ? charged.AsEnded(WorkState.Failed, connection.Now)
            : wait > 0 ? charged.AsDelayed(wait, connection.Now)
            : charged.AsReady(counters.NextPlaceAtHead(), connection.Now);
        workTable.Save(row, after);
        connection.Measured.Interrupted(row.Lane);
        events.Append(EventKinds.Interrupted, row.Key, (worker, interruptions, Wait: after.DueAt is null ? 0 : wait), static (json, it) =>
        {
            json.WriteString("worker", it.worker);
            json.WriteNumber("interruptions", it.interruptions);
            json.WriteNumber("backoff_ms", it.Wait);
        });
        exit.Leave(after, dead ? new(FailReasons.Interrupted, null, WhyInterrupted(charged, suspicions), null, row.Failures + 1) : null);
    }

    private static string WhyInterrupted(in WorkRow row, int suspicions)
    {
        if (row.ParkInterrupted) return "The process died during this step, and the engine asks for a person to decide (OnInterrupted.Park).";
        string since = suspicions < row.Interruptions ? " since a try of it last returned" : "";
        return string.Create(CultureInfo.InvariantCulture, $"The process died {suspicions} times during this step{since}.");
    }
}
