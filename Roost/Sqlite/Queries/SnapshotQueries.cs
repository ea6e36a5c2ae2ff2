using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of the versions of an item's state. What does not match its SHA-256 is never returned.</summary>
internal static class SnapshotQueries
{
    internal sealed class Row
    {
        public int Version { get; init; }
        public int StateVersion { get; init; }
        public string Step { get; init; } = "";
        public byte[] Data { get; init; } = [];
        public byte[] Sha256 { get; init; } = [];
        public long DelayMs { get; init; }
        public long At { get; init; }
        public long Size { get; init; }
        public long Added { get; init; }
        public int? Whole { get; init; }
    }

    public static IReadOnlyList<SnapshotVersion> History(SqliteConnection db, long work) => db.Query<Row>(
        """
        SELECT version AS Version, state_version AS StateVersion, step AS Step, delay_ms AS DelayMs, at AS At, coalesce(size, octet_length(data)) AS Size,
               octet_length(data) + coalesce(octet_length(edits), 0) AS Added
        FROM roost_snapshot WHERE work = @work AND base = 0 ORDER BY version
        """, new { work })
        .Select(row => new SnapshotVersion
        {
            Version = row.Version,
            Step = row.Step,
            StateVersion = row.StateVersion,
            At = StoredTime.Read(row.At),
            Delay = TimeSpan.FromMilliseconds(row.DelayMs),
            Size = row.Size,
            Added = row.Added,
        }).ToList();

    /// <summary>One version, or null where it is not kept.</summary>
    /// <exception cref="DataCorruptException">It does not match its SHA-256.</exception>
    public static Snapshot? Read(SqliteConnection db, long work, WorkSummary item, int version, RoostOptions options)
    {
        Row? row = db.QuerySingleOrDefault<Row>(
            """
            SELECT version AS Version, state_version AS StateVersion, step AS Step, CAST(data AS BLOB) AS Data, sha256 AS Sha256, delay_ms AS DelayMs, at AS At,
                   whole AS Whole
            FROM roost_snapshot WHERE key = (SELECT key FROM roost_snapshot WHERE work = @work AND version = @version) AND +work = @work AND +version = @version
              AND base = 0
            """, new { work, version }); // Not by the index alone: a damaged one would lead to another item's.
        if (row is null) return null;
        byte[] data = StateOf(db, work, item.Id, version, row.Data, row.Sha256, row.Whole);
        bool isLast = version == item.Version;
        return Made(row, data, item.Id, item.Engine, item.CreatedAt, item.State, isLast ? item.EndedAt : null, options);
    }

    /// <summary>The state of a version, of what its row says.</summary>
    /// <exception cref="DataCorruptException">It does not match its SHA-256, or cannot be put together.</exception>
    public static byte[] StateOf(SqliteConnection db, long work, string workId, int version, byte[] data, byte[] sha256, int? whole)
    {
        if (whole is { } from)
        {
            using var rows = new Statement(db.Handle!, StoredState.RowsSql);
            StoredState.Found found = new StoredState(rows).Read(work, workId, from, version, sha256);
            return found.Utf8 ?? throw new DataCorruptException(found.Fault!);
        }
        return Damage.IsWhole(data, sha256) ? data : throw new DataCorruptException(Damage.OfVersion(workId, version));
    }

    /// <summary>A version as a reader outside of its engine is given it.</summary>
    /// <param name="row">As it is stored.</param>
    /// <param name="data">Its state; its hash was looked at.</param>
    /// <param name="workId">The item.</param>
    /// <param name="engine">Its engine.</param>
    /// <param name="createdAt">When the item was made.</param>
    /// <param name="state">The item's state.</param>
    /// <param name="endedAt">When the item has ended, where it is its last version and it has.</param>
    /// <param name="options">How its data is read.</param>
    public static Snapshot Made(
        Row row, byte[] data, string workId, string engine, DateTimeOffset createdAt, WorkState state, DateTimeOffset? endedAt, RoostOptions options) => new()
        {
            WorkId = workId,
            Engine = engine,
            Version = row.Version,
            StateVersion = row.StateVersion,
            Step = row.Step,
            Utf8 = data,
            CreatedAt = createdAt,
            UpdatedAt = StoredTime.Read(row.At),
            FinishedAt = state is WorkState.Done or WorkState.Cancelled ? endedAt : null,
            FailedAt = state == WorkState.Failed ? endedAt : null,
            Delay = TimeSpan.FromMilliseconds(row.DelayMs),
            Json = options.Json,
            IsFromElsewhere = true,
            MaxJsonBytes = options.MaxJsonBytes,
        };

    /// <summary>The last version, or why it cannot be shown; neither before the first.</summary>
    public static (Snapshot? Snapshot, string? Error) Last(SqliteConnection db, long work, WorkSummary item, RoostOptions options)
    {
        if (item.Version == 0) return (null, null);
        try
        {
            Snapshot? snapshot = Read(db, work, item, item.Version, options);
            return (snapshot, snapshot is null ? Damage.OfMissing(item.Id, item.Version) : null);
        }
        catch (DataCorruptException e)
        {
            return (null, e.Message);
        }
    }
}
