using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads everything about one work item.</summary>
internal static class DetailQueries
{
    internal sealed class Row
    {
        public long Key { get; init; }
        public int StateVersion { get; init; }
        public byte[]? Payload { get; init; }
        public byte[]? PayloadHash { get; init; }
        public long? TimeoutMs { get; init; }
        public int? MaxAttempts { get; init; }
        public int? MaxSteps { get; init; }
        public string? IdempotencyKey { get; init; }
        public string? ParentId { get; init; }
        public bool Detached { get; init; }
        public long? ReadyAt { get; init; }
        public long? DueAt { get; init; }
        public string? BlockedOn { get; init; }
        public string? HolderId { get; init; }
        public string? HolderWorkerId { get; init; }
        public bool Solo { get; init; }
        public int Failures { get; init; }
        public int Interruptions { get; init; }
        public int Signals { get; init; }
        public int RetryAfters { get; init; }
        public string? RetryWhy { get; init; }
        public bool CancelRequested { get; init; }
        public string? CancelReason { get; init; }
        public long? Deadline { get; init; }
        public bool HoldForLife { get; init; }
    }

    internal sealed class NameRow
    {
        public string Name { get; init; } = "";
        public long IsHeld { get; init; }
    }

    internal sealed class ChildRow
    {
        public int Open { get; init; }
        public int Running { get; init; }
        public int Waiting { get; init; }
        public int Done { get; init; }
        public int Failed { get; init; }
        public int Cancelled { get; init; }
    }

    public static WorkDetail? Read(SqliteConnection db, string workId, string folder, RoostOptions options, DateTimeOffset now)
    {
        if (WorkQueries.Summary(db, workId, now.ToUnixTimeMilliseconds()) is not { } item) return null;
        Row row = ReadRow(db, workId, withPayload: true);
        IReadOnlyList<WorkerInfo> workers = item.State.IsEnded()
            ? []
            : WorkerQueries.All(db, folder, options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        NameRow[] names = [.. ReadNames(db, row.Key)];
        Lease? lease = WorkerQueries.LeaseOf(db, row.Key);
        (JsonElement payload, string? payloadError) = PayloadOf(row, workId);
        (Snapshot? snapshot, string? snapshotError) = SnapshotQueries.Last(db, row.Key, item, options);
        PauseInfo[] pauses = item.State.IsEnded() ? [] : PausesOf(item, PauseQueries.Wide(db, now.ToUnixTimeMilliseconds()));
        Situation stands = SituationOf(db, item, row, lease, now, workers) with { Pauses = pauses };
        (string situation, string? why) = stands.InWords();
        return new()
        {
            Summary = item,
            Situation = situation,
            Why = why,
            Payload = payload,
            PayloadError = payloadError,
            Resources = [.. names.Select(name => name.Name)],
            ResourcesHeld = [.. names.Where(name => name.IsHeld != 0).Select(name => name.Name)],
            ResourceHold = row.HoldForLife ? ResourceHold.Life : ResourceHold.Step,
            BlockedOn = row.BlockedOn,
            ReadySince = StoredTime.Read(row.ReadyAt),
            DueAt = item.State == WorkState.Waiting ? null : StoredTime.Read(row.DueAt),
            Deadline = StoredTime.Read(row.Deadline),
            Timeout = row.TimeoutMs is { } timeout ? TimeSpan.FromMilliseconds(timeout) : null,
            MaxAttempts = row.MaxAttempts,
            MaxSteps = row.MaxSteps,
            IdempotencyKey = row.IdempotencyKey,
            ParentId = row.ParentId,
            Detached = row.Detached,
            Children = ReadChildren(db, row.Key),
            Wait = stands.Wait,
            Pauses = pauses,
            Signals = row.Signals,
            Failures = row.Failures,
            Interruptions = row.Interruptions,
            RetryAfters = row.RetryAfters,
            RetryWhy = row.RetryWhy,
            CancelRequested = row.CancelRequested,
            CancelReason = row.CancelReason,
            Snapshot = snapshot,
            SnapshotError = snapshotError,
            Lease = lease,
            LastFailure = FailureQueries.Last(db, row.Key),
            Artifacts = ArtifactQueries.List(db, row.Key),
        };
    }

    /// <summary>Where an item stands, as a sentence, and without the state's name where that begins it.</summary>
    /// <param name="db">Where it is read.</param>
    /// <param name="item">The item.</param>
    /// <param name="now">The time.</param>
    /// <param name="workers">Those there are.</param>
    /// <param name="wide">The pauses that are not of one item.</param>
    public static (string Sentence, string? Why) InWords(
        SqliteConnection db, WorkSummary item, DateTimeOffset now, IReadOnlyList<WorkerInfo> workers, IReadOnlyList<PauseInfo> wide)
    {
        // Its line says it all, and what has ended is most of a large tree.
        if (item.State is WorkState.Done or WorkState.Failed)
            return new Situation { Item = item, StateVersion = 0, IsCopy = false, Now = now, Workers = workers }.InWords();
        Row row = ReadRow(db, item.Id, withPayload: false);
        Lease? lease = item.State == WorkState.Running ? WorkerQueries.LeaseOf(db, row.Key) : null;
        PauseInfo[] pauses = item.State.IsEnded() ? [] : PausesOf(item, wide);
        return (SituationOf(db, item, row, lease, now, workers) with { Pauses = pauses }).InWords();
    }

    private static (JsonElement Payload, string? Error) PayloadOf(Row row, string workId)
    {
        try
        {
            if (row.Payload is not null && (row.PayloadHash is null || Damage.IsWhole(row.Payload, row.PayloadHash)))
                return (JsonText.Parse(row.Payload), null);
        }
        catch (JsonException)
        {
            // One from before there were hashes.
        }
        return (JsonText.Parse("null"u8.ToArray()), Damage.OfPayload(workId));
    }

    private static PauseInfo[] PausesOf(WorkSummary item, IReadOnlyList<PauseInfo> wide) =>
        [.. item.Pause is { } own ? (PauseInfo[])[own] : [], .. PauseQueries.Covering(wide, item.Engine, item.Queue)];

    private static Row ReadRow(SqliteConnection db, string workId, bool withPayload) => db.QuerySingle<Row>(
        """
        SELECT w.key AS Key, l.state_version AS StateVersion,
               CASE WHEN @withPayload THEN CAST(i.payload AS BLOB) END AS Payload, i.payload_sha256 AS PayloadHash,
               i.timeout_ms AS TimeoutMs, i.max_attempts AS MaxAttempts, i.max_steps AS MaxSteps,
               coalesce(m.n, 0) AS Signals, w.retry_afters AS RetryAfters, w.retry_why AS RetryWhy,
               i.idempotency_key AS IdempotencyKey, p.id AS ParentId, w.detached AS Detached,
               w.ready_at AS ReadyAt, w.due_at AS DueAt, w.blocked_on AS BlockedOn,
               holder.id AS HolderId, h.id AS HolderWorkerId, w.solo AS Solo, w.failures AS Failures, w.interruptions AS Interruptions,
               w.cancel_requested AS CancelRequested, w.cancel_reason AS CancelReason, w.deadline AS Deadline, w.hold_for_life AS HoldForLife
        FROM roost_work w
        JOIN roost_lane l ON l.key = w.lane
        LEFT JOIN roost_work_input i ON i.work = w.key
        LEFT JOIN roost_mailbox m ON m.work = w.key
        LEFT JOIN roost_work p ON p.key = w.parent
        LEFT JOIN roost_resource r ON r.name = w.blocked_on
        LEFT JOIN roost_work holder ON holder.key = r.work
        LEFT JOIN roost_worker h ON h.key = holder.worker
        WHERE w.id = @workId
        """, new { workId, withPayload });

    private static IEnumerable<NameRow> ReadNames(SqliteConnection db, long work) => db.Query<NameRow>(
        """
        SELECT n.name AS Name, EXISTS (SELECT 1 FROM roost_resource r WHERE r.name = n.name AND r.work = n.work) AS IsHeld
        FROM roost_work_resource n WHERE n.work = @work ORDER BY n.name
        """, new { work });

    private static long Awaited(SqliteConnection db, long parent) =>
        db.ExecuteScalar<long>("SELECT coalesce((SELECT awaited FROM roost_child_count WHERE parent = @parent), 0)", new { parent });

    /// <summary>What is open is kept as one number; what runs of it is few and is looked up.</summary>
    private static Dictionary<WorkState, int> ReadChildren(SqliteConnection db, long parent)
    {
        ChildRow? row = db.QuerySingleOrDefault<ChildRow>(
            """
            SELECT open AS Open, waiting AS Waiting, done AS Done, failed AS Failed, cancelled AS Cancelled,
                   (SELECT count(*) FROM roost_worker h CROSS JOIN roost_work w ON w.worker = h.key WHERE w.parent = @parent) AS Running
            FROM roost_child_count WHERE parent = @parent
            """, new { parent });
        if (row is null) return [];
        var children = new Dictionary<WorkState, int>
        {
            [WorkState.Queued] = row.Open - row.Running - row.Waiting,
            [WorkState.Running] = row.Running,
            [WorkState.Waiting] = row.Waiting,
            [WorkState.Done] = row.Done,
            [WorkState.Failed] = row.Failed,
            [WorkState.Cancelled] = row.Cancelled,
        };
        return children.Where(pair => pair.Value > 0).ToDictionary();
    }

    private static Situation SituationOf(
        SqliteConnection db, WorkSummary item, Row row, Lease? lease, DateTimeOffset now, IReadOnlyList<WorkerInfo> workers) =>
        new()
        {
            Item = item,
            StateVersion = row.StateVersion,
            IsCopy = db.ExecuteScalar<long>("SELECT EXISTS (SELECT 1 FROM roost_meta WHERE key = 'copy_of')") != 0,
            Now = now,
            Workers = workers,
            Lease = lease,
            Wait = item.State == WorkState.Waiting ? SignalQueries.WaitOf(db, row.Key) : null,
            OpenChildren = item.State == WorkState.Waiting ? Awaited(db, row.Key) : 0,
            ReadySince = StoredTime.Read(row.ReadyAt),
            DueAt = StoredTime.Read(row.DueAt),
            BlockedOn = row.BlockedOn,
            HolderId = row.HolderId,
            HolderWorkerId = row.HolderWorkerId,
            RunsAlone = row.Solo,
            Failures = row.Failures,
            Interruptions = row.Interruptions,
            RetryAfters = row.RetryAfters,
            RetryWhy = row.RetryWhy,
            CancelRequested = row.CancelRequested,
            CancelReason = row.CancelReason,
        };
}
