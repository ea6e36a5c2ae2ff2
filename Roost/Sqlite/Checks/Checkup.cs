using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Queries;

namespace Roost.Sqlite.Checks;

/// <summary>Checks of a file that change nothing in it. They go as far as the file lets them: what cannot be read is a finding, not an exception.</summary>
internal sealed class Checkup(string path, long now, CancellationToken cancellationToken)
{
    private const long LargeLog = 256L * 1024 * 1024;
    private const long LittleSpace = 64L * 1024 * 1024;
    private const int ProblemsShown = 5;
    private const string DamageAdvice = "Stop the workers, copy the file, and restore a backup.";

    private const string CopyAdvice = "What runs here as well as there is done twice. Adopt this one (roost adopt, AdoptAsync), or remove one of the two.";

    private readonly List<FileCheck> checks = [];
    private readonly Evidence evidence = new(path, new() { Path = path });

    public IReadOnlyList<FileCheck> Run(bool full)
    {
        long log = Database.LogSize(path);
        LookAtPlace(log);
        LookAtLeftovers();
        Guarded("readable", () =>
        {
            using SqliteConnection db = Database.OpenForReading(path, new() { Path = path });
            if (log > 0) Database.KeepLog(db); // A damaged one is evidence, and what comes after the damage may still be saved.
            if (!LookAtSchema(db)) return;
            Guarded("pragmas", () => LookAtPragmas(db));
            if (full)
            {
                Guarded("integrity", () => LookAtIntegrity(db));
                Guarded("contents", () => LookAtContents(db));
                LookAtInvariants(db);
            }
            Guarded("leases", () => LookAtWork(db));
        });
        return checks;
    }

    private void LookAtPlace(long log)
    {
        string folder = Path.GetDirectoryName(path)!;
        long size = new FileInfo(path).Length;
        Add("size", log > LargeLog ? CheckStatus.Warning : CheckStatus.Ok, Text($"{size:N0} bytes, log {log:N0} bytes"),
            log > LargeLog ? "A reader that stays open keeps the log from being written back; find and end it." : null);
        var drive = new DriveInfo(folder);
        bool isTight = drive.AvailableFreeSpace < Math.Max(LittleSpace, size / 10);
        Add(
            "disk_space",
            isTight ? CheckStatus.Warning : CheckStatus.Ok,
            Text($"{drive.AvailableFreeSpace:N0} bytes free"),
            isTight ? "Free space, or prune finished work." : null
        );
        bool isUnsafe = Database.IsUnsafe(drive.DriveFormat);
        Add(
            "file_system",
            isUnsafe ? CheckStatus.Error : CheckStatus.Ok,
            drive.DriveFormat,
            isUnsafe ? "SQLite's locks may not work there; move the file to a local disk." : null
        );
        if (OperatingSystem.IsWindows())
            return;
        UnixFileMode mode = File.GetUnixFileMode(path);
        bool isOpen = (mode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0, isClosed = !mode.HasFlag(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Add("permissions", isOpen || isClosed ? CheckStatus.Warning : CheckStatus.Ok, Convert.ToString((int)mode, 8),
            isOpen ? "Others than its owner may read or change it; chmod 600." : isClosed ? "Its owner cannot read and write it; chmod 600." : null);
    }

    private void LookAtLeftovers()
    {
        Leftovers.Sweeping sweeping = Leftovers.Sweep(Path.GetDirectoryName(path)!);
        string removed =
            sweeping.Removed.Count == 0
                ? "none"
                : Text($"removed {sweeping.Removed.Count:N0} files ({sweeping.Bytes:N0} bytes) that killed backups or creations had left");
        if (sweeping.Left.Count == 0)
            Add("leftovers", CheckStatus.Ok, removed);
        else
            Add(
                "leftovers",
                CheckStatus.Warning,
                $"{removed}; not removed: {string.Join(", ", sweeping.Left.Take(ProblemsShown).Select(Path.GetFileName))}",
                "They have the name of what a killed backup leaves and could not be removed, or not be known by their content; look at them, and delete " +
                "them where they are that."
            );
    }

    private bool LookAtSchema(SqliteConnection db)
    {
        long application = db.ExecuteScalar<long>("PRAGMA application_id"), version = db.ExecuteScalar<long>("PRAGMA user_version");
        if (application != Database.ApplicationId)
        {
            Add("schema", CheckStatus.Error, Text($"application id {application}"), "This is no Roost database; give another path.");
            return false;
        }
        if (version < 1)
        {
            Add("schema", CheckStatus.Error, Text($"version {version}"), DamageAdvice);
            return false;
        }
        bool isKnown = version == Schema.Version, isOld = version < Schema.Version;
        Add(
            "schema",
            isKnown ? CheckStatus.Ok : isOld ? CheckStatus.Warning : CheckStatus.Error,
            Text($"version {version} of {Schema.Version}"),
            isKnown ? null : isOld ? "It is migrated when a runtime opens it." : "A newer Roost made it; update Roost."
        );
        if (isOld && EarlySchema.IsIn(db))
            Add(
                "tables",
                CheckStatus.Warning,
                "as the first builds of schema 1 made them, before it landed",
                "They are brought up to date when a runtime opens the file."
            );
        else if (version <= Schema.Version && Schema.FirstDifference(db, version) is { } different)
            Add("tables", CheckStatus.Error, $"{different} is not as Roost makes it", DamageAdvice);
        return isKnown;
    }

    private void LookAtPragmas(SqliteConnection db)
    {
        string journal = db.ExecuteScalar<string>("PRAGMA journal_mode")!;
        long vacuum = db.ExecuteScalar<long>("PRAGMA auto_vacuum");
        bool isRight = journal == "wal" && vacuum == 2;
        Add(
            "pragmas",
            isRight ? CheckStatus.Ok : CheckStatus.Warning,
            Text($"journal_mode {journal}, auto_vacuum {vacuum}, page_size {db.ExecuteScalar<long>("PRAGMA page_size")}, SQLite {db.ServerVersion}"),
            isRight ? null : "Expected are journal_mode wal and auto_vacuum 2; another program changed the file."
        );
        LookAtIdentity(db);
    }

    private void LookAtIdentity(SqliteConnection db)
    {
        if (Fact(db, "copy_of") is { } original)
            Add("identity", CheckStatus.Warning, $"a backup copy of file {original}", "Nothing runs or changes here until it is adopted.");
        else if (
            FilePlace.Read(Fact(db, FilePlace.Key)) is { } recorded
            && FilePlace.At(path, !Database.IsUnsafe(new DriveInfo(Path.GetDirectoryName(path)!).DriveFormat)) is { } here
            && here.OriginalBy(recorded, Fact(db, "file_id") ?? "") is { } there
        )
            Add("identity", CheckStatus.Warning, $"a copy of {there}, made by hand: both have the same identity and the same work", CopyAdvice);
        else Add("identity", CheckStatus.Ok, "an original");
    }

    private static string? Fact(SqliteConnection db, string key) => db.ExecuteScalar<string?>("SELECT value FROM roost_meta WHERE key = @key", new { key });

    private void LookAtIntegrity(SqliteConnection db)
    {
        string[] problems = [.. db.Query<string>("PRAGMA integrity_check(100)")];
        bool isSound = problems is ["ok"];
        Add(
            "integrity",
            isSound ? CheckStatus.Ok : CheckStatus.Error,
            isSound ? "ok" : Text($"{problems.Length} problems: {string.Join("; ", problems.Take(ProblemsShown))}"),
            isSound ? null : DamageAdvice
        );
    }

    private void LookAtContents(SqliteConnection db)
    {
        (IReadOnlyList<string> damaged, long examined) = ContentCheck.Run(db, cancellationToken);
        Add(
            "contents",
            damaged.Count == 0 ? CheckStatus.Ok : CheckStatus.Error,
            damaged.Count == 0
                ? Text($"{examined:N0} payloads, snapshots and chunks match their SHA-256")
                : Text($"{damaged.Count} do not match their SHA-256: {string.Join("; ", damaged.Take(ProblemsShown))}"),
            damaged.Count == 0 ? null : DamageAdvice
        );
    }

    private void LookAtInvariants(SqliteConnection db)
    {
        foreach (Invariant invariant in Invariant.All)
            Guarded(invariant.Name, () =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                (int times, List<string> shown) = (0, []);
                foreach (string violation in db.Query<string>(invariant.Violations, buffered: false))
                    if (++times <= ProblemsShown) shown.Add(violation);
                Add(invariant.Name, times == 0 ? CheckStatus.Ok : CheckStatus.Error,
                    times == 0 ? invariant.Rule : Text($"{times:N0} times not so that {invariant.Rule}: {string.Join("; ", shown)}"),
                    times == 0 ? null : "Keep a copy of the file and report it: every transaction keeps to this rule.");
            });
    }

    /// <summary>What cannot be read is a finding of its check, and the next one follows.</summary>
    private void Guarded(string name, Action check)
    {
        try
        {
            check();
        }
        catch (Exception e) when (e is SqliteException or RoostException || StorageFault.IsUnexpected(e))
        {
            Exception found = evidence.Explain(e);
            Add(name, CheckStatus.Error, $"it could not be checked: {found.Message}", found is DataCorruptException ? DamageAdvice : null);
        }
    }

    private void LookAtWork(SqliteConnection db)
    {
        IReadOnlyList<WorkerInfo> workers = WorkerQueries.All(db, Path.GetDirectoryName(path)!, now);
        long ownerless = db.ExecuteScalar<long>(
            "SELECT count(*) FROM roost_work w WHERE w.worker IS NOT NULL AND NOT EXISTS (SELECT 1 FROM roost_worker h WHERE h.key = w.worker)"
        );
        WorkerInfo[] dead = [.. workers.Where(worker => !worker.IsAlive && worker.Running > 0)];
        Add(
            "leases",
            ownerless > 0 ? CheckStatus.Error
                : dead.Length > 0 ? CheckStatus.Warning
                : CheckStatus.Ok,
            ownerless > 0 ? Text($"{ownerless} running items of no known worker")
                : dead.Length > 0
                    ? Text($"{dead.Sum(worker => worker.Running)} items of {dead.Length} dead workers: {Ids(dead)}")
                : "no orphans",
            ownerless > 0 ? "Release them by force."
                : dead.Length > 0 ? "The next worker that runs takes them over."
                : null
        );
        List<PauseInfo> pauses = PauseQueries.Wide(db, now);
        Add("pauses", CheckStatus.Ok, pauses.Count == 0
            ? "neither the file nor an engine or queue is paused"
            : string.Join("; ", pauses.Take(ProblemsShown).Select(PauseQueries.InWords)));
        UnservedWork[] unserved =
        [
            .. EngineQueries.Engines(db, workers, now).SelectMany(engine =>
                engine.Unserved.Where(each => !PauseQueries.Covering(pauses, engine.EngineId, each.Queue).Any())),
        ];
        Add(
            "engines",
            unserved.Length > 0 ? CheckStatus.Warning : CheckStatus.Ok,
            unserved.Length > 0
                ? string.Join("; ", unserved.Take(ProblemsShown).Select(each => each.Why))
                : Text($"{workers.Count(worker => worker.IsAlive)} workers alive, nothing waits unserved"),
            unserved.Length > 0 ? "Start a worker that serves them." : null
        );
    }

    private void Add(string name, CheckStatus status, string found, string? advice = null) => checks.Add(new(name, status, found, advice));

    private static string Ids(IEnumerable<WorkerInfo> workers) => string.Join(", ", workers.Take(ProblemsShown).Select(worker => worker.Id));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
