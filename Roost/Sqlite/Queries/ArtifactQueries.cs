using System.Globalization;
using System.Text;
using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Where an artifact's bytes are: a blob of the file, or an address outside it.</summary>
internal sealed record ArtifactContent(string Label, long? Blob, byte[]? Sha256, long Size, string? Uri);

/// <summary>Reads of what work items have produced.</summary>
internal static class ArtifactQueries
{
    public const char Mark = 'a';

    private const int NamesInMessage = 10;

    /// <summary>How many artifacts a filtered page looks at.</summary>
    private const int ExaminedOnPage = 5000;

    private const string Columns =
        """
        a.key AS Key, w.id AS WorkId, a.name AS Name, a.version AS Version, a.kind AS Kind, a.media_type AS MediaType, b.size AS Size, b.sha256 AS Sha256,
        a.uri AS Uri, a.metadata AS Metadata, a.at AS At, l.engine AS Engine
        """;

    internal sealed record ListRow(
        long Key,
        string WorkId,
        string Name,
        long Version,
        string Kind,
        string MediaType,
        long? Size,
        byte[]? Sha256,
        string? Uri,
        string? Metadata,
        long At,
        string Engine
    );

    internal sealed record ContentRow(long Version, long? Blob, byte[]? Sha256, long? Size, string? Uri);

    internal sealed record ChunkRow(long RowId, byte[] Sha256, long Length);

    /// <summary>What an item has produced, oldest first; null where there is no such item.</summary>
    public static IReadOnlyList<Artifact>? List(SqliteConnection db, string workId) => WorkQueries.KeyOf(db, workId) is { } work ? List(db, work) : null;

    public static IReadOnlyList<Artifact> List(SqliteConnection db, long work)
    {
        IEnumerable<ListRow> rows = db.Query<ListRow>(
            $"SELECT {Columns} FROM roost_artifact a CROSS JOIN roost_work w ON w.key = a.work CROSS JOIN roost_lane l ON l.key = w.lane LEFT JOIN " +
            $"roost_blob b ON b.key = a.blob WHERE a.work = @work ORDER BY a.key",
            new { work }
        );
        return [.. rows.Select(ArtifactOf)];
    }

    /// <summary>Artifacts of all items, newest first.</summary>
    public static Page<Artifact> Latest(SqliteConnection db, ArtifactFilter filter, int limit, long before)
    {
        int most = filter.Engine is null && filter.Name is null ? limit + 1 : ExaminedOnPage;
        var items = new List<Artifact>();
        int examined = 0;
        foreach (ListRow row in db.Query<ListRow>(
            $"""
            SELECT {Columns} FROM roost_artifact a CROSS JOIN roost_work w ON w.key = a.work CROSS JOIN roost_lane l ON l.key = w.lane
            LEFT JOIN roost_blob b ON b.key = a.blob
            WHERE a.key < @before ORDER BY a.key DESC LIMIT @most
            """, new { before, most }, buffered: false))
        {
            if (items.Count == limit) return Page(before);
            examined++;
            before = row.Key;
            bool isMeant =
                (filter.Engine is null || row.Engine == filter.Engine)
                && (filter.Name is null || row.Name.Contains(filter.Name, StringComparison.OrdinalIgnoreCase));
            if (isMeant)
                items.Add(ArtifactOf(row));
        }
        return Page(examined == most ? before : null);

        Page<Artifact> Page(long? reached) => new(items, reached is { } key ? Position.Write(Mark, key.ToString(CultureInfo.InvariantCulture)) : null);
    }

    private static Artifact ArtifactOf(ListRow row) => new()
    {
        WorkId = row.WorkId,
        Name = row.Name,
        Version = (int)row.Version,
        Kind = ArtifactNames.ParseKind(row.Kind),
        MediaType = row.MediaType,
        Size = row.Size,
        Sha256 = row.Sha256 is null ? null : Convert.ToHexStringLower(row.Sha256),
        Uri = row.Uri,
        Metadata = row.Metadata is null ? null : MetadataOf(row),
        CreatedAt = StoredTime.Read(row.At),
    };

    /// <summary>Finds the latest artifact of a name, or the latest of one version.</summary>
    public static ArtifactContent Find(SqliteConnection db, string workId, string name, int? version)
    {
        long work = WorkQueries.KeyOf(db, workId) ?? throw new NotFoundException($"There is no work item {workId}.");
        ContentRow? row = db.QueryFirstOrDefault<ContentRow>(
            """
            SELECT a.version AS Version, a.blob AS Blob, b.sha256 AS Sha256, b.size AS Size, a.uri AS Uri
            FROM roost_artifact a LEFT JOIN roost_blob b ON b.key = a.blob
            WHERE a.work = @work AND a.name = @name AND (@version IS NULL OR a.version = @version)
            ORDER BY a.version DESC, a.key DESC LIMIT 1
            """, new { work, name, version });
        if (row is null) throw Missing(db, work, workId, name, version);
        string label = $"artifact \"{name}\" of work item {workId}, version {row.Version}";
        if (row.Sha256 is null && (row.Blob is not null || row.Uri is null))
            throw new DataCorruptException($"The content of {label} is missing from the file. Restore a backup.");
        return new(label, row.Blob, row.Sha256, row.Size ?? 0, row.Uri);
    }

    /// <summary>
    /// Copies one chunk into a buffer and gives its recorded SHA-256; null where the chunk is missing. A length other than the expected one is told, and
    /// nothing is copied.
    /// </summary>
    public static (byte[] Sha256, long Length)? ReadChunk(SqliteConnection db, long blob, long n, byte[] buffer, int expected)
    {
        ChunkRow? row = db.QuerySingleOrDefault<ChunkRow>(
            "SELECT rowid AS RowId, sha256 AS Sha256, length(data) AS Length FROM roost_blob_chunk WHERE blob = @blob AND n = @n", new { blob, n });
        if (row is null) return null;
        if (row.Length == expected)
        {
            using var data = new SqliteBlob(db, "roost_blob_chunk", "data", row.RowId, readOnly: true);
            data.ReadExactly(buffer, 0, expected);
        }
        return (row.Sha256, row.Length);
    }

    public static bool Exists(SqliteConnection db, long blob) =>
        db.ExecuteScalar<long>("SELECT EXISTS (SELECT 1 FROM roost_blob WHERE key = @blob)", new { blob }) != 0;

    private static JsonElement MetadataOf(ListRow row)
    {
        try
        {
            return JsonText.Parse(Encoding.UTF8.GetBytes(row.Metadata!));
        }
        catch (JsonException e)
        {
            throw new DataCorruptException(
                $"The metadata of artifact \"{row.Name}\" of work item {row.WorkId}, version {row.Version}, is no JSON any more: the file is damaged. " +
                $"Restore a backup.",
                e
            );
        }
    }

    private static NotFoundException Missing(SqliteConnection db, long work, string workId, string name, int? version)
    {
        long[] versions =
        [
            .. db.Query<long>(
                "SELECT DISTINCT version FROM roost_artifact WHERE work = @work AND name = @name ORDER BY version DESC LIMIT @limit",
                new
                {
                    work,
                    name,
                    limit = NamesInMessage,
                }
            ),
        ];
        if (versions.Length > 0)
            return new($"Artifact \"{name}\" of work item {workId} has no version {version}; the latest are {string.Join(", ", versions)}.");
        string[] names = [.. db.Query<string>(
            "SELECT DISTINCT name FROM roost_artifact WHERE work = @work ORDER BY name LIMIT @limit", new { work, limit = NamesInMessage + 1 })];
        string there = names.Length == 0 ? "it has none"
            : $"it has {string.Join(", ", names.Take(NamesInMessage).Select(other => $"\"{other}\""))}{(names.Length > NamesInMessage ? " and more" : "")}";
        return new($"Work item {workId} has no artifact \"{name}\"; {there}.");
    }
}
