using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
using Roost.Native;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Sqlite.Files;

/// <summary>
/// The one connection that writes: its statements, its transactions, the turn that it takes among processes, the log, and the time of the
/// running transaction. Used by the writer's thread alone.
/// </summary>
internal sealed class WriteConnection : IDisposable
{
    private const int FewestToTidy = 100;

    private readonly SqliteConnection connection;
    private readonly List<Statement> statements = [];
    private readonly Statement begin, commit, rollback, savepoint, releaseSavepoint, rollbackTo, dataVersion, userVersion, checkpoint;
    private readonly Clock clock;
    private WriteTurn? turn;
    private OpenFile? log, index;
    private bool logFound;
    private int commitsInLog, lockPatience;

    public WriteConnection(string path, RoostOptions options, Clock clock)
    {
        (Path, Options, this.clock) = (path, options, clock);
        Measured = new(path);
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
    }

    public RoostOptions Options { get; }

    /// <summary>What the running transaction does, for whoever measures.</summary>
    public Measured Measured { get; }

    /// <summary>The full path of the file.</summary>
    public string Path { get; }

    /// <summary>The time of the running transaction, in UTC milliseconds.</summary>
    public long Now { get; private set; }

    /// <summary>What the wall clock shows, even where it is under suspicion: leases are written by it, for whoever has just started goes by it.</summary>
    public long Wall { get; private set; }

    /// <summary>The same by a clock that nobody sets, in milliseconds: for what lasts a while within this process.</summary>
    public long Steady { get; private set; }

    /// <summary>Every statement that a transition may run, so that their plans can be looked at.</summary>
    public IReadOnlyList<Statement> Statements => statements;

    /// <summary>Changes whenever another connection has written to the file.</summary>
    public long DataVersion => dataVersion.Scalar() ?? 0;

    /// <summary>The schema of the file.</summary>
    public long UserVersion => userVersion.Scalar() ?? 0;

    /// <summary>How many rows this connection has changed since it was opened.</summary>
    public int TotalChanges => SQLitePCL.raw.sqlite3_total_changes(connection.Handle!);

    public bool IsInTransaction => SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle!) == 0;

    /// <summary>True from before a COMMIT until it has returned: what fails in between may have landed.</summary>
    public bool CommitUnderWay { get; private set; }

    /// <summary>How long this process has waited in all for others to have their turn; nobody's slot time.</summary>
    public TimeSpan WaitedForTurns { get; private set; }

    /// <summary>This process may write before others do.</summary>
    public bool HasTurn => turn is { IsHeld: true };

    /// <summary>False where it is certain that the log or its index was deleted or replaced.</summary>
    public bool LogIsInPlace => log is not { IsInPlace: false } && index is not { IsInPlace: false };

    /// <summary>The log's index is certainly the one that was opened.</summary>
    public bool IndexIsInPlace => index is { IsInPlace: true };

    /// <summary>A moment is set, and is not to come any more by the time of the running transaction.</summary>
    public bool HasPassed(long? moment) => moment is { } at && at <= Now;

    /// <summary>What one of SQLite's own counters of this connection (SQLITE_DBSTATUS_...) has counted since it was last asked.</summary>
    public int TakeStatus(int counter)
    {
        SQLitePCL.raw.sqlite3_db_status(connection.Handle!, counter, out int counted, out _, 1);
        return counted;
    }

    public Statement Prepare(string sql)
    {
        var statement = new Statement(connection.Handle!, sql);
        statements.Add(statement);
        return statement;
    }

    /// <param name="patience">How long to wait for another process's lock, in milliseconds. Default: the busy timeout.</param>
    public void Begin(int? patience = null)
    {
        CommitUnderWay = false;
        long since = Meters.Since(Meters.LockWait);
        WaitForTurn();
        int milliseconds = patience ?? (int)Options.BusyTimeout.TotalMilliseconds;
        if (milliseconds != lockPatience) SQLitePCL.raw.sqlite3_busy_timeout(connection.Handle!, lockPatience = milliseconds);
        try
        {
            begin.Run();
        }
        finally
        {
            if (since != 0) Meters.Record(Meters.LockWait, since, new() { { AttributeNames.File, OpenFiles.NameOf(Path) } }); // A wait is tried in parts.
        }
        if (!logFound) FindLog();
    }

    public void Commit()
    {
        CommitUnderWay = true;
        commit.Run();
        CommitUnderWay = false;
        commitsInLog++;
        turn?.GiveWay();
    }

    public void Rollback()
    {
        if (IsInTransaction) rollback.Run();
        turn?.GiveWay();
    }

    public void BeginSavepoint() => savepoint.Run();

    public void ReleaseSavepoint() => releaseSavepoint.Run();

    /// <summary>Takes back what was done since <see cref="BeginSavepoint"/>, and goes on in the transaction.</summary>
    public void RollbackToSavepoint()
    {
        rollbackTo.Run();
        releaseSavepoint.Run();
    }

    /// <summary>Reads the clocks; true where the wall clock is under suspicion.</summary>
    public bool ReadClock()
    {
        ClockReading moment = clock.Read();
        (Now, Wall, Steady) = (moment.Time.ToUnixTimeMilliseconds(), moment.Wall.ToUnixTimeMilliseconds(), moment.Steady);
        return moment.IsSuspected;
    }

    /// <summary>There is nothing to write for now: others need not wait for this process to have had its turn.</summary>
    public void EndTurn() => turn?.Release();

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

    public void Checkpoint() => checkpoint.Run();

    /// <summary>
    /// Writes the log over itself, within a transaction, so that nobody else writes to it: after a sync that failed Linux takes what it could not
    /// write for written, so that it can be read and no later sync brings it to the disk. The commit that follows syncs it.
    /// </summary>
    public void WriteLogAgain()
    {
        if (!File.Exists(Path + "-wal")) return;
        using SafeFileHandle file = File.OpenHandle(Path + "-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        byte[] block = new byte[1024 * 1024];
        for (long at = 0; RandomAccess.Read(file, block, at) is var read and > 0; at += read) RandomAccess.Write(file, block.AsSpan(0, read), at);
    }

    /// <summary>A row whose reading threw is left, or its statement could not be used again.</summary>
    public void LeaveRows()
    {
        foreach (Statement statement in statements) statement.Reset();
    }

    /// <summary>Closing shall neither move the log to the file nor delete it.</summary>
    public void KeepLog() => Database.KeepLog(connection);

    public void Dispose()
    {
        foreach (Statement statement in statements) statement.Dispose();
        turn?.Dispose();
        connection.Dispose();
    }

    /// <summary>The log and its index exist from the first transaction on, and stay as long as anybody has the file open.</summary>
    private void FindLog()
    {
        turn = WriteTurn.TryOpen(Path, WriteTurn.UsualLength, WriteTurn.UsualPatience);
        log = OpenFile.At(Path + "-wal", !Options.AllowNetworkFileSystem);
        index = OpenFile.At(Path + "-shm", !Options.AllowNetworkFileSystem);
        logFound = true;
    }

    private void WaitForTurn()
    {
        if (turn is not { IsHeld: false }) return;
        long since = Options.TimeProvider.GetTimestamp();
        turn.Take();
        WaitedForTurns += Options.TimeProvider.GetElapsedTime(since);
    }
}
