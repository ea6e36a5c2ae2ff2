using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Roost.Native;
using Roost.Observing;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Writing;

/// <summary>
/// The one writer thread. It takes everything that waits, runs it in one transaction together with the claims for the slots that are free,
/// and answers the callers once that is on the disk. While one commit is on its way the next batch gathers.
/// </summary>
internal sealed class Writer : IDisposable
{
    private const int MostRuns = 3;

    private readonly string path;
    private readonly ILogger log;
    private readonly Thread thread;
    private readonly WriteQueue queue = new();
    private readonly Batch batch = new();
    private readonly BatchWindow window = new();
    private readonly Delivery delivery = new();
    private readonly Demand demand;
    private readonly SessionHolder sessions;
    private readonly FileGuard guard;
    private readonly LockWait lockWait;
    private readonly GroupCommit commit;
    private readonly Recovery recovery;
    private readonly IdleWait idle;
    private readonly Outgoing outgoing;
    private int foreignWrites, stopsAsked;

    public Writer(string path, RoostOptions options, ILogger log)
    {
        this.path = path;
        this.log = log;
        var evidence = new Evidence(path, options);
        Clock = new(options.TimeProvider);
        demand = new(options, queue.Wake);
        sessions = new(path, options, Clock);
        guard = new(path, OpenFile.At(path, numbersStay: !options.AllowNetworkFileSystem), sessions, evidence, log, TellStopped);
        lockWait = new(path, options, evidence, log);
        outgoing = new(options, WriteOutgoing);
        commit = new(path, queue, window, delivery, lockWait, demand, outgoing, evidence, log);
        recovery = new(path, demand, sessions, guard, evidence, log);
        idle = new(path, options, queue, demand, sessions, log);
        try
        {
            sessions.Open();
        }
        catch (SqliteException e)
        {
            throw evidence.Explain(e);
        }
        thread = new Thread(Loop) { IsBackground = true, Name = "Roost writer" };
        thread.Start();
    }

    /// <summary>The time by which everything is written and decided.</summary>
    public Clock Clock { get; }

    /// <summary>The slots of the running loop, for which claims are made.</summary>
    public SlotLedger? Slots => demand.Slots;

    /// <summary>Pulsed while anybody watches, when anything was written to the file, here or by another process.</summary>
    public Pulse Changed { get; } = new();

    /// <summary>Pulsed when an item may have ended, here or by another process.</summary>
    public Pulse Ended { get; } = new();

    /// <summary>Pulsed when a running step may have said something, or an item ended, here or by another process.</summary>
    public Pulse Said { get; } = new();

    /// <summary>Pulsed when there may be an end that an engine is to be told of, here or by another process.</summary>
    public Pulse EndAdded { get; } = new();

    /// <summary>Called on the writer thread when another process's writes were noticed, or leases were touched by a cancelled tree.</summary>
    public Action? OnLeasesTouched { get; set; }

    /// <summary>What running steps say, on its way into the file.</summary>
    public Outgoing Outgoing => outgoing;

    /// <summary>How many requests wait.</summary>
    public int Pending => queue.Count;

    /// <summary>How often another process's writes were noticed.</summary>
    public int ForeignWrites => Volatile.Read(ref foreignWrites);

    /// <summary>How many look for other processes' writes though no loop runs.</summary>
    public int Watchers => demand.Watchers;

    /// <inheritdoc cref="StoreLoop.Doubts"/>
    public int Doubts => recovery.Doubts + Volatile.Read(ref stopsAsked);

    /// <summary>Nothing has happened for a while: a write to the log, a request or the next due time wakes it.</summary>
    public bool IsAsleep => idle.IsAsleep;

    /// <summary>Ends once it was noticed that the file was taken away, was migrated or is damaged. From then on nothing is written.</summary>
    public Task Stopped => guard.Stopped;

    /// <summary>It stopped because the file or its log was deleted or replaced: what can be read there now is something else.</summary>
    public bool WasTakenAway => guard.WasTakenAway;

    /// <summary>A read has seen that the file is not where it was.</summary>
    public void DoubtPlace() => guard.DoubtPlace();

    /// <exception cref="FileRefusedException">The file was deleted or replaced, or migrated by a newer Roost.</exception>
    /// <exception cref="DataCorruptException">The file is damaged.</exception>
    public void ThrowIfStopped() => guard.ThrowIfStopped();

    /// <summary>Somebody has found damage that lets nothing go on.</summary>
    public void StopFor(DataCorruptException damage)
    {
        guard.Report(damage);
        queue.Wake();
    }

    /// <summary>Runs a mutation in the next transaction; the task ends when it is durable.</summary>
    /// <param name="body">Runs on the writer thread, perhaps more than once; must change nothing but the session and what belongs to this thread.</param>
    /// <param name="bytes">About how much it writes.</param>
    /// <param name="ahead">Ahead of everything that is not.</param>
    public Task<T> RunAsync<T>(Func<Session, T> body, int bytes = 256, bool ahead = false) =>
        RunAsync(body, static (session, body) => body(session), bytes, ahead);

    /// <summary>The same for what is done for every step, without a closure.</summary>
    public Task<TResult> RunAsync<TArgument, TResult>(TArgument argument, Func<Session, TArgument, TResult> body, int bytes = 256, bool ahead = false)
    {
        var request = new WriteRequest<TArgument, TResult>(argument, body, bytes);
        queue.Add(request, ahead);
        return request.Task;
    }

    /// <summary>The same for who may be cancelled while another process keeps the file locked.</summary>
    public Task<T> RunUnlessCancelledAsync<T>(Func<Session, T> body, CancellationToken cancellationToken)
    {
        var request = new CancellableRequest<Func<Session, T>, T>(body, static (session, body) => body(session), 256, cancellationToken);
        queue.Add(request, ahead: false);
        return request.Task;
    }

    /// <summary>
    /// Begins to claim for these slots, as soon as the transaction commits within which it is called; or, outside of one, claims for none any more.
    /// </summary>
    public void Serve(SlotLedger? ledger) => demand.Slots = ledger;

    /// <summary>Frees a slot that no transaction has: its step has ended and could not be saved.</summary>
    public void FreeSlot(LeasedWork lease) => queue.AddFreed(lease);

    /// <summary>Until it is disposed, other processes' writes are looked for even when no loop runs.</summary>
    public IDisposable Watch() => demand.Watch();

    /// <summary>Finishes what was asked for, then closes the connection.</summary>
    public void Dispose()
    {
        if (!queue.Close()) return;
        thread.Join();
        outgoing.Dispose();
        Changed.Beat();
    }

    private void Loop()
    {
        while (true)
        {
            batch.Clear();
            lockWait.Begin(batch);
            bool isLast = queue.Begin(batch);
            guard.StopIfReported();
            if (batch.Requests.Count > 0) Process();
            else if (isLast) break;
            else if (!commit.WaitForFirst() && !Look()) WaitIdle();
        }
        delivery.Disperse();
        idle.Dispose();
        sessions.Dispose();
    }

    private void WaitIdle()
    {
        delivery.Disperse();
        idle.Wait();
    }

    /// <summary>Notices other processes' writes, and claims what is ready or due. True where there was something to do.</summary>
    private bool Look()
    {
        try
        {
            if (!guard.IsInPlace() || (sessions.Current is null && !(demand.IsAny && sessions.TryReopen()))) return false;
            Session open = sessions.Current!;
            open.RefreshIfForeign();
            TellForeignWrites(open);
            if (demand.Slots is not { } ledger) return false;
            open.Peek();
            if (demand.UntilRenewal <= TimeSpan.Zero || open.Tally.IsDue || open.Claim.IsWorthwhile(ledger)) return Process() && commit.ClaimsFailed is null;
            if (ledger is { Running: 0, Displaced: false, ClocksParted: false, IdleTold: false }) TellIdle(ledger, open);
            return false;
        }
        catch (Exception e)
        {
            log.WorkNotLookedFor(e, path);
            if (sessions.Current?.Refusal is { } refusal) guard.StopFor(refusal);
            else if (StorageFault.IsLasting(e)) guard.Suspect(e);
            return false;
        }
    }

    /// <summary>One transaction for the batch. True where it has landed.</summary>
    private bool Process()
    {
        idle.End();
        for (int run = 1; ; run++)
        {
            BatchFate fate = RunOnce(mayRunAgain: run < MostRuns);
            if (fate == BatchFate.RunsAgain) continue;
            if (fate != BatchFate.Landed) outgoing.TakeBackTo(0);
            return fate == BatchFate.Landed;
        }
    }

    /// <summary>What steps say has waited for long enough for something else to commit.</summary>
    private void WriteOutgoing()
    {
        if (Stopped.IsCompleted) return;
        try
        {
            // Where it fails it is tried again.
            _ = RunAsync(session =>
            {
                outgoing.WriteWaiting(session, all: true);
                return true;
            }).ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
        catch (ObjectDisposedException)
        {
            // The runtime closes: the ends of its steps bring what is left.
        }
    }

    private BatchFate RunOnce(bool mayRunAgain)
    {
        try
        {
            if (!guard.IsInPlace()) guard.ThrowIfStopped();
            commit.Run(sessions.Open(), batch);
        }
        catch (SqliteException e) when (LockWait.IsLocked(e) && sessions.Current is not { Connection.CommitUnderWay: true })
        {
            demand.Slots?.RolledBack();
            if (sessions.Current?.TryRollback() != true) sessions.Abandon();
            lockWait.Missed(e, batch);
            return BatchFate.Failed;
        }
        catch (SqliteException e) when (StorageFault.IsOne(e))
        {
            BatchFate fate = recovery.AfterStorageFault(e, batch, mayRunAgain);
            if (fate == BatchFate.Landed) TellLanded();
            if (StorageFault.IsLasting(e)) guard.Suspect(e);
            return fate;
        }
        catch (Exception e)
        {
            return recovery.AfterError(e, batch);
        }
        TellLanded();
        if (commit.ClaimsFailed is { } fault) guard.Suspect(fault);
        return BatchFate.Landed;
    }

    private void TellLanded()
    {
        Session open = sessions.Current!;
        bool said = outgoing.Landed();
        idle.Busy();
        window.Expect(batch.Requests.Count, queue.Count);
        (bool ended, bool endAdded) = (open.Exit.AnyEnded, open.Ends.AnyAdded);
        (open.Exit.AnyEnded, open.Ends.AnyAdded) = (false, false);
        bool asked = open.Trees.TakeAsked();
        demand.Slots?.Committed();
        var callers = new List<IThreadPoolWorkItem>(batch.Requests.Count + batch.Claimed.Count);
        callers.AddRange(batch.Requests);
        if (demand.Slots is { } ledger)
            foreach (LeasedWork lease in batch.Claimed) callers.Add(ledger.Taker.Take(lease));
        batch.Claimed.Clear();
        delivery.Deliver(callers);
        TellForeignWrites(open);
        if (asked)
        {
            Interlocked.Increment(ref stopsAsked);
            OnLeasesTouched?.Invoke();
        }
        if (ended) Ended.Beat();
        if (endAdded) EndAdded.Beat();
        if (said || ended) Said.Beat();
        if (demand.Watchers > 0) Changed.Beat();
        if (open.Delays.TakeDone() is { } moved)
            log.DelaysMoved(moved.By, moved.Items, path);
    }

    private void TellForeignWrites(Session open)
    {
        if (!open.TakeForeignWrites()) return;
        idle.Busy();
        Interlocked.Increment(ref foreignWrites);
        OnLeasesTouched?.Invoke();
        Changed.Beat();
        Ended.Beat();
        EndAdded.Beat();
        Said.Beat();
    }

    private void TellIdle(SlotLedger ledger, Session open)
    {
        long? due = open.Timers.NextAt(ledger), takeover = ledger.Paused ? null : open.Leases.NextTakeover(ledger, System.IO.Path.GetDirectoryName(path)!);
        if (takeover <= open.Connection.Now)
        {
            ledger.Taker.LookForDead();
            return;
        }
        ledger.IdleTold = true;
        ledger.Taker.Idle(due is null || takeover < due ? takeover : due);
    }

    private void TellStopped()
    {
        demand.Slots?.Taker.Idle(null);
        Changed.Beat();
        Ended.Beat();
        Said.Beat();
    }
}
