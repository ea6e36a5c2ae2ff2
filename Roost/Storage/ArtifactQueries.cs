using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>Reads of what a work item has produced, without the bytes.</summary>
internal static class ArtifactQueries
{
    private sealed class Row
    {
        public string Name { get; init; } = "";
        public int Version { get; init; }
        public string Kind { get; init; } = "";
        public string MediaType { get; init; } = "";
        public long? Size { get; init; }
        public byte[]? Sha256 { get; init; }
        public string? Uri { get; init; }
        public string? Metadata { get; init; }
        public long At { get; init; }
    }

    public static IReadOnlyList<Artifact> List(SqliteConnection db, long work, string workId) => db.Query<Row>(
        """
        SELECT a.name AS Name, a.version AS Version, a.kind AS Kind, a.media_type AS MediaType, b.size AS Size, b.sha256 AS Sha256, a.uri AS Uri,
               a.metadata AS Metadata, a.at AS At
        FROM artifact a LEFT JOIN blob b ON b.key = a.blob
        WHERE a.work = @work ORDER BY a.version, a.key
        """, new { work })
        .Select(row => new Artifact(
            workId, row.Name, row.Version, ArtifactNames.ParseKind(row.Kind), row.MediaType, row.Size,
            row.Sha256 is null ? null : Convert.ToHexStringLower(row.Sha256), row.Uri,
            row.Metadata is null ? null : JsonSerializer.Deserialize<JsonElement>(row.Metadata), StoredTime.Read(row.At))).ToList();
}
