using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>More that must hold in any file at any time. Each statement returns what violates it.</summary>
internal static class FurtherInvariants
{
    private static readonly (string Because, string Sql)[] All =
    [
        ("a running item holds all its names",
            "SELECT w.id || ' lacks ' || n.name FROM work w JOIN work_resource n ON n.work = w.key LEFT JOIN resource r ON r.name = n.name AND r.work = w.key WHERE w.state = 'running' AND r.name IS NULL"),
        ("a name is held by an item that asks for it",
            "SELECT r.name FROM resource r WHERE NOT EXISTS (SELECT 1 FROM work_resource n WHERE n.work = r.work AND n.name = r.name)"),
        ("an item waits for a name that it asks for and does not hold",
            """
            SELECT w.id || ' waits for ' || w.blocked_on FROM work w WHERE w.blocked_on IS NOT NULL
            AND (w.place IS NULL OR EXISTS (SELECT 1 FROM resource r WHERE r.name = w.blocked_on AND r.work = w.key)
                OR NOT EXISTS (SELECT 1 FROM work_resource n WHERE n.work = w.key AND n.name = w.blocked_on))
            """),
        ("without a worker, only what is held for life is held by what does not run",
            """
            SELECT r.name FROM resource r JOIN work w ON w.key = r.work WHERE w.state = 'queued' AND NOT EXISTS (SELECT 1 FROM worker)
            AND NOT (w.hold_for_life = 1 AND (w.version > 0 OR w.failures > 0 OR w.interruptions > 0))
            """),
        ("the number of names is the number of names",
            "SELECT w.id FROM work w WHERE w.resource_count <> (SELECT count(*) FROM work_resource n WHERE n.work = w.key)"),
        ("a queued item stands in one place of one order",
            "SELECT w.id FROM work w WHERE w.state = 'queued' AND (w.ready_seq IS NOT NULL) + (w.due_at IS NOT NULL) + (w.blocked_on IS NOT NULL) <> 1"),
        ("no two items stand in one place",
            "SELECT ready_seq FROM work WHERE ready_seq IS NOT NULL GROUP BY ready_seq HAVING count(*) > 1"),
        ("who is asked to stop runs, or has ended",
            "SELECT w.id FROM work w WHERE w.state = 'queued' AND w.cancel_requested <> 0"),
        ("what has ended has its time, and nothing else has",
            "SELECT w.id FROM work w WHERE (w.state IN ('done', 'failed', 'cancelled')) <> (w.ended_at IS NOT NULL)"),
        ("a dead letter has its reason, and what is done has none",
            "SELECT w.id FROM work w LEFT JOIN failure f ON f.work = w.key WHERE (w.state = 'failed' AND f.work IS NULL) OR (w.state = 'done' AND f.work IS NOT NULL)"),
        ("nothing is held against what is done",
            "SELECT w.id FROM work w WHERE w.state = 'done' AND (w.failures <> 0 OR w.interruptions <> 0)"),
        ("a key of an item and the item of a key are the same",
            """
            SELECT k.key FROM idempotency k LEFT JOIN work w ON w.key = k.work LEFT JOIN work_input i ON i.work = k.work LEFT JOIN lane l ON l.key = w.lane
            WHERE i.idempotency_key IS NOT k.key OR l.engine IS NOT k.engine
            UNION ALL
            SELECT i.idempotency_key FROM work_input i WHERE i.idempotency_key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM idempotency k WHERE k.work = i.work)
            """),
        ("no version is beyond the item's",
            "SELECT w.id || ' version ' || s.version FROM snapshot s JOIN work w ON w.key = s.work WHERE s.version > w.version"),
        ("every item has its input and its lane",
            "SELECT w.id FROM work w LEFT JOIN work_input i ON i.work = w.key LEFT JOIN lane l ON l.key = w.lane WHERE i.work IS NULL OR l.key IS NULL"),
        ("nothing is left of items that are gone",
            """
            SELECT t || ' of item ' || work FROM (
                SELECT 'snapshot' AS t, work FROM snapshot UNION SELECT 'event', work FROM event WHERE work IS NOT NULL UNION SELECT 'artifact', work FROM artifact
                UNION SELECT 'failure', work FROM failure UNION SELECT 'input', work FROM work_input UNION SELECT 'name', work FROM work_resource
                UNION SELECT 'resource', work FROM resource UNION SELECT 'key', work FROM idempotency)
            WHERE work NOT IN (SELECT key FROM work)
            """),
        ("content belongs to an artifact or is pinned",
            "SELECT b.key FROM blob b WHERE NOT EXISTS (SELECT 1 FROM artifact a WHERE a.blob = b.key) AND NOT EXISTS (SELECT 1 FROM blob_pin p WHERE p.blob = b.key)"),
        ("content is complete",
            """
            SELECT a.name FROM artifact a LEFT JOIN blob b ON b.key = a.blob WHERE a.blob IS NOT NULL
            AND (b.sha256 IS NULL OR b.size <> (SELECT coalesce(sum(length(c.data)), 0) FROM blob_chunk c WHERE c.blob = a.blob))
            """),
        ("no number of an event is given out twice",
            "SELECT max(seq) FROM event HAVING max(seq) > (SELECT max(event_seq) FROM writer)"),
    ];

    public static void MustHold(string path)
    {
        using SqliteConnection file = FileAudit.Open(path);
        foreach ((string because, string sql) in All) file.Query<string>(sql).Should().BeEmpty(because);
    }
}
