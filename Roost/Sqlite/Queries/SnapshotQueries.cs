using Dapper;
using Microsoft.Data.Sqlite;
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
    }

    public static IReadOnlyList<SnapshotVersion> History(SqliteConnection db, long work) => db.Query<Row>(
        """
        SELECT version AS Version, state_version AS StateVersion, step AS Step, delay_ms AS DelayMs, at AS At, octet_length(data) AS Size
        FROM roost_snapshot WHERE work = @work ORDER BY version
        """, new { work })
        .Select(row => new SnapshotVersion
        {
            Version = row.Version,
            Step = row.Step,
            StateVersion = row.StateVersion,
            At = StoredTime.Read(row.At),
            Delay = TimeSpan.FromMilliseconds(row.DelayMs),
            Size = row.Size,
        }).ToList();

    /// <summary>One version, or null where it is not kept.</summary>
    /// <exception cref="DataCorruptException">It does not match its SHA-256.</exception>
    public static Snapshot? Read(SqliteConnection db, long work, WorkSummary item, int version, RoostOptions options)
    {
        Row? row = db.QuerySingleOrDefault<Row>(
            """
            SELECT version AS Version, state_version AS StateVersion, step AS Step, CAST(data AS BLOB) AS Data, sha256 AS Sha256, delay_ms AS DelayMs, at AS At
            FROM roost_snapshot WHERE key = (SELECT key FROM roost_snapshot WHERE work = @work AND version = @version) AND +work = @work AND +version = @version
            """, new { work, version }); // Not by the index alone: a damaged one would lead to another item's.
        if (row is null) return null;
        if (!Damage.IsWhole(row.Data, row.Sha256)) throw new DataCorruptException(Damage.OfVersion(item.Id, version));
        bool isLast = version == item.Version;
        return Made(row, item.Id, item.Engine, item.CreatedAt, item.State, isLast ? item.EndedAt : null, options);
    }

    /// <summary>A version as a reader outside of its engine is given it.</summary>
    /// <param name="row">As it is stored; its hash was looked at.</param>
    /// <param name="workId">The item.</param>
    /// <param name="engine">Its engine.</param>
    /// <param name="createdAt">When the item was made.</param>
    /// <param name="state">The item's state.</param>
    /// <param name="endedAt">When the item has ended, where it is its last version and it has.</param>
    /// <param name="options">How its data is read.</param>
    public static Snapshot Made(
        Row row, string workId, string engine, DateTimeOffset createdAt, WorkState state, DateTimeOffset? endedAt, RoostOptions options) => new()
        {
            WorkId = workId,
            Engine = engine,
            Version = row.Version,
            StateVersion = row.StateVersion,
            Step = row.Step,
            Utf8 = row.Data,
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
