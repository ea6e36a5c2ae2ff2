using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Sqlite.Files;

namespace Roost.Sqlite.Writing;

/// <summary>
/// One transaction for a batch and for those who join it while it is open, with the claims for the slots that are free at its end. Where a request
/// throws, what it did is undone alone and its neighbours go on.
/// </summary>
internal sealed class GroupCommit(
    string path, WriteQueue queue, BatchWindow window, Delivery delivery, LockWait lockWait, Demand demand, Outgoing outgoing,
    Evidence evidence, ILogger log)
{
    private readonly Func<int> waiting = () => queue.Count;
    private readonly Func<int> delivered = () => delivery.Delivered;

    /// <summary>Why nothing could be claimed, though the transaction has landed.</summary>
    public Exception? ClaimsFailed { get; private set; }

    /// <summary>Waits for whom the last transaction has answered, while that is worth it; true where somebody came.</summary>
    public bool WaitForFirst() => window.Wait(0, waiting, delivered);

    public void Run(Session session, Batch batch)
    {
        try
        {
            RunTransaction(session, batch, isolated: false);
        }
        catch (Exception e) when (!StorageFault.IsOne(e))
        {
            demand.Slots?.RolledBack();
            session.Rollback();
            RunTransaction(session, batch, isolated: true);
        }
    }

    private void RunTransaction(Session session, Batch batch, bool isolated)
    {
        outgoing.TakeBackTo(0);
        if (!session.Connection.HasTurn) delivery.Disperse(); // It may take a while to get it.
        session.Begin(lockWait.Patience(batch));
        lockWait.Locked();
        long since = Meters.Since(Meters.CommitDuration);
        int run = 0;
        do
        {
            for (; run < batch.Requests.Count; run++) RunRequest(session, batch.Requests[run], isolated);
        }
        while (!isolated && MoreHaveJoined(batch));
        if (demand.UntilRenewal <= TimeSpan.Zero && !session.Leases.Renew(demand.Slots!)) demand.Slots!.Displaced = true;
        session.SettleChildren();
        if (!isolated) outgoing.WriteWaiting(session);
        Claim(session, batch, isolated);
        delivery.Disperse();
        session.Commit(last: demand.Slots is not { Running: > 0 });
        Measure(since, batch.Requests.Count);
    }

    private void Measure(long since, int requests)
    {
        if (since == 0 && !Meters.CommitRequests.Enabled) return;
        var tags = new TagList { { AttributeNames.File, OpenFiles.NameOf(path) } };
        Meters.Record(Meters.CommitDuration, since, tags);
        Meters.Record(Meters.CommitRequests, requests, tags);
    }

    private void RunRequest(Session session, WriteRequest request, bool isolated)
    {
        if (!isolated)
        {
            request.Run(session);
            return;
        }
        int mark = outgoing.Mark;
        try
        {
            session.Isolated(() => request.Run(session));
        }
        catch (Exception e) when (!StorageFault.IsOne(e))
        {
            outgoing.TakeBackTo(mark);
            request.Refuse(evidence.Explain(e));
        }
    }

    /// <summary>Lets those join the open transaction who come while it is worth waiting for them.</summary>
    private bool MoreHaveJoined(Batch batch)
    {
        if (batch.IsFull || !window.Wait(batch.Requests.Count, waiting, delivered)) return false;
        queue.AddTo(batch);
        return true;
    }

    /// <summary>Claims for the free slots; where that throws, those who asked for something else are not to suffer.</summary>
    private void Claim(Session session, Batch batch, bool isolated)
    {
        batch.Claimed.Clear();
        ClaimsFailed = null;
        if (demand.Slots is not { } ledger) return;
        if (!isolated)
        {
            session.Claim.Fill(ledger, batch.Claimed);
            return;
        }
        int mark = ledger.Mark;
        try
        {
            session.Isolated(() => session.Claim.Fill(ledger, batch.Claimed));
        }
        catch (Exception e) when (!StorageFault.IsOne(e))
        {
            log.NothingClaimed(e, path);
            ledger.RolledBackTo(mark);
            batch.Claimed.Clear();
            ClaimsFailed = e;
        }
    }
}
