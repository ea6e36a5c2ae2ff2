using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
using Roost.Native;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Sqlite.Transitions;
using Roost.Stores;

namespace Roost.Sqlite.Transactions;

/// <summary>
/// One open write connection with everything that lives as long as it: prepared transitions, and what the writer may remember from one
/// transaction to the next as long as no other process has written. Used by the writer thread alone.
/// </summary>
internal sealed class Session : IDisposable
{
    private const int FewestToTidy = 100;

    private readonly SqliteConnection connection;
    private readonly List<Statement> statements = [];
    private readonly Statement begin, commit, rollback, savepoint, releaseSavepoint, rollbackTo, dataVersion, userVersion, checkpoint;
    private readonly string path;
    private readonly Clock clock;
    private readonly Action<long> doubtLane;
    private long seenDataVersion = -1;
    private WriteTurn? turn;
    private OpenFile? log, index;
    private bool logFound;
    private int commitsInLog, lockPatience;

    public Session(string path, RoostOptions options, Clock? clock = null)
    {
        Options = options;
        this.path = path;
        doubtLane = lane =>
        {
            Lanes!.Forget(lane);
            Ready!.Doubt(lane);
        };
        this.clock = clock ?? new(options.TimeProvider);
        connection = Database.OpenForWriting(path, options);
        begin = Prepare("BEGIN IMMEDIATE");
        commit = Prepare("COMMIT");
        rollback = Prepare("ROLLBACK");
        savepoint = Prepare("SAVEPOINT request");
        releaseSavepoint = Prepare("RELEASE request");
        rollbackTo = Prepare("ROLLBACK TO request");
        dataVersion = Prepare("PRAGMA data_version");
        userVersion = Prepare("PRAGMA user_version");
        checkpoint = Prepare("PRAGMA wal_checkpoint(PASSIVE)");
        Identity = new(this);
        Counters = new(this);
        Delays = new(this);
        Lanes = new(this);
        LaneChanges = new(this);
        Counts = new(this);
        Children = new(this);
        Tally = new(this);
        Work = new(this);
        Events = new(this);
        Ready = new(this);
        Workers = new(this);
        Resources = new(this);
        Blobs = new(this);
        Triggers = new(this);
        Enqueue = new(this);
        Claim = new(this);
        CommitStep = new(this);
        Endings = new(this);
        Leases = new(this);
        Operator = new(this);
        Purge = new(this);
    }

    public RoostOptions Options { get; }

    /// <summary>The full path of the file.</summary>
    public string Path => path;

    /// <summary>The time of the running transaction, in UTC milliseconds.</summary>
    public long Now { get; private set; }

    /// <summary>What the wall clock shows, even where it is under suspicion: leases are written by it, for whoever has just started goes by it.</summary>
    public long Wall { get; private set; }

    /// <summary>The same by a clock that nobody sets, in milliseconds: for what lasts a while within this process.</summary>
    public long Steady { get; private set; }

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
    public ReadyOrder Ready { get; }
    public WorkerTable Workers { get; }
    public ResourceTable Resources { get; }
    public BlobTable Blobs { get; }
    public TriggerTable Triggers { get; }
    public EnqueueTransition Enqueue { get; }
    public ClaimTransition Claim { get; }
    public CommitTransition CommitStep { get; }
    public EndTransitions Endings { get; }
    public LeaseTransitions Leases { get; }
    public OperatorTransitions Operator { get; }
    public PurgeTransition Purge { get; }

    /// <summary>Every statement that a transition may run, so that their plans can be looked at.</summary>
    public IReadOnlyList<Statement> Statements => statements;

    /// <summary>What one of SQLite's own counters of this connection (SQLITE_DBSTATUS_...) has counted since it was last asked.</summary>
    public int TakeStatus(int counter)
    {
        SQLitePCL.raw.sqlite3_db_status(connection.Handle!, counter, out int counted, out _, 1);
        return counted;
    }

    /// <summary>How many rows this connection has changed since it was opened.</summary>
    public int TotalChanges => SQLitePCL.raw.sqlite3_total_changes(connection.Handle!);

    public Statement Prepare(string sql)
    {
        var statement = new Statement(connection.Handle!, sql);
        statements.Add(statement);
        return statement;
    }

    /// <summary>How often another connection's writes were noticed.</summary>
    public int ForeignWrites { get; private set; }

    /// <summary>Why this file is not written to any more, where another process has migrated it.</summary>
    public FileRefusedException? Refusal { get; private set; }

    /// <summary>True once after another connection has written to the file.</summary>
    /// <exception cref="FileRefusedException">It has migrated the file.</exception>
    public bool ForeignWrite()
    {
        long version = dataVersion.Scalar() ?? 0;
        if (version == seenDataVersion) return false;
        CheckVersion();
        ForeignWrites++;
        Forget();
        Counters.Forget();
        do
        {
            seenDataVersion = version;
            Workers.Forget();
            CatchUp();
            version = dataVersion.Scalar() ?? 0;
        }
        while (version != seenDataVersion); // Outside a transaction more may come meanwhile, and what was read may be of that.
        return true;
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
            Evidence.CheckVersion(userVersion.Scalar() ?? 0, path);
        }
        catch (FileRefusedException e)
        {
            Refusal = e;
            throw;
        }
    }

    /// <summary>True from before a COMMIT until it has returned: what fails in between may have landed.</summary>
    public bool CommitUnderWay { get; private set; }

    /// <param name="patience">How long to wait for another process's lock, in milliseconds. Default: the busy timeout.</param>
    public void Begin(int? patience = null)
    {
        CommitUnderWay = false;
        long since = Telemetry.LockWaitBegins();
        WaitForTurn();
        int milliseconds = patience ?? (int)Options.BusyTimeout.TotalMilliseconds;
        if (milliseconds != lockPatience) SQLitePCL.raw.sqlite3_busy_timeout(connection.Handle!, lockPatience = milliseconds);
        try
        {
            begin.Run();
        }
        finally
        {
            Telemetry.LockWaitEnded(since); // A wait is tried in parts.
        }
        if (!logFound) FindLog();
        ForeignWrite();
        bool isSuspected = ReadClock();
        Counters.Begin();
        Delays.Begin(isSuspected);
    }

    private bool ReadClock()
    {
        ClockReading moment = clock.Read();
        (Now, Wall, Steady) = (moment.Time.ToUnixTimeMilliseconds(), moment.Wall.ToUnixTimeMilliseconds(), moment.Steady);
        return moment.IsSuspected;
    }

    /// <summary>The log and its index exist from the first transaction on, and stay as long as anybody has the file open.</summary>
    private void FindLog()
    {
        turn = WriteTurn.TryOpen(path, WriteTurn.UsualLength, WriteTurn.UsualPatience);
        log = OpenFile.At(path + "-wal", !Options.AllowNetworkFileSystem);
        index = OpenFile.At(path + "-shm", !Options.AllowNetworkFileSystem);
        logFound = true;
    }

    private void WaitForTurn()
    {
        if (turn is not { IsHeld: false }) return;
        long since = Options.TimeProvider.GetTimestamp();
        turn.Take();
        WaitedForTurns += Options.TimeProvider.GetElapsedTime(since);
    }

    /// <param name="last">No further transaction is on its way: what is otherwise saved from time to time is saved now.</param>
    public void Commit(bool last = true)
    {
        SaveCounts();
        Tally.Save(last);
        Events.Trim();
        LaneChanges.Save();
        Counters.Save();
        CommitUnderWay = true;
        commit.Run();
        CommitUnderWay = false;
        LaneChanges.Committed();
        Tally.Saved();
        commitsInLog++;
        turn?.GiveWay();
    }

    /// <summary>
    /// Moves what is in the log to the file while nothing is written, as far as no reader is in the way: the next opening after a crash has less
    /// to read, and a damaged log less to lose.
    /// </summary>
    public void TidyLog()
    {
        if (commitsInLog < FewestToTidy) return;
        commitsInLog = 0;
        checkpoint.Run();
    }

    /// <summary>
    /// Writes the log over itself, within a transaction, so that nobody else writes to it: after a sync that failed Linux takes what it could not
    /// write for written, so that it can be read and no later sync brings it to the disk. The commit that follows syncs it.
    /// </summary>
    public void WriteLogAgain()
    {
        if (!File.Exists(path + "-wal")) return;
        using SafeFileHandle file = File.OpenHandle(path + "-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        byte[] block = new byte[1024 * 1024];
        for (long at = 0; RandomAccess.Read(file, block, at) is var read and > 0; at += read) RandomAccess.Write(file, block.AsSpan(0, read), at);
    }

    /// <summary>False where it is certain that the log or its index was deleted or replaced.</summary>
    public bool LogIsInPlace => log is not { IsInPlace: false } && index is not { IsInPlace: false };

    /// <summary>
    /// The log was taken away and the database was not: what the log holds is behind the open handle still, and goes to the database unless
    /// somebody else has written meanwhile, who may have done so in another log.
    /// </summary>
    public void SaveLog()
    {
        if (index is { IsInPlace: true } && !ForeignWrite()) checkpoint.Run();
    }

    /// <summary>How long this session has waited in all for others to have their turn; nobody's slot time.</summary>
    public TimeSpan WaitedForTurns { get; private set; }

    /// <summary>This process may write before others do.</summary>
    public bool HasTurn => turn is { IsHeld: true };

    /// <summary>There is nothing to write for now: others need not wait for this process to have had its turn.</summary>
    public void EndTurn() => turn?.Release();

    public void Rollback()
    {
        Undo();
        Delays.Drop();
        Tally.Drop();
        LaneChanges.Clear();
        Counters.Forget();
        if (IsInTransaction) rollback.Run();
        turn?.GiveWay();
    }

    /// <summary>Runs one request so that what it throws leaves its neighbours in the batch alone.</summary>
    public void Isolated(Action body)
    {
        SaveCounts();
        int tallied = Tally.Mark;
        savepoint.Run();
        try
        {
            body();
            SaveCounts();
            releaseSavepoint.Run();
        }
        catch
        {
            Undo();
            Delays.Drop();
            Tally.DropTo(tallied);
            if (!IsInTransaction) throw; // SQLite has rolled back by itself, as it does for a full disk; a savepoint would begin a transaction.
            rollbackTo.Run();
            releaseSavepoint.Run();
            throw;
        }
    }

    /// <summary>Reads before any transaction, to see whether one is worth taking the write lock for.</summary>
    public void Peek()
    {
        bool isSuspected = ReadClock();
        Counters.Load();
        Delays.Begin(isSuspected);
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
        Database.KeepLog(connection);
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
        foreach (Statement statement in statements) statement.Dispose();
        Events.Dispose();
        turn?.Dispose();
        connection.Dispose();
    }

    private bool IsInTransaction => SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle!) == 0;

    /// <summary>A row whose reading threw is left, or its statement could not be used again.</summary>
    private void LeaveRows()
    {
        foreach (Statement statement in statements) statement.Reset();
    }

    private void SaveCounts()
    {
        Counts.Save();
        Children.Save();
    }

    /// <summary>What the transaction, or the request in it, has done is taken back: so is what is remembered of it.</summary>
    private void Undo()
    {
        Counts.Drop();
        Children.Drop();
        LeaveRows();
        Forget();
        Workers.RolledBack();
        LaneChanges.RolledBack(doubtLane);
        Ready.DeadlinesChanged();
    }

    private void Forget()
    {
        Identity.Forget();
        Claim.Forget();
        Triggers.Forget();
    }
}
