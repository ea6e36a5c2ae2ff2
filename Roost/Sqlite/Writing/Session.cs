using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Sqlite.Transitions;
using Roost.Stores;

namespace Roost.Sqlite.Writing;

/// <summary>
/// The tables and transitions of one write connection, each made of those that it needs; what they remember from one transaction to the next holds
/// as long as no other process has written. Begins and ends their transactions. Used by the writer's thread alone.
/// </summary>
internal sealed class Session : IDisposable
{
    private readonly Action<long> doubtLane;
    private readonly LatestTime latestTime;
    private readonly LeaseLoader leaseLoader;
    private readonly TreeCancelTable treeTable;
    private long seenDataVersion = -1;
    private bool foreignWrites;

    public Session(string path, RoostOptions options, Clock? clock = null)
    {
        Connection = new(path, options, clock ?? new(options.TimeProvider));
        Identity = new(Connection);
        Counts = new(Connection);
        Children = new(Connection);
        Tally = new(Connection);
        latestTime = new(Connection);
        Counters = new(Connection, latestTime);
        LaneChanges = new(Connection);
        Lanes = new(Connection, Counts, LaneChanges);
        Connection.Measured.EngineOf = lane => Lanes.Find(lane)!.Engine;
        Pauses = new(Connection);
        Ready = new(Connection, Counters, Counts, LaneChanges, Lanes, Pauses);
        Delays = new(Connection, latestTime, Lanes, Ready);
        Workers = new(Connection, Lanes, Ready, Pauses);
        Work = new(Connection, Counts, Children, Ready, Pauses);
        Resources = new(Connection, Work, Workers);
        Events = new(Connection, Counters);
        Blobs = new(Connection, Workers);
        Enqueue = new(Connection, Counters, Lanes, Counts, Children, Ready, Events);
        Triggers = new(Connection, Enqueue, Events);
        var mailbox = new Mailbox(Connection);
        var waitTable = new WaitTable(Connection);
        Asks = new(Connection);
        Waits = new(Connection, Counters, Work, Children, mailbox, waitTable, Asks, Events);
        var failures = new FailureTable(Connection, new(Connection));
        var snapshots = new SnapshotTable(Connection);
        var fairness = new Fairness(Connection, Counters, Ready, Resources);
        Ends = new(Connection);
        treeTable = new(Connection, Children);
        var records = new RecordFlag(Connection);
        Effects = new(Connection, records);
        Exit = new(Connection, Lanes, Ready, Resources, Asks, Events, failures, Ends, treeTable);
        Streams = new(Connection, records);
        Endings = new(Connection, Counters, Lanes, Work, snapshots, Ready, Events, Tally, failures, Waits, Effects, Streams, Ends, Exit);
        EffectAsks = new(Connection, Lanes, Work, Effects, Asks, Waits, Events, Exit);
        Leases = new(Connection, Counters, Lanes, Work, Workers, Resources, Blobs, Events, Exit);
        Pausing = new(Connection, Pauses, Work, Resources, Events);
        Trees = new(Connection, treeTable, Work, Endings, Events);
        Timers = new(Connection, Delays, Ready, Work, Endings, Waits, Pausing, Trees);
        leaseLoader = new(Connection, Identity, Resources, mailbox, waitTable, Asks, Children);
        Claim = new(Connection, Timers, Ready, Work, Workers, Resources, Events, Leases, Waits, leaseLoader);
        CommitStep = new(
            Connection, Counters, Lanes, Work, snapshots, Blobs, Events, Tally, failures, Triggers, Enqueue, Waits, Effects, Pauses, fairness, leaseLoader,
            Exit);
        EndTelling = new(Connection, Lanes, Work, Ends, leaseLoader, Events);
        Operator = new(Connection, Identity, Counters, Work, Events, Leases, Enqueue);
        Purge = new(Connection, Lanes, Counts, Children, Ready, Blobs, Events, failures);
        doubtLane = lane =>
        {
            Lanes.Forget(lane);
            Ready.Doubt(lane);
        };
    }

    public WriteConnection Connection { get; }

    public FileIdentity Identity { get; }
    public Counters Counters { get; }
    public Delays Delays { get; }
    public Lanes Lanes { get; }
    public LaneChanges LaneChanges { get; }
    public Counts Counts { get; }
    public ChildCounts Children { get; }
    public StepTally Tally { get; }
    public WorkTable Work { get; }
    public Events Events { get; }
    public PauseTable Pauses { get; }
    public ReadyOrder Ready { get; }
    public WorkerTable Workers { get; }
    public ResourceTable Resources { get; }
    public BlobTable Blobs { get; }
    public TriggerTable Triggers { get; }
    public EndTable Ends { get; }
    public EndTelling EndTelling { get; }
    public EnqueueTransition Enqueue { get; }
    public AskTable Asks { get; }
    public WaitTransitions Waits { get; }
    public EffectTable Effects { get; }
    public StreamTable Streams { get; }
    public EffectTransitions EffectAsks { get; }
    public PauseTransitions Pausing { get; }
    public TreeCancel Trees { get; }
    public Timers Timers { get; }
    public ClaimTransition Claim { get; }
    public CommitTransition CommitStep { get; }
    public Exit Exit { get; }
    public EndTransitions Endings { get; }
    public LeaseTransitions Leases { get; }
    public OperatorTransitions Operator { get; }
    public PurgeTransition Purge { get; }

    /// <summary>Why this file is not written to any more, where another process has migrated it.</summary>
    public FileRefusedException? Refusal { get; private set; }

    /// <summary>Looks whether another connection has written to the file, and forgets or learns anew what that may have changed. True where one has.</summary>
    /// <exception cref="FileRefusedException">It has migrated the file.</exception>
    public bool RefreshIfForeign()
    {
        long version = Connection.DataVersion;
        if (version == seenDataVersion) return false;
        CheckVersion();
        foreignWrites = true;
        Forget();
        Counters.Forget();
        do
        {
            seenDataVersion = version;
            Workers.Forget();
            CatchUp();
            version = Connection.DataVersion;
        }
        while (version != seenDataVersion); // Outside a transaction more may come meanwhile, and what was read may be of that.
        return true;
    }

    /// <summary>Whether another connection's writes were noticed since this was last asked.</summary>
    public bool TakeForeignWrites()
    {
        bool any = foreignWrites;
        foreignWrites = false;
        return any;
    }

    /// <param name="patience">How long to wait for another process's lock, in milliseconds. Default: the busy timeout.</param>
    public void Begin(int? patience = null)
    {
        Connection.Begin(patience);
        RefreshIfForeign();
        bool isSuspected = Connection.ReadClock();
        Counters.Begin();
        Delays.Begin(isSuspected);
    }

    /// <param name="last">No further transaction is on its way: what is otherwise saved from time to time is saved now.</param>
    public void Commit(bool last = true)
    {
        SaveCounts();
        Tally.Save(last);
        Events.Trim();
        LaneChanges.Save(LaneChanges.IsAny && Workers.AnyBut(Ready.Worker));
        Counters.Save();
        Connection.Commit();
        Connection.Measured.Tell();
        LaneChanges.Committed();
        Tally.Saved();
    }

    public void Rollback()
    {
        Undo();
        Delays.Drop();
        Tally.Drop();
        Connection.Measured.DropTo(0);
        LaneChanges.Clear();
        Counters.Forget();
        Connection.Rollback();
    }

    /// <summary>Runs one request so that what it throws leaves its neighbours in the batch alone.</summary>
    public void Isolated(Action body)
    {
        SaveCounts();
        (int tallied, int measured) = (Tally.Mark, Connection.Measured.Mark);
        Connection.BeginSavepoint();
        try
        {
            body();
            SaveCounts();
            Connection.ReleaseSavepoint();
        }
        catch
        {
            Undo();
            Delays.Drop();
            Tally.DropTo(tallied);
            Connection.Measured.DropTo(measured);
            if (!Connection.IsInTransaction) throw; // SQLite has rolled back by itself, as it does for a full disk; a savepoint would begin a transaction.
            Connection.RollbackToSavepoint();
            throw;
        }
    }

    /// <summary>Reads before any transaction, to see whether one is worth taking the write lock for.</summary>
    public void Peek()
    {
        bool isSuspected = Connection.ReadClock();
        Counters.Load();
        Delays.Begin(isSuspected);
    }

    /// <summary>
    /// Commits a transaction of its own, with the log before it on the disk, and answers the last batch of another writer's row as it stood before.
    /// </summary>
    public long BarrierAfter(long writerKey)
    {
        Begin();
        Connection.WriteLogAgain();
        long last = Counters.BatchOf(writerKey);
        Counters.SaveRow();
        Commit();
        return last;
    }

    /// <summary>
    /// The log was taken away and the database was not: what the log holds is behind the open handle still, and goes to the database unless
    /// somebody else has written meanwhile, who may have done so in another log.
    /// </summary>
    public void SaveLog()
    {
        if (Connection.IndexIsInPlace && !RefreshIfForeign()) Connection.Checkpoint();
    }

    /// <summary>Rolls back where a transaction is still open; false where even that fails.</summary>
    public bool TryRollback()
    {
        try
        {
            Rollback();
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    /// <summary>Closes after a fault, without a checkpoint: the next connection decides what the log holds.</summary>
    public void Abandon()
    {
        Connection.KeepLog();
        try
        {
            Dispose();
        }
        catch (SqliteException)
        {
            // The handle is gone either way; what the file holds is found out by the next one.
        }
    }

    public void Dispose()
    {
        Events.Dispose();
        Connection.Dispose();
    }

    /// <summary>Learns what others have changed in the lanes, where they have written it down for us; else all of that is forgotten.</summary>
    private void CatchUp()
    {
        bool saved = Counters.OthersHaveSaved();
        if (saved && Ready.Worker != 0 && Workers.IsRegistered(Ready.Worker) && LaneChanges.ReadOthers(doubtLane))
        {
            Ready.DeadlinesChanged();
            return;
        }
        Lanes.Forget();
        Ready.Forget();
    }

    private void CheckVersion()
    {
        try
        {
            Evidence.CheckVersion(Connection.UserVersion, Connection.Path);
        }
        catch (FileRefusedException e)
        {
            Refusal = e;
            throw;
        }
    }

    /// <summary>Wakes whoever waits for the children that have ended in this transaction.</summary>
    public void SettleChildren()
    {
        for (IReadOnlyList<long> parents = Children.Save(); parents.Count > 0; parents = Children.Save())
            foreach (long parent in parents) Waits.LookAtChildren(parent);
    }

    private void SaveCounts()
    {
        SettleChildren();
        Counts.Save();
    }

    /// <summary>What the transaction, or the request in it, has done is taken back: so is what is remembered of it.</summary>
    private void Undo()
    {
        Counts.Drop();
        Children.Drop();
        Connection.LeaveRows();
        Forget();
        Workers.RolledBack();
        LaneChanges.RolledBack(doubtLane);
        Ready.DeadlinesChanged();
    }

    private void Forget()
    {
        Identity.Forget();
        leaseLoader.Forget();
        Triggers.Forget();
        Ends.Forget();
        Pauses.Forget();
        treeTable.Forget();
    }
}
