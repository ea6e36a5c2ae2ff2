using System.Globalization;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Sqlite.Transactions;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>Workers come and go: registration, heartbeat, release, and the rescue of what a dead worker held. Also deadlines, which any running loop enforces.</summary>
internal sealed class LeaseTransitions(Session session)
{
    private const int OverdueAtOnce = 500;
    private const int SoloAfter = 2;

    private readonly Statement heldBy = session.Prepare("SELECT key, token, cancel_requested FROM work WHERE worker = ?1");
    private readonly Statement overdue = session.Prepare(
        "SELECT key FROM work WHERE deadline IS NOT NULL AND state = 'queued' AND deadline <= ?1 ORDER BY deadline LIMIT ?2");
    private readonly Statement liftDeadline = session.Prepare("UPDATE work SET deadline = NULL WHERE key = ?1");
    private readonly Statement lease = session.Prepare("SELECT heartbeat FROM worker WHERE key = ?1");

    /// <summary>Enters a worker into the table; its lanes are served from here on.</summary>
    public long Register(WorkerIdentity worker)
    {
        long key = session.Workers.Insert(worker);
        session.Events.Append(EventKinds.WorkerStarted, null, worker.Id, static (json, id) => json.WriteString("worker", id));
        session.Resources.WorkersChanged();
        return key;
    }

    /// <summary>A clean stop: nothing is charged, what was still held goes back to the head of the order.</summary>
    public void Unregister(long worker, string id)
    {
        foreach (StoredLease held in HeldBy(worker)) Release(session.Work.Load(held.Work)!.Value, "worker stopped");
        if (!session.Workers.Delete(worker)) return;
        session.Blobs.UnpinAll(worker);
        session.Events.Append(EventKinds.WorkerStopped, null, id, static (json, it) => json.WriteString("worker", it));
        session.Resources.WorkersChanged();
    }

    /// <summary>One row for all leases of the worker. False where another worker has declared this one dead.</summary>
    public bool Renew(SlotLedger ledger)
    {
        ledger.ExpiresAt = session.Wall + (long)session.Options.LeaseTime.TotalMilliseconds;
        ledger.RenewedAt = session.Options.TimeProvider.GetTimestamp();
        return session.Workers.Renew(ledger.WorkerKey, ledger.ExpiresAt);
    }

    /// <summary>Shows that a worker lives that no loop runs for.</summary>
    public bool Renew(long worker) => session.Workers.Renew(worker, session.Wall + (long)session.Options.LeaseTime.TotalMilliseconds);

    /// <summary>
    /// When something of these lanes can be taken over at the latest that a worker holds which is not known to live; now, where one is known to be
    /// dead or has let its leases run down. Null where there is nothing of the kind.
    /// </summary>
    public long? NextTakeover(SlotLedger ledger, string folder)
    {
        long? next = null;
        foreach (WorkerRow other in session.Workers.OthersThan(ledger.WorkerKey))
        {
            bool? dead = WorkerLock.IsFree(WorkerLock.PathOf(folder, other.Id, other.LockFile));
            if (dead == true && !ledger.LocksTell) dead = null;
            long left = Math.Min(other.ExpiresAt - session.Wall, other.LeaseMs);
            if (dead == false && left > 0) continue;
            long at = dead == true ? session.Now : session.Now + left;
            if (!(next <= at) && HoldsAnyFor(other.Key, ledger)) next = at;
        }
        return next;
    }

    private bool HoldsAnyFor(long worker, SlotLedger ledger)
    {
        foreach (StoredLease held in HeldBy(worker))
            if (session.Work.Load(held.Work) is { } row && session.Lanes.Find(row.Lane) is { } lane && ledger.Serves(lane)) return true;
        return false;
    }

    /// <summary>Before a claim: an idle worker writes no heartbeat, so its row may have run down.</summary>
    public void KeepAlive(SlotLedger ledger)
    {
        long leaseMs = (long)session.Options.LeaseTime.TotalMilliseconds;
        long left = ledger.ExpiresAt - session.Wall;
        if (left < leaseMs * 2 / 3 || left > leaseMs) Renew(ledger); // More than a lease: the clock was set back since.
    }

    public List<StoredLease> HeldBy(long worker)
    {
        var held = new List<StoredLease>();
        heldBy.Bind(1, worker);
        while (heldBy.Step()) held.Add(new(heldBy.Int64(0), heldBy.Int64(1), heldBy.Int32(2) != 0));
        return held;
    }

    /// <summary>running -> queued without a charge, where the holder itself gives the lease back. False: it was lost before.</summary>
    public bool Release(LeasedWork held, string why) =>
        session.Work.LoadHeld(held) is { } row && Release(row, why);

    /// <summary>A commit whose fate was unknown has landed after all and kept the lease: the slot that made it goes on with something else.</summary>
    public void ReleaseLanded(LeasedWork held)
    {
        if (session.Work.Load(held.WorkKey) is { } row && row.Token == held.Token) Release(row, "landed in doubt");
    }

    /// <summary>running -> queued without a charge; cancelled where that was asked for.</summary>
    public bool Release(in WorkRow row, string why)
    {
        WorkRow after = row.CancelRequested
            ? row.AsEnded(WorkState.Cancelled, session.Now)
            : row.AsReady(session.Counters.HeadReady(), session.Now);
        if (!session.Work.Save(row, after)) return false;
        session.Events.Append(EventKinds.Released, row.Key, why, static (json, reason) => json.WriteString("reason", reason));
        Left(after);
        return true;
    }

    /// <summary>
    /// Takes over everything that a dead worker held, where its heartbeat is still the one that was judged. The items' interruptions are
    /// charged; from the second on since a try of it returned, the next waits and then runs alone in its worker. Null where the worker has shown
    /// itself since.
    /// </summary>
    public int? Rescue(WorkerRow dead, Func<int, long> backoffMs)
    {
        if (lease.Bind(1, dead.Key).Scalar() != dead.Heartbeat) return null;
        List<StoredLease> held = HeldBy(dead.Key);
        foreach (StoredLease stored in held) Interrupt(session.Work.Load(stored.Work)!.Value, dead.Id, backoffMs);
        session.Workers.Delete(dead.Key);
        session.Blobs.UnpinAll(dead.Key);
        session.Events.Append(EventKinds.WorkerLost, null, (dead.Id, held.Count), static (json, it) =>
        {
            json.WriteString("worker", it.Id);
            json.WriteNumber("leases", it.Count);
        });
        session.Resources.WorkersChanged();
        return held.Count;
    }

    /// <summary>queued -> failed for what has passed its deadline, whoever serves it.</summary>
    public void FailOverdue()
    {
        if (!(session.Ready.NextDeadline() <= session.Now)) return;
        var passed = new List<long>();
        overdue.Bind(1, session.Now).Bind(2, OverdueAtOnce);
        while (overdue.Step()) passed.Add(overdue.Int64(0));
        if (passed.Count == 0) throw Database.IndexDamaged("overdue");
        foreach (long work in passed) FailOverdue(session.Work.Load(work) is { State: WorkState.Queued } row && row.Deadline <= session.Now ? row : throw Database.IndexDamaged("overdue"));
        session.Ready.DeadlinesChanged();
    }

    public void FailOverdue(in WorkRow row)
    {
        WorkRow after = row.AsEnded(WorkState.Failed, session.Now);
        session.Work.Save(row, after);
        session.Endings.DeadLetterOverdue(after);
        session.Endings.ReleaseResources(after);
    }

    public void LiftDeadline(long work)
    {
        liftDeadline.Bind(1, work).Run();
        session.Ready.DeadlinesChanged();
    }

    private void Interrupt(in WorkRow row, string worker, Func<int, long> backoffMs)
    {
        int interruptions = row.Interruptions + 1, suspicions = row.Suspicions + 1;
        WorkRow charged = row with { Interruptions = interruptions, Solo = suspicions >= SoloAfter };
        bool dead = row.ParkInterrupted || suspicions >= session.Options.MaxInterruptions;
        long wait = suspicions < SoloAfter ? 0 : backoffMs(suspicions - 1);
        WorkRow after = row.CancelRequested ? charged.AsEnded(WorkState.Cancelled, session.Now)
            : dead ? charged.AsEnded(WorkState.Failed, session.Now)
            : wait > 0 ? charged.AsDelayed(wait, session.Now)
            : charged.AsReady(session.Counters.HeadReady(), session.Now);
        session.Work.Save(row, after);
        session.Events.Append(EventKinds.Interrupted, row.Key, (worker, interruptions), static (json, it) =>
        {
            json.WriteString("worker", it.worker);
            json.WriteNumber("interruptions", it.interruptions);
        });
        if (after.State == WorkState.Failed)
        {
            string message = row.ParkInterrupted
                ? "The process died during this step, and the engine asks for a person to decide (OnInterrupted.Park)."
                : string.Create(CultureInfo.InvariantCulture, $"The process died {suspicions} times during this step{(suspicions < interruptions ? " since a try of it last returned" : "")}.");
            session.Endings.DeadLetter(after, new(FailReasons.Interrupted, null, message, null, row.Failures + 1));
        }
        Left(after);
    }

    private void Left(in WorkRow after)
    {
        if (after.State == WorkState.Cancelled) session.Endings.RecordCancelled(after);
        session.Endings.LeftSlot(after);
    }
}
