using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Roost.Sqlite.Files;

/// <summary>
/// What an exception that nobody expects means, and one by which SQLite calls the file damaged: it answers so as well where its disk has not read a
/// page this once. Damage is said only where the file itself shows it: its header, its schema, its pages and the rules that hold in every file are
/// looked at, for two seconds at most, and once more where that finds something. Else it is told as what it is, a fault of the program or of the disk.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="options">How it is opened.</param>
/// <param name="isMigrating">It may have an older version of the schema; nobody has it open yet.</param>
internal sealed class Evidence(string path, RoostOptions options, bool isMigrating = false)
{
    private const int LookMilliseconds = 2000;
    private const int RememberMilliseconds = 10_000;
    private const int InstructionsBetweenLooks = 100_000;

    private const string DamageAdvice = "Stop writing to it, copy it, and restore a backup.";

    private readonly Lock gate = new();
    private Finding? last;
    private long lastAt;

    private enum Verdict
    {
        Sound,
        Damaged,
        Refused,
        Unread,
        Unknown,
    }

    private sealed record Finding(Verdict Verdict, string What, FileRefusal Refusal = default);

    /// <summary>The exception that a caller can act on; what was raised on purpose stays as it is.</summary>
    public Exception Explain(Exception e)
    {
        if (e is not SqliteException fault) return StorageFault.IsUnexpected(e) ? Tell(Find(), e) : e;
        if (StorageFault.SaysDamaged(fault)) return TellDamage(Find(), fault);
        return StorageFault.IsUnclear(fault) ? Tell(Find(), e) : Database.Translate(fault, path);
    }

    private RoostException TellDamage(Finding found, SqliteException e) => found.Verdict switch
    {
        Verdict.Sound => new RoostException(
            $"{path} could not be read: SQLite met \"{e.Message}\", and the file shows no damage: its schema, its pages and the rules that hold in every " +
            $"file were checked just now. Most likely its disk did not read it then. Nothing was written. Try again, and check the disk and its file system.",
            e
        ),
        Verdict.Unread => new RoostException(
            $"{path} could not be read: SQLite met \"{e.Message}\". Whether it is damaged is not known: {found.What}. Nothing was written. Try again, and " +
            $"check the disk and its file system.",
            e
        ),
        _ => Database.Translate(e, path),
    };

    private RoostException Tell(Finding found, Exception e)
    {
        string met = $"{e.GetType().Name}: {e.Message.TrimEnd('.', ' ')}";
        return found.Verdict switch
        {
            Verdict.Refused => new FileRefusedException(found.Refusal, found.What, e),
            Verdict.Damaged => new DataCorruptException(
                $"{path} is damaged, or another program has changed it: {found.What} (met as {met}). {DamageAdvice}",
                e
            ),
            Verdict.Sound => new RoostException(
                $"{path} could not be used ({met}), and nothing in the file explains it: its schema, its pages and the rules that hold in every file were " +
                $"checked just now. It is a fault of this program: of Roost, of something that the program sets for all of its libraries, or of code that " +
                $"trimming has taken out. The inner exception says where; report it.",
                e
            ),
            _ => new RoostException(
                $"{path} could not be used ({met}). Whether the file has to do with it is not known: {found.What}. Run `roost doctor` on it; where that " +
                $"finds no error, it is a fault of this program, and the inner exception says where.",
                e
            ),
        };
    }

    /// <summary>An exception like one that was thrown before, for the next who asks.</summary>
    public static Exception Again(Exception e) => e switch
    {
        DataCorruptException => new DataCorruptException(e.Message, e),
        FileRefusedException refused => new FileRefusedException(refused.Cause, e.Message, e),
        _ => new RoostException(e.Message, e),
    };

    /// <exception cref="FileRefusedException">The file has another version of the schema than it had when it was opened.</exception>
    public static void CheckVersion(long found, string path)
    {
        if (found != Schema.Version) throw new FileRefusedException(RefusalFor(found), OtherVersion(found, path));
    }

    private static FileRefusal RefusalFor(long found) => found > Schema.Version ? FileRefusal.NewerSchema : FileRefusal.TakenAway;

    private static string OtherVersion(long found, string path) => found > Schema.Version
        ? $"{path} was migrated to schema version {found} by a newer Roost while it was open here, where versions up to {Schema.Version} are known. " +
            $"Nothing is damaged, and nothing more is read or written here. End this program, and start it again with that version of Roost."
        : $"{path} has schema version {found} now, and had {Schema.Version} when it was opened: another program has put another file in its place or " +
            $"changed its header. Nothing more is read or written here. Put the right file back, and open it anew.";

    /// <summary>What was found within the last seconds is not looked for again: a fault that repeats must not become a load.</summary>
    private Finding Find()
    {
        lock (gate)
        {
            if (last is { } known && Environment.TickCount64 - lastAt < RememberMilliseconds) return known;
            last = Look();
            if (last.Verdict == Verdict.Damaged && Look() is var again && again != last)
                last = new(Verdict.Unread, $"it looked damaged ({last.What}), and otherwise when it was looked at again");
            lastAt = Environment.TickCount64;
            return last;
        }
    }

    private Finding Look()
    {
        try
        {
            using SqliteConnection db = Database.OpenForReading(path, options);
            Database.KeepLog(db);
            using var transaction = new ReadTransaction(db);
            return Look(db);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLITE_CORRUPT or SQLITE_NOTADB)
        {
            return new(Verdict.Damaged, e.Message);
        }
        catch (Exception e) when (e is SqliteException or RoostException or IOException or UnauthorizedAccessException)
        {
            return new(Verdict.Unread, $"it could not be looked at ({e.Message})");
        }
    }

    private Finding Look(SqliteConnection db)
    {
        long application = Number(db, "PRAGMA application_id"),
            version = Number(db, "PRAGMA user_version");
        if (application != Database.ApplicationId)
            return new(Verdict.Damaged, string.Create(CultureInfo.InvariantCulture, $"its application id is {application}"));
        bool isOlder = isMigrating && version < Schema.Version;
        if (version != Schema.Version && !isOlder)
            return new(Verdict.Refused, OtherVersion(version, path), RefusalFor(version));
        if (version > Schema.LastOfShortNames && Schema.FirstDifference(db, version) is { } different)
            return new(Verdict.Damaged, $"{different} is not as Roost makes it");
        long since = Stopwatch.GetTimestamp();
        sqlite3_progress_handler(db.Handle!, InstructionsBetweenLooks, _ => Stopwatch.GetElapsedTime(since).TotalMilliseconds > LookMilliseconds ? 1 : 0, null);
        try
        {
            if (First(db, "PRAGMA integrity_check(1)") is var pages && pages != "ok") return new(Verdict.Damaged, pages ?? "its pages could not be checked");
            if (isOlder)
                return new(Verdict.Unknown, string.Create(CultureInfo.InvariantCulture, $"its schema version is {version}, whose rows are not checked"));
            return BrokenRule(db) is { } broken ? new(Verdict.Damaged, broken) : new(Verdict.Sound, "");
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLITE_INTERRUPT)
        {
            return new(Verdict.Unknown, "it is large, and two seconds of looking found nothing");
        }
        finally
        {
            sqlite3_progress_handler(db.Handle!, 0, null, null);
        }
    }

    /// <summary>The first rule of Roost's that a row breaks, or null.</summary>
    private static string? BrokenRule(SqliteConnection db)
    {
        foreach (Invariant invariant in Invariant.All)
            if (First(db, invariant.Violations) is { } violation) return $"it is not so that {invariant.Rule}: {violation}";
        return null;
    }

    private static string? First(SqliteConnection db, string sql)
    {
        using var statement = new Statement(db.Handle!, sql);
        return statement.One(static row => row.NullableText(0) ?? "");
    }

    private static long Number(SqliteConnection db, string sql)
    {
        using var statement = new Statement(db.Handle!, sql);
        return statement.Scalar() ?? 0;
    }
}
