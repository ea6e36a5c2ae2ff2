using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Roost.Native;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Writing;

/// <summary>
/// The one writer thread. It takes everything that waits, runs it in one transaction together with the claims for the slots that are free,
/// and answers the callers once that is on the disk. While one commit is on its way the next batch gathers.
/// </summary>
internal sealed partial class Writer : IDisposable
{
    private const int MaxRequests = 1024;
    private const int MaxBytes = 8 * 1024 * 1024;
    private const int RunsAgain = 2;

    private readonly string path;
    private readonly RoostOptions options;
    private readonly ILogger log;
    private readonly Thread thread;
    private readonly object gate = new();
    private readonly Queue<WriteRequest> urgent = new();
    private readonly Queue<WriteRequest> ordinary = new();
    private readonly Queue<LeasedWork> freed = new();
    private readonly List<WriteRequest> batch = [];
    private readonly List<LeasedWork> claimed = [];
    private readonly Gathering gathering = new();
    private readonly Telling telling = new();
    private readonly Func<int> waiting, told;
    private readonly Evidence evidence;
    private Session? session;
    private long reopenAt;
    private bool stopping;
    private Exception? claimsFailed;
    private int requests, batchBytes, watchers, foreignWrites, noticed, doubts;

    public Writer(string path, RoostOptions options, ILogger log)
    {
        this.path = path;
        this.options = options;
        this.log = log;
        evidence = new(path, options);
        waiting = () => Pending;
        told = () => telling.Told;
        Clock = new(options.TimeProvider);
        file = OpenFile.At(path, numbersStay: !options.AllowNetworkFileSystem);
        session = Open();
        thread = new Thread(Loop) { IsBackground = true, Name = "Roost writer" };
        thread.Start();
    }

    private Session Open()
    {
        try
        {
            return new(path, options, Clock);
        }
        catch (SqliteException e)
        {
            throw evidence.Explain(e);
        }
    }

    /// <summary>The time by which everything is written and decided.</summary>
    public Clock Clock { get; }

    /// <summary>The slots of the running loop, for which claims are made.</summary>
    public SlotLedger? Slots { get; private set; }

    /// <summary>Pulsed while anybody watches, when anything was written to the file, here or by another process.</summary>
    public Pulse Changed { get; } = new();

    /// <summary>Pulsed when an item may have ended, here or by another process.</summary>
    public Pulse Ended { get; } = new();

    /// <summary>Called on the writer thread when another process's writes were noticed.</summary>
    public Action? ForeignWrite { get; set; }

    /// <summary>How many requests wait.</summary>
    public int Pending => Volatile.Read(ref requests);

    /// <summary>How often another process's writes were noticed.</summary>
    public int ForeignWrites => Volatile.Read(ref foreignWrites);

    /// <summary>How many look for other processes' writes though no loop runs.</summary>
    public int Watchers => Volatile.Read(ref watchers);

    /// <summary>How often nobody could tell whether a commit had landed: the file may hold leases that no step here knows of.</summary>
    public int Doubts => Volatile.Read(ref doubts);

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
        Enqueue(request, ahead);
        return request.Task;
    }

    /// <summary>The same for who may be cancelled while another process keeps the file locked.</summary>
    public Task<T> RunUnlessCancelledAsync<T>(Func<Session, T> body, CancellationToken cancellationToken)
    {
        var request = new CancellableRequest<Func<Session, T>, T>(body, static (session, body) => body(session), 256, cancellationToken);
        Enqueue(request, ahead: false);
        return request.Task;
    }

    private void Enqueue(WriteRequest request, bool ahead)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, typeof(RoostRuntime));
            (ahead ? urgent : ordinary).Enqueue(request);
            if (++requests == 1) Monitor.Pulse(gate);
        }
    }

    /// <summary>Begins to claim for these slots, as soon as the transaction commits within which it is called; or, outside of one, claims for none any more.</summary>
    public void Serve(SlotLedger? ledger) => Slots = ledger;

    /// <summary>Frees a slot that no transaction has: its step has ended and could not be saved.</summary>
    public void FreeSlot(LeasedWork lease)
    {
        lock (gate)
        {
            freed.Enqueue(lease);
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Until it is disposed, other processes' writes are looked for even when no loop runs.</summary>
    public IDisposable Watch() => new Watching(this);

    private sealed class Watching : IDisposable
    {
        private Writer? writer;

        public Watching(Writer writer)
        {
            this.writer = writer;
            writer.CountWatchers(1);
        }

        public void Dispose() => Interlocked.Exchange(ref writer, null)?.CountWatchers(-1);
    }

    private void CountWatchers(int n)
    {
        lock (gate)
        {
            watchers += n;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Finishes what was asked for, then closes the connection.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (stopping) return;
            stopping = true;
            Monitor.Pulse(gate);
        }
        thread.Join();
        Changed.Beat();
    }

    private void Loop()
    {
        while (true)
        {
            bool last = TakeBatch();
            if (hopeless is { } damage) Stop(() => damage);
            if (batch.Count > 0) Process();
            else if (last) break;
            else if (!gathering.Wait(0, waiting, told) && !Look()) WaitForRequests();
        }
        telling.Spread();
        logWatch?.Dispose();
        session?.Dispose();
    }

    /// <summary>Begins a batch with what waits. True once the writer is stopping.</summary>
    private bool TakeBatch()
    {
        batch.Clear();
        batchBytes = 0;
        foreach (WriteRequest request in waitOn)
        {
            batch.Add(request);
            batchBytes += request.Bytes;
        }
        waitOn.Clear();
        lock (gate)
        {
            while (freed.TryDequeue(out LeasedWork? lease))
            {
                lease.Slots.Give(lease.Lane.Engine);
                lease.Slots.Committed();
            }
            Take();
            return stopping;
        }
    }

    /// <summary>Adds what waits to the batch, urgent first, bounded in count and bytes.</summary>
    private void Take()
    {
        while (batch.Count < MaxRequests && batchBytes < MaxBytes && (urgent.TryDequeue(out WriteRequest? request) || ordinary.TryDequeue(out request)))
        {
            batch.Add(request);
            batchBytes += request.Bytes;
            requests--;
        }
    }

    /// <summary>Lets those join the open transaction who come while it is worth waiting for them. False where nobody did.</summary>
    private bool TakeMore()
    {
        if (batch.Count >= MaxRequests || batchBytes >= MaxBytes || !gathering.Wait(batch.Count, waiting, told)) return false;
        lock (gate) Take();
        return true;
    }

    /// <summary>Notices other processes' writes, and claims what is ready or due. True where there was something to do.</summary>
    private bool Look()
    {
        try
        {
            if (!IsInPlace() || (session is null && !Reopen())) return false;
            Session open = session!;
            open.NoticeForeignWrites();
            NoticeForeignWrites(open);
            if (Slots is not { } ledger) return false;
            open.Peek();
            if (UntilRenewal() <= TimeSpan.Zero || open.Tally.IsDue || open.Claim.IsWorthwhile(ledger)) return Process() && claimsFailed is null;
            if (ledger is { Running: 0, Displaced: false, ClocksParted: false, IdleTold: false }) TellIdle(ledger, open);
            return false;
        }
        catch (Exception e)
        {
            log.LogError(e, "Roost could not look for work in {Path}", path);
            if (session?.Refusal is { } refusal) Stop(() => Evidence.Again(refusal));
            else if (StorageFault.IsLasting(e)) Suspect(e);
            return false;
        }
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

    private void NoticeForeignWrites(Session open)
    {
        if (open.ForeignWrites == noticed) return;
        noticed = open.ForeignWrites;
        busyAt = Environment.TickCount64;
        Interlocked.Increment(ref foreignWrites);
        ForeignWrite?.Invoke();
        Changed.Beat();
        Ended.Beat();
    }

    /// <summary>After a fault the file is opened again for the next request; while a loop runs or anybody watches, once a second without one.</summary>
    private bool Reopen()
    {
        if ((Slots is null && watchers == 0) || Environment.TickCount64 < reopenAt) return false;
        reopenAt = Environment.TickCount64 + 1000;
        session = new Session(path, options, Clock);
        return true;
    }

    /// <summary>One transaction for the batch. True where it has landed.</summary>
    private bool Process()
    {
        asleep = false;
        try
        {
            if (!IsInPlace()) throw why!();
            session ??= new Session(path, options, Clock);
            RunBatch();
        }
        catch (SqliteException e) when (IsLocked(e) && session is not { Connection.CommitUnderWay: true })
        {
            return WaitOn(e);
        }
        catch (SqliteException e) when (StorageFault.IsOne(e))
        {
            return Recover(e, RunsAgain);
        }
        catch (Exception e)
        {
            return Refuse(e);
        }
        Landed();
        if (claimsFailed is { } fault) Suspect(fault);
        return true;
    }

    /// <summary>Where a request throws, what it did is undone alone and its neighbours go on.</summary>
    private void RunBatch()
    {
        try
        {
            Run(isolated: false);
        }
        catch (Exception e) when (!StorageFault.IsOne(e))
        {
            RollBack();
            Run(isolated: true);
        }
    }

    private void Run(bool isolated)
    {
        Session open = session!;
        if (!open.Connection.HasTurn) telling.Spread(); // It may take a while to get it.
        open.Begin(LockPatience());
        GotLock();
        for (int i = 0; i < batch.Count || (!isolated && TakeMore()); i++)
        {
            WriteRequest request = batch[i];
            if (!isolated) request.Run(open);
            else if (Isolated(open, request) is { } exception) request.Refuse(exception);
        }
        if (UntilRenewal() <= TimeSpan.Zero && !open.Leases.Renew(Slots!)) Slots!.Displaced = true;
        Fill(open, isolated);
        telling.Spread();
        open.Commit(last: Slots is not { Running: > 0 });
    }

    /// <summary>Claims for the free slots; where that throws, those who asked for something else are not to suffer.</summary>
    private void Fill(Session open, bool isolated)
    {
        claimed.Clear();
        claimsFailed = null;
        if (Slots is not { } ledger) return;
        if (!isolated)
        {
            open.Claim.Fill(ledger, claimed);
            return;
        }
        int mark = ledger.Mark;
        try
        {
            open.Isolated(() => open.Claim.Fill(ledger, claimed));
        }
        catch (Exception e) when (!StorageFault.IsOne(e))
        {
            log.LogError(e, "Roost could not claim work in {Path}", path);
            ledger.RolledBackTo(mark);
            claimed.Clear();
            claimsFailed = e;
        }
    }

    private Exception? Isolated(Session open, WriteRequest request)
    {
        try
        {
            open.Isolated(() => request.Run(open));
            return null;
        }
        catch (Exception e) when (!StorageFault.IsOne(e))
        {
            return evidence.Explain(e);
        }
    }

    private void Landed()
    {
        busyAt = Environment.TickCount64;
        gathering.Expect(batch.Count, requests);
        bool ended = session!.Endings.AnyEnded;
        session.Endings.AnyEnded = false;
        Slots?.Committed();
        var callers = new List<IThreadPoolWorkItem>(batch.Count + claimed.Count);
        callers.AddRange(batch);
        if (Slots is { } ledger)
            foreach (LeasedWork lease in claimed) callers.Add(ledger.Taker.Take(lease));
        claimed.Clear();
        telling.Tell(callers);
        NoticeForeignWrites(session);
        if (ended) Ended.Beat();
        if (watchers > 0) Changed.Beat();
        if (session.Delays.TakeDone() is { } moved)
            log.LogWarning("The clock was set back by {Moved}; {Items} items of {Path} whose delay was counted from the time before were moved with it", moved.By, moved.Items, path);
    }

    private void RollBack()
    {
        Slots?.RolledBack();
        session!.Rollback();
    }
}
