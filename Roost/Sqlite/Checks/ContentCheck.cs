using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Checks;

/// <summary>Compares every payload, snapshot, signal, answer, effect and artifact of a file with its SHA-256.</summary>
internal static class ContentCheck
{
    private const string Contents =
        """
        SELECT 'payload of ' || w.id, i.payload, i.payload_sha256 FROM roost_work_input i JOIN roost_work w ON w.key = i.work WHERE i.payload_sha256 IS NOT NULL
        UNION ALL
        SELECT 'signal ' || s.name || ' (' || s.key || ') to ' || w.id, s.payload, s.sha256 FROM roost_signal s JOIN roost_work w ON w.key = s.work
        UNION ALL
        SELECT 'answer to question ' || a.id, a.answer, a.answer_sha256 FROM roost_ask a WHERE a.answer IS NOT NULL
        UNION ALL
        SELECT 'effect ' || e.path || ' of ' || w.id || ' at version ' || e.version, e.result, e.sha256 FROM roost_effect e JOIN roost_work w ON w.key = e.work
        WHERE e.result IS NOT NULL
        UNION ALL
        SELECT 'chunk ' || c.n || ' of content ' || c.blob, c.data, c.sha256 FROM roost_blob_chunk c
        """;

    private const string Chunks =
        "SELECT b.key, b.sha256, c.data FROM roost_blob b JOIN roost_blob_chunk c ON c.blob = b.key WHERE b.sha256 IS NOT NULL ORDER BY b.key, c.n";

    /// <summary>What does not match, in words; and how much was looked at.</summary>
    public static (IReadOnlyList<string> Damaged, long Examined) Run(SqliteConnection db, CancellationToken cancellationToken)
    {
        (List<string> damaged, long examined) = VersionCheck.Run(db, cancellationToken);
        using (var contents = new Statement(db.Handle!, Contents))
            while (contents.Step())
            {
                cancellationToken.ThrowIfCancellationRequested();
                examined++;
                if (!Damage.IsWhole(contents.Bytes(1), contents.Bytes(2))) damaged.Add(contents.Text(0));
            }
        damaged.AddRange(WholeContents(db, cancellationToken));
        return (damaged, examined);
    }

    /// <summary>Chunks that are each as they were written, and are not those of their content.</summary>
    private static IEnumerable<string> WholeContents(SqliteConnection db, CancellationToken cancellationToken)
    {
        using var chunks = new Statement(db.Handle!, Chunks);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        (long blob, byte[] expected) = (0, []);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool any = chunks.Step();
            if (blob != 0 && (!any || chunks.Int64(0) != blob) && !hash.GetHashAndReset().AsSpan().SequenceEqual(expected)) yield return $"content {blob}";
            if (!any) yield break;
            if (chunks.Int64(0) != blob) (blob, expected) = (chunks.Int64(0), chunks.Bytes(1).ToArray());
            hash.AppendData(chunks.Bytes(2));
        }
    }
}
