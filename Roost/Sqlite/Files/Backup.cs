using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Native;
using SQLitePCL;
using static SQLitePCL.raw;

namespace Roost.Sqlite.Files;

/// <summary>
/// Copies the file while it is written to. One read transaction keeps the copy at one moment; without it SQLite would begin anew after each
/// write of somebody else. Made under a temporary name, so that a half-made copy is never taken for a whole one.
/// </summary>
internal sealed class Backup(string path, RoostOptions options)
{
    private const int PagesAtOnce = 1024;

    /// <summary>Runs on the calling thread until the copy is in its place.</summary>
    public void Run(string target, CancellationToken cancellationToken)
    {
        string made = Leftovers.NameFor(target);
        using IDisposable held = Leftovers.Hold(made);
        try
        {
            CreatePrivate(made);
            Copy(made, cancellationToken);
            Mark(made);
            cancellationToken.ThrowIfCancellationRequested();
            MoveIntoPlace(made, target);
            SyncName(target);
        }
        catch (SqliteException e)
        {
            throw new RoostException($"The backup of {path} to {target} failed, and nothing was left there: {Database.Translate(e, made).Message}", e);
        }
        finally
        {
            Leftovers.Remove(made);
        }
    }

    private void Copy(string made, CancellationToken cancellationToken)
    {
        using SqliteConnection source = Database.OpenForReading(path, options);
        using SqliteTransaction moment = source.BeginTransaction(deferred: true);
        Database.Scalar(source, "SELECT count(*) FROM roost_meta");
        using SqliteConnection copy = Database.OpenForCopy(made, options);
        Name(copy, (long)Database.Scalar(source, "PRAGMA page_size")!);
        using sqlite3_backup backup = sqlite3_backup_init(copy.Handle!, "main", source.Handle!, "main");
        if (backup.IsInvalid) throw Error(copy, sqlite3_errcode(copy.Handle!));
        for (int rc = SQLITE_OK; rc != SQLITE_DONE;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rc = sqlite3_backup_step(backup, PagesAtOnce);
            if (rc is not (SQLITE_OK or SQLITE_DONE)) throw Error(copy, rc);
        }
    }

    /// <summary>
    /// The first page of a copy reaches the disk last. Until then there is one that says whose file it is, so that what a killed backup leaves can be
    /// known (<see cref="Leftovers"/>).
    /// </summary>
    private static void Name(SqliteConnection copy, long pageSize)
    {
        Database.Execute(copy, string.Create(CultureInfo.InvariantCulture, $"PRAGMA page_size = {pageSize}"));
        Database.Execute(copy, string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {Database.ApplicationId}"));
    }

    /// <summary>Says in the copy what it is a copy of: it runs nothing until it is adopted.</summary>
    private void Mark(string made)
    {
        using SqliteConnection copy = Database.OpenForCopy(made, options);
        Database.Execute(copy, "PRAGMA journal_mode = WAL");
        Database.Execute(copy, "DELETE FROM roost_meta WHERE key = 'place'"); // That of the original.
        Database.Execute(copy, "INSERT OR IGNORE INTO roost_meta (key, value) SELECT 'copy_of', value FROM roost_meta WHERE key = 'file_id'");
        // Not left to the close, which says nothing where it fails: the copy is moved without its log.
        Database.Execute(copy, "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private static void CreatePrivate(string made)
    {
        try
        {
            Database.CreatePrivate(made);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileRefusedException(FileRefusal.NoAccess, $"{made} cannot be created: {e.Message} Check that the folder may be written.", e);
        }
    }

    private static void MoveIntoPlace(string made, string target)
    {
        try
        {
            File.Move(made, target, overwrite: false);
        }
        catch (IOException e) when (File.Exists(target))
        {
            throw new ConflictException($"{target} was made by somebody else meanwhile and is left alone ({e.Message}). Name another file.");
        }
    }

    private static void SyncName(string target)
    {
        try
        {
            FolderSync.Run(Path.GetDirectoryName(target)!);
        }
        catch (IOException e)
        {
            File.Delete(target);
            throw new RoostException($"The backup to {target} failed, and nothing was left there: {e.Message}", e);
        }
    }

    private static SqliteException Error(SqliteConnection connection, int rc) =>
        new($"SQLite error {rc}: {sqlite3_errmsg(connection.Handle!).utf8_to_string()}.", rc & 0xFF, rc);
}
