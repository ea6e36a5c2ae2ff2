using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of the groups of dead letters. Their counts are kept; the text of one of each is read.</summary>
internal static class DeadLetterGroupQueries
{
    public static DeadLetterGroupList Largest(SqliteConnection db, int limit)
    {
        using var groups = new Statement(
            db.Handle!,
            "SELECT g.key, g.engine, g.reason, g.error_type, g.n FROM roost_dead_letter_group g WHERE g.n > 0 ORDER BY g.n DESC LIMIT ?1"
        );
        using var last = new Statement(
            db.Handle!,
            "SELECT f.at, w.id, coalesce(f.cause_message, f.message) FROM roost_failure f CROSS JOIN roost_work w ON w.key = f.work WHERE f.group_key = " +
            "?1 ORDER BY f.at DESC, f.work DESC LIMIT 1"
        );
        using var first = new Statement(db.Handle!, "SELECT f.at FROM roost_failure f WHERE f.group_key = ?1 ORDER BY f.at LIMIT 1");
        using var failed = new Statement(db.Handle!, "SELECT coalesce(sum(c.n), 0) FROM roost_lane_count c WHERE c.condition = 'failed'");
        var items = new List<DeadLetterGroup>();
        bool isComplete = true;
        groups.Bind(1, limit + 1);
        while (groups.Step())
        {
            if (items.Count == limit)
            {
                isComplete = false;
                groups.Reset();
                break;
            }
            long key = groups.Int64(0);
            if (!last.Bind(1, key).Step())
                throw new DataCorruptException(
                    $"Group {GroupKey.NameOf(key)} of dead letters counts {groups.Int64(4)}, and none is in it: the file is damaged. 'roost doctor " +
                    $"--full' tells more."
                );
            long firstAt = first.Bind(1, key).Scalar() ?? 0;
            items.Add(new()
            {
                Key = GroupKey.NameOf(key),
                Engine = groups.Text(1),
                Reason = groups.Text(2),
                ErrorType = groups.NullableText(3),
                Count = groups.Int64(4),
                FirstFailedAt = StoredTime.Read(firstAt),
                LastFailedAt = StoredTime.Read(last.Int64(0)),
                LastWorkId = last.Text(1),
                LastError = last.Text(2),
            });
            last.Reset();
        }
        long total = failed.Scalar() ?? 0;
        return new() { Items = items, IsComplete = isComplete, Total = total, Others = total - items.Sum(group => group.Count) };
    }
}
