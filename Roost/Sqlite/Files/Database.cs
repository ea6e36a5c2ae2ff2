using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Native;

namespace Roost.Sqlite.Files;

/// <summary>Opens the file: creates it, refuses what is not ours, sets and verifies the pragmas.</summary>
internal static class Database
{
    /// <summary>"Rost" in ASCII: marks the file as a Roost database.</summary>
    public const int ApplicationId = 0x526F7374;

    private static readonly Version LeastSqlite = new(3, 51, 3);
    private static readonly string[] UnsafeFileSystems = ["nfs", "cifs", "smb", "fuse", "9p", "virtiofs", "afs", "ceph", "glusterfs", "lustre"];

    // Less often than every hundredth commit at full speed, so that the checkpoint is not what the slowest commits in a hundred wait for, and
    // below 64 MB of log.
    private const int WalAutoCheckpointPages = 15_000;

    /// <summary>The write connection, on a file that is ours and of this version.</summary>
    public static SqliteConnection OpenForWriting(string path, RoostOptions options)
    {
        SqliteConnection connection = Open(path, SqliteOpenMode.ReadWrite, options);
        try
        {
            Execute(connection, "PRAGMA journal_size_limit = 67108864");
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA wal_autocheckpoint = {WalAutoCheckpointPages}"));
            Execute(connection, "PRAGMA cache_size = -65536");
            VerifySynchronous(connection, path, options);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <exception cref="FileRefusedException">Commits would be less safe than asked for.</exception>
    public static void VerifySynchronous(SqliteConnection connection, string path, RoostOptions options)
    {
        long expected = options.Durability switch { Durability.Full => 2, Durability.ProcessCrash => 1, _ => 0 };
        if ((long)Scalar(connection, "PRAGMA synchronous")! != expected)
            throw new FileRefusedException(
                FileRefusal.Unsuitable,
                $"{path} does not take synchronous = {Synchronous(options.Durability)}; commits would be less safe than asked for."
            );
    }

    /// <summary>A connection for reading only.</summary>
    public static SqliteConnection OpenForReading(string path, RoostOptions options)
    {
        SqliteConnection connection = Open(path, SqliteOpenMode.ReadWrite, options);
        Execute(connection, "PRAGMA query_only = ON");
        return connection;
    }

    /// <summary>A connection that fills a backup copy, which is worth the wait for the disk however the original is written.</summary>
    public static SqliteConnection OpenForCopy(string path, RoostOptions options) =>
        Open(path, SqliteOpenMode.ReadWrite, options with { Durability = Durability.Full });

    /// <summary>
    /// Moves what is in the log to the file, as far as no reader is in the way, so that freed pages leave the file; returns the size of a page.
    /// </summary>
    public static long Checkpoint(string path, RoostOptions options)
    {
        using SqliteConnection connection = Open(path, SqliteOpenMode.ReadWrite, options);
        Execute(connection, "PRAGMA wal_checkpoint(PASSIVE)");
        return (long)Scalar(connection, "PRAGMA page_size")!;
    }

    /// <summary>How much of the file is in its log, in bytes; zero where there is none.</summary>
    public static long LogSize(string path) => new FileInfo($"{path}-wal") is { Exists: true } log ? log.Length : 0;

    /// <summary>Creates the file where it is missing, and brings its schema up to date; reads nothing else of it.</summary>
    public static void Prepare(string path, RoostOptions options)
    {
        CheckPlace(path, options);
        try
        {
            CreateFile(path);
            using SqliteConnection connection = Open(path, SqliteOpenMode.ReadWriteCreate, options);
            Schema.Migrate(connection, path, options);
        }
        catch (SqliteException e)
        {
            throw new Evidence(path, options, isMigrating: true).Explain(e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new FileRefusedException(
                FileRefusal.NoAccess,
                $"{path} cannot be created or opened for writing: {e.Message} Check the owner and mode of the file and its folder.",
                e
            );
        }
    }

    /// <summary>The exception that a caller can act on, where SQLite's code tells all; see <see cref="Evidence"/> for the others.</summary>
    public static RoostException Translate(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED =>
            new FileBusyException($"{path} is locked by another process for longer than the busy timeout; nothing was written. Try again, or find the " +
                $"process that keeps a write transaction open.", e),
        SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_IOERR
            when e.SqliteErrorCode == SQLitePCL.raw.SQLITE_FULL || e.SqliteExtendedErrorCode == SQLitePCL.raw.SQLITE_IOERR_SHMSIZE =>
            new DiskFullException($"The disk of {path} is full; nothing was written. Free space, and the runtime goes on.", e),
        SQLitePCL.raw.SQLITE_NOTADB =>
            new FileRefusedException(
                FileRefusal.Foreign,
                $"{path} is not a Roost database (it is no SQLite file). Give another path, or move that file away.",
                e
            ),
        SQLitePCL.raw.SQLITE_CORRUPT =>
            // SQLite answers so as well where the disk cannot read a page.
            new DataCorruptException($"{path} is damaged, or its disk cannot read it: {e.Message} Stop writing to it, copy it, and restore a backup.", e),
        SQLitePCL.raw.SQLITE_READONLY =>
            new FileRefusedException(FileRefusal.ReadOnly, $"{path} is read-only: {e.Message} Roost needs to write the file and its folder.", e),
        SQLitePCL.raw.SQLITE_CANTOPEN =>
            new FileRefusedException(FileRefusal.NoAccess, $"{path} cannot be opened: {e.Message} {WhyClosed(path)}", e),
        SQLitePCL.raw.SQLITE_IOERR =>
            new RoostException($"{path} could not be read or written: {e.Message} Check the disk and its file system.", e),
        _ => new RoostException($"{path}: {e.Message}", e),
    };

    /// <summary>An index leads to a row that does not belong there: to go on by it would end nowhere.</summary>
    public static DataCorruptException IndexDamaged(string order) =>
        new($"An index says of items that are {order} what their rows do not: the file is damaged. Stop writing to it, copy it, and restore a backup.");

    /// <summary>What whoever uses a file that is not the one any more learns.</summary>
    public static FileRefusedException TakenAway(string path) =>
        new(
            FileRefusal.TakenAway,
            $"{path}, or its -wal or -shm beside it, was deleted or replaced while it was open, and nothing more is written or read here. What was " +
            $"committed since may be lost with what was taken away. Put the right file back and open it anew."
        );

    /// <summary>Closing this connection shall neither move the log to the file nor delete it, even where nobody else has the file open.</summary>
    public static void KeepLog(SqliteConnection connection) =>
        SQLitePCL.raw.sqlite3_db_config(connection.Handle!, SQLitePCL.raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);

    private static SqliteConnection Open(string path, SqliteOpenMode mode, RoostOptions options)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Cache = SqliteCacheMode.Private,
            Pooling = false,
            ForeignKeys = true,
            DefaultTimeout = Math.Max(1, (int)options.BusyTimeout.TotalSeconds),
        }.ToString());
        try
        {
            connection.Open();
            if (mode == SqliteOpenMode.ReadWriteCreate && SQLitePCL.raw.sqlite3_db_readonly(connection.Handle!, "main") == 1)
                throw new FileRefusedException(
                    FileRefusal.ReadOnly,
                    $"{path} is read-only; Roost needs to write the file and its folder. Change its mode or owner, or copy it to where it may be written."
                );
            if (new Version(connection.ServerVersion) < LeastSqlite)
                throw new FileRefusedException(
                    FileRefusal.Unsuitable,
                    $"SQLite {connection.ServerVersion} is loaded; {LeastSqlite} or later is needed (earlier ones can damage a WAL). Update " +
                    $"Microsoft.Data.Sqlite."
                );
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {(int)options.BusyTimeout.TotalMilliseconds}"));
            Execute(connection, "PRAGMA trusted_schema = OFF");
            Execute(connection, "PRAGMA cell_size_check = ON");
            Execute(connection, "PRAGMA fullfsync = ON");
            Execute(connection, "PRAGMA checkpoint_fullfsync = ON");
            Execute(connection, $"PRAGMA synchronous = {Synchronous(options.Durability)}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static string Synchronous(Durability durability) => durability switch
    {
        Durability.Full => "FULL",
        Durability.ProcessCrash => "NORMAL",
        _ => "OFF",
    };

    public static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>
    /// Runs many statements, by SQLite itself: a command of the provider swallows the error of a statement that comes after one which it takes for a query,
    /// as it does ALTER TABLE ... ADD CONSTRAINT, and leaves out the rest. Waits for no lock.
    /// </summary>
    public static void ExecuteScript(SqliteConnection connection, string sql)
    {
        SQLitePCL.sqlite3 handle = connection.Handle!;
        int rc = SQLitePCL.raw.sqlite3_exec(handle, sql);
        if (rc == SQLitePCL.raw.SQLITE_OK) return;
        string error = SQLitePCL.raw.sqlite3_errmsg(handle).utf8_to_string();
        throw new SqliteException($"SQLite error {rc}: {error}.", rc & 0xFF, SQLitePCL.raw.sqlite3_extended_errcode(handle));
    }

    public static object? Scalar(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    /// <summary>Of a file system whose locks or shared memory may not work.</summary>
    public static bool IsUnsafe(string format) => UnsafeFileSystems.Any(name => format.StartsWith(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Creates an empty file, for its owner alone, where there is none. Never for a file that SQLite may have open: closing a handle drops its locks.
    /// </summary>
    public static void CreatePrivate(string path)
    {
        var how = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        new FileStream(path, how).Dispose();
    }

    private static void CheckPlace(string path, RoostOptions options)
    {
        if (Directory.Exists(path))
            throw new FileRefusedException(FileRefusal.NoPlace, $"{path} is a folder; name a file in it, such as {System.IO.Path.Combine(path, "roost.db")}.");
        string folder = System.IO.Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
            throw new FileRefusedException(
                FileRefusal.NoPlace,
                $"The folder {folder} does not exist; create it first. Roost creates the file, not the folder."
            );
        if (options.AllowNetworkFileSystem)
            return;
        string format = FormatOf(folder);
        if (IsUnsafe(format))
            throw new FileRefusedException(
                FileRefusal.NetworkFileSystem,
                $"{folder} is on a {format} file system, where SQLite's locks and shared memory may not work and the file may be damaged. Use a local " +
                $"disk, or set RoostOptions.AllowNetworkFileSystem."
            );
    }

    /// <summary>What another machine does there may not be seen here, locks among it.</summary>
    public static bool IsOnUnsafe(string folder) => IsUnsafe(FormatOf(folder));

    /// <summary>SQLite says the same of a folder that is not there and of a file that is somebody else's.</summary>
    private static string WhyClosed(string path)
    {
        foreach (string file in (string[])[path, $"{path}-wal", $"{path}-shm"])
        {
            if (OperatingSystem.IsWindows() || !File.Exists(file) || Libc.MayReadAndWrite(file)) continue;
            return $"{file} is there, and this process's user may not read and write it: it belongs to another user, or its mode " +
                $"({Convert.ToString((int)File.GetUnixFileMode(file), 8)}) keeps this one out. Run this as its owner, or have the owner change the mode.";
        }
        return "Check that its folder exists and may be written.";
    }

    private static string FormatOf(string folder)
    {
        try
        {
            return new DriveInfo(folder).DriveFormat;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "";
        }
    }

    /// <summary>
    /// Creates an empty file that only its owner can read. It is made under another name and moved into place, because closing a handle on
    /// the file itself would drop the locks that another runtime of this process may hold on it.
    /// </summary>
    private static void CreateFile(string path)
    {
        if (File.Exists(path)) return;
        string made = Leftovers.NameFor(path);
        try
        {
            CreatePrivate(made);
        }
        catch (IOException e)
        {
            throw new FileRefusedException(
                FileRefusal.NoAccess,
                $"{path} cannot be created: {e.Message} Check that the folder may be written and has space.",
                e
            );
        }
        try
        {
            File.Move(made, path, overwrite: false);
        }
        catch (IOException)
        {
            File.Delete(made);
            if (!File.Exists(path)) throw;
        }
    }
}
