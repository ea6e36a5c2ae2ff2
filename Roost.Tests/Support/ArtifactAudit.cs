using System.Security.Cryptography;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>Reads every artifact of a data file with plain SQL: none is torn, and each is there exactly where the step that made it has committed.</summary>
internal static class ArtifactAudit
{
    /// <summary>How many bytes of content were found whole.</summary>
    public static long MustBeWhole(string path)
    {
        using SqliteConnection file = FileAudit.Open(path);
        file.Query<string>(
            """
            SELECT w.id || ' ' || a.name || ' at ' || a.version FROM artifact a LEFT JOIN work w ON w.key = a.work LEFT JOIN blob b ON b.key = a.blob
            WHERE w.key IS NULL OR a.version > w.version OR (a.uri IS NULL AND b.sha256 IS NULL)
            """).Should().BeEmpty("an artifact belongs to a committed step and its content was finished before");
        file.Query<string>(
            """
            SELECT w.id || ' version ' || s.version FROM snapshot s JOIN work w ON w.key = s.work
            WHERE s.data ->> 'artifact' IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM artifact a JOIN blob b ON b.key = a.blob WHERE a.work = s.work AND a.version = s.version AND lower(hex(b.sha256)) = s.data ->> 'artifact')
            """).Should().BeEmpty("what a step has attached is committed with its version");
        file.Query<long>("SELECT blob FROM blob_chunk WHERE blob NOT IN (SELECT key FROM blob)").Should().BeEmpty("a chunk belongs to a content");
        long whole = 0;
        foreach ((long blob, byte[] sha256, long size) in file.Query<(long, byte[], long)>("SELECT key, sha256, size FROM blob WHERE sha256 IS NOT NULL").ToList())
            whole += MustBeWhole(file, blob, sha256, size);
        return whole;
    }

    /// <summary>No content is kept that belongs to nobody.</summary>
    public static void MustHaveNoLeftovers(string path) =>
        FileAudit.Count(path, "blob WHERE key NOT IN (SELECT blob FROM artifact WHERE blob IS NOT NULL)").Should().Be(0, "what a dead worker was uploading is collected");

    private static long MustBeWhole(SqliteConnection file, long blob, byte[] sha256, long size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long read = 0, chunks = 0;
        foreach ((long n, byte[] chunkSha256, byte[] data) in file.Query<(long, byte[], byte[])>("SELECT n, sha256, data FROM blob_chunk WHERE blob = @blob ORDER BY n", new { blob }, buffered: false))
        {
            n.Should().Be(chunks++, $"no chunk of content {blob} is missing");
            SHA256.HashData(data).Should().Equal(chunkSha256, $"chunk {n} of content {blob} is whole");
            hash.AppendData(data);
            read += data.Length;
        }
        read.Should().Be(size, $"content {blob} is there to its end");
        hash.GetHashAndReset().Should().Equal(sha256, $"content {blob} is what was uploaded");
        return size;
    }
}
