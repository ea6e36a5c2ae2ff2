using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of the counts that the transitions keep, and of what waits in each lane.</summary>
internal static class EngineQueries
{
    private const int MaxPriorities = 100;

    internal sealed class CountRow
    {
        public string Engine { get; init; } = "";
        public string Queue { get; init; } = "";
        public string Condition { get; init; } = "";
        public long N { get; init; }
    }

    internal sealed class LaneRow
    {
        public long Key { get; init; }
        public string Engine { get; init; } = "";
        public string Queue { get; init; } = "";
        public int StateVersion { get; init; }
        public long Ready { get; init; }
        public long DueAt { get; init; }
    }

    public static WorkCounts Counts(SqliteConnection db, long now)
    {
        List<QueueCounts> lines = db.Query<CountRow>(
            """
            SELECT l.engine AS Engine, l.queue AS Queue, c.condition AS Condition, sum(c.n) AS N
            FROM roost_lane l JOIN roost_lane_count c ON c.lane = l.key GROUP BY l.engine, l.queue, c.condition ORDER BY l.engine, l.queue
            """)
            .Concat(OverPauses(db, now))
            .GroupBy(row => (row.Engine, row.Queue), row => (row.Condition, row.N))
            .Select(group => new QueueCounts
            {
                Engine = group.Key.Engine,
                Queue = group.Key.Queue,
                Counts = Sum(group.GroupBy(it => it.Condition).ToDictionary(it => it.Key, it => it.Sum(one => one.N))),
            })
            .ToList();
        return new() { Queues = lines, Total = Sum(lines), Pauses = PauseQueries.Wide(db, now) };
    }

    /// <summary>What is marked still though its pause is over by now counts no more; as a rule there is nothing of the kind while a worker runs.</summary>
    private static IEnumerable<CountRow> OverPauses(SqliteConnection db, long now) => db.Query<CountRow>(
        """
        SELECT l.engine AS Engine, l.queue AS Queue, 'paused' AS Condition, -1 AS N
        FROM roost_pause p CROSS JOIN roost_work w ON w.key = p.work CROSS JOIN roost_lane l ON l.key = w.lane WHERE p.until <= @now
        """, new { now });

    public static IReadOnlyList<EngineInfo> Engines(SqliteConnection db, IReadOnlyList<WorkerInfo> workers, long now)
    {
        var servedLanes = new ServedLanes(workers);
        ILookup<string, LaneRow> lanes = ReadLanes(db).ToLookup(lane => lane.Engine);
        WorkCounts all = Counts(db, now);
        ILookup<string, QueueCounts> counts = all.Queues.ToLookup(line => line.Engine);
        IEnumerable<string> served = workers.Where(worker => worker.IsAlive).SelectMany(worker => worker.Engines).Select(engine => engine.EngineId);
        return counts.Select(group => group.Key).Union(served).Order(StringComparer.Ordinal).Select(engine => new EngineInfo
        {
            EngineId = engine,
            Queues = [.. counts[engine]],
            Counts = Sum(counts[engine]),
            Workers = servedLanes.WorkersOf(engine),
            OldestReady = OldestOf(db, lanes[engine]),
            Unserved = Unserved(lanes[engine], servedLanes, all.Pauses, now),
            Pause = all.Pauses.FirstOrDefault(pause => pause.Target == PauseTarget.Engine(engine)),
        }).ToList();
    }

    /// <summary>The lanes with something ready or delayed; the others have nothing to tell here.</summary>
    private static List<LaneRow> ReadLanes(SqliteConnection db) => db.Query<LaneRow>(
        """
        SELECT l.key AS Key, l.engine AS Engine, l.queue AS Queue, l.state_version AS StateVersion,
               sum(CASE c.condition WHEN 'ready' THEN c.n ELSE 0 END) AS Ready,
               coalesce((SELECT w.due_at FROM roost_work w WHERE w.lane = l.key AND w.due_at IS NOT NULL ORDER BY w.due_at LIMIT 1), -1) AS DueAt
        FROM roost_lane_count c CROSS JOIN roost_lane l ON l.key = c.lane WHERE c.condition IN ('ready', 'delayed') AND c.n > 0 GROUP BY c.lane
        """).OrderBy(lane => lane.Queue, StringComparer.Ordinal).ThenBy(lane => lane.StateVersion).ToList();

    private static List<UnservedWork> Unserved(IEnumerable<LaneRow> lanes, ServedLanes served, IReadOnlyList<PauseInfo> pauses, long now)
    {
        var unserved = new List<UnservedWork>();
        foreach (LaneRow lane in lanes)
        {
            long? due = lane.DueAt >= 0 && lane.DueAt <= now ? lane.DueAt : null;
            if (lane.Ready == 0 && due is null) continue;
            PauseInfo? pause = PauseQueries.Covering(pauses, lane.Engine, lane.Queue).FirstOrDefault();
            if ((pause is null ? served.WhyUnserved(lane.Engine, lane.Queue, lane.StateVersion) : PauseQueries.InWords(pause)) is { } why)
                unserved.Add(new() { Queue = lane.Queue, StateVersion = lane.StateVersion, Ready = lane.Ready, DueSince = StoredTime.Read(due), Why = why });
        }
        return unserved;
    }

    /// <summary>One probe for each priority of each lane.</summary>
    private static List<OldestReady> OldestOf(SqliteConnection db, IEnumerable<LaneRow> lanes)
    {
        var oldest = new SortedDictionary<int, long>();
        foreach (int solo in (int[])[0, 1])
        {
            // The condition on solo is fixed text because a partial index is chosen by it.
            using var head = new Statement(db.Handle!,
                $"""
                SELECT priority, ready_at FROM roost_work
                WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = {solo} AND priority < ?2 ORDER BY priority DESC, ready_seq LIMIT 1
                """);
            foreach (LaneRow lane in lanes.Where(lane => lane.Ready > 0))
            {
                long below = long.MaxValue;
                for (int n = 0; n < MaxPriorities && head.Bind(1, lane.Key).Bind(2, below).Step(); n++)
                {
                    (int priority, long at) = (head.Int32(0), head.Int64(1));
                    head.Reset();
                    if (!oldest.TryGetValue(priority, out long known) || at < known) oldest[priority] = at;
                    below = priority;
                }
            }
        }
        return oldest.Reverse().Take(MaxPriorities).Select(it => new OldestReady(it.Key, StoredTime.Read(it.Value))).ToList();
    }

    private static StateCounts Sum(IEnumerable<QueueCounts> lines) => lines.Aggregate(StateCounts.None, (sum, line) => sum.Plus(line.Counts));

    private static StateCounts Sum(Dictionary<string, long> n) => new()
    {
        Ready = n.GetValueOrDefault("ready"),
        Delayed = n.GetValueOrDefault("delayed"),
        Blocked = n.GetValueOrDefault("blocked"),
        Running = n.GetValueOrDefault("running"),
        Waiting = n.GetValueOrDefault("waiting"),
        Done = n.GetValueOrDefault("done"),
        Failed = n.GetValueOrDefault("failed"),
        Cancelled = n.GetValueOrDefault("cancelled"),
        Paused = n.GetValueOrDefault("paused"),
    };
}
