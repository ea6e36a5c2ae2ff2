using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>
/// Each artifact is there exactly where the step that made it has committed; that none is torn is among the rules of <see cref="FileAudit"/>.
/// </summary>
internal static class ArtifactAudit
{
    /// <summary>How many bytes of content there are.</summary>
    public static long MustBeThere(string path)
    {
        using SqliteConnection file = FileAudit.Open(path);
        file.Query<string>(
            """
            SELECT w.id || ' ' || a.name || ' at ' || a.version FROM roost_artifact a
            LEFT JOIN roost_work w ON w.key = a.work LEFT JOIN roost_blob b ON b.key = a.blob
            WHERE w.key IS NULL OR a.version > w.version OR (a.uri IS NULL AND b.sha256 IS NULL)
            """).Should().BeEmpty("an artifact belongs to a committed step and its content was finished before");
        file.Query<string>(
            """
            SELECT w.id || ' version ' || s.version FROM roost_snapshot s JOIN roost_work w ON w.key = s.work
            WHERE state_of(s.work, s.version) ->> 'artifact' IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM roost_artifact a JOIN roost_blob b ON b.key = a.blob
                WHERE a.work = s.work AND a.version = s.version AND lower(hex(b.sha256)) = state_of(s.work, s.version) ->> 'artifact')
            """).Should().BeEmpty("what a step has attached is committed with its version");
        return file.ExecuteScalar<long>("SELECT coalesce(sum(size), 0) FROM roost_blob WHERE sha256 IS NOT NULL");
    }

    /// <summary>No content is kept that belongs to nobody.</summary>
    public static void MustHaveNoLeftovers(string path) =>
        FileAudit
            .Count(path, "roost_blob WHERE key NOT IN (SELECT blob FROM roost_artifact WHERE blob IS NOT NULL)")
            .Should()
            .Be(0, "what a dead worker was uploading is collected");
}
