using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of the workers, and of the leases that they hold.</summary>
internal static class WorkerQueries
{
    internal sealed class Row
    {
        public string Id { get; init; } = "";
        public int ProcessId { get; init; }
        public string Machine { get; init; } = "";
        public string LockFile { get; init; } = "";
        public long StartedAt { get; init; }
        public long HeartbeatAt { get; init; }
        public long ExpiresAt { get; init; }
        public int Concurrency { get; init; }
        public string Engines { get; init; } = "";
        public string Queues { get; init; } = "";
        public int Running { get; init; }
        public long? ClaimsAgainAt { get; init; }
        public long? ClockSetBy { get; init; }
    }

    internal sealed class LeaseRow
    {
        public string WorkId { get; init; } = "";
        public string WorkerId { get; init; } = "";
        public long Token { get; init; }
        public int Version { get; init; }
        public long ClaimedAt { get; init; }
        public long ExpiresAt { get; init; }

        public Lease Lease => new()
        {
            WorkId = WorkId,
            WorkerId = WorkerId,
            Token = Token.ToString("x16", CultureInfo.InvariantCulture),
            Version = Version,
            ClaimedAt = StoredTime.Read(ClaimedAt),
            ExpiresAt = StoredTime.Read(ExpiresAt),
        };
    }

    private const string LeaseColumns =
        "w.id AS WorkId, h.id AS WorkerId, w.token AS Token, w.version AS Version, w.claimed_at AS ClaimedAt, h.expires_at AS ExpiresAt";

    /// <param name="db">Where to read.</param>
    /// <param name="folder">The folder of the file, where the workers' locks are.</param>
    /// <param name="now">What the wall clock shows, in UTC milliseconds: leases are written by it.</param>
    public static IReadOnlyList<WorkerInfo> All(SqliteConnection db, string folder, long now) => db.Query<Row>(
        """
        SELECT h.id AS Id, h.process_id AS ProcessId, h.machine AS Machine, h.lock_file AS LockFile, h.started_at AS StartedAt, h.heartbeat_at AS HeartbeatAt,
               h.expires_at AS ExpiresAt, h.concurrency AS Concurrency, h.engines AS Engines, h.queues AS Queues,
               h.claims_again_at AS ClaimsAgainAt, h.clock_set_by AS ClockSetBy,
               (SELECT count(*) FROM roost_work w WHERE w.worker = h.key) AS Running
        FROM roost_worker h ORDER BY h.key
        """)
        .Select(row => new WorkerInfo
        {
            Id = row.Id,
            ProcessId = row.ProcessId,
            Machine = row.Machine,
            IsAlive = IsAlive(row, folder, now),
            StartedAt = StoredTime.Read(row.StartedAt),
            HeartbeatAt = StoredTime.Read(row.HeartbeatAt),
            ExpiresAt = StoredTime.Read(row.ExpiresAt),
            Concurrency = row.Concurrency,
            Engines = [.. ColumnJson.Read(row.Engines, ColumnJson.Default.ServedEngineArray, $"What engines worker {row.Id} serves")
                .Select(engine => new WorkerEngine { EngineId = engine.Id, StateVersion = engine.StateVersion, MaxConcurrency = engine.Limit })],
            Queues = ColumnJson.Read(row.Queues, ColumnJson.Default.StringArray, $"What queues worker {row.Id} serves"),
            Running = row.Running,
            ClaimsAgainAt = StoredTime.Read(row.ClaimsAgainAt),
            ClockSetBy = row.ClockSetBy is { } by ? TimeSpan.FromMilliseconds(by) : null,
        }).ToList();

    public static IReadOnlyList<Lease> Leases(SqliteConnection db) =>
        db.Query<LeaseRow>($"SELECT {LeaseColumns} FROM roost_worker h CROSS JOIN roost_work w ON w.worker = h.key ORDER BY h.key, w.claimed_at, w.key")
            .Select(row => row.Lease)
            .ToList();

    public static Lease? LeaseOf(SqliteConnection db, long work) =>
        db.QuerySingleOrDefault<LeaseRow>(
            $"SELECT {LeaseColumns} FROM roost_work w JOIN roost_worker h ON h.key = w.worker WHERE w.key = @work",
            new { work }
        )?.Lease;

    /// <summary>By the lock that the kernel drops with the process; where that cannot be seen, by the expiry.</summary>
    private static bool IsAlive(Row row, string folder, long now) =>
        WorkerLock.IsFree(WorkerLock.PathOf(folder, row.Id, row.LockFile)) is { } free ? !free : row.ExpiresAt > now;
}
