namespace Roost.Sqlite.Files;

/// <summary>What holds in every file at any time: a rule that `doctor` and the tests check alike.</summary>
/// <param name="Name">How the check is called.</param>
/// <param name="Rule">What holds, in words.</param>
/// <param name="Violations">A statement whose rows say, in one column, where it does not hold.</param>
internal sealed record Invariant(string Name, string Rule, string Violations)
{
    /// <summary>Of a row of work named w: it keeps its life-long resources while it is not ended, as <c>WorkRow.HoldsForLife</c> says.</summary>
    public const string HoldsForLifeSql = "(w.hold_for_life = 1 AND w.blocked_on IS NULL AND (w.version > 0 OR w.failures > 0 OR w.interruptions > 0))";

    private const string ConditionOf =
        "CASE WHEN state <> 'queued' THEN state WHEN ready_seq IS NOT NULL OR (paused = 1 AND place IS NOT NULL) THEN 'ready' " +
        "WHEN due_at IS NOT NULL THEN 'delayed' ELSE 'blocked' END";

    private const string IsNoTime = "NOT BETWEEN -62135596800000 AND 253402300799999"; // Of the years 1 to 9999, in milliseconds.

    // Where events were trimmed, an item's first ones may be gone.
    private const string EventsAreWhole = "NOT EXISTS (SELECT 1 FROM roost_meta WHERE key = 'events_watermark')";

    public static IReadOnlyList<Invariant> All { get; } =
    [
        new("counts", "the counts of each lane are those of its items",
            $"""
            SELECT lane || '/' || condition || ': counted ' || sum(counted) || ', real ' || sum(truth) FROM (
                SELECT lane, condition, n AS counted, 0 AS truth FROM roost_lane_count
                UNION ALL
                SELECT lane, {ConditionOf}, 0, count(*) FROM roost_work GROUP BY 1, 2
                UNION ALL
                SELECT lane, 'paused', 0, count(*) FROM roost_work WHERE paused = 1 GROUP BY 1)
            GROUP BY lane, condition HAVING sum(counted) <> sum(truth)
            """),
        new("lanes", "counts are kept of lanes that are there",
            "SELECT lane || '/' || condition FROM roost_lane_count WHERE lane NOT IN (SELECT key FROM roost_lane)"),
        new("children", "what is kept of an item's children is what they are",
            $"""
            SELECT 'children of ' || parent || ': ' || open || ' open, ' || waiting || ' waiting, ' || done || ' done, ' || failed || ' failed and '
                || cancelled || ' cancelled too many' FROM (
                SELECT parent, sum(open) AS open, sum(waiting) AS waiting, sum(done) AS done, sum(failed) AS failed, sum(cancelled) AS cancelled FROM (
                    SELECT parent, open, waiting, done, failed, cancelled FROM roost_child_count
                    UNION ALL
                    SELECT parent, -(state NOT IN ('done', 'failed', 'cancelled')), -(state = 'waiting'), -(state = 'done'), -(state = 'failed'),
                        -(state = 'cancelled')
                    FROM roost_work WHERE parent IN (SELECT key FROM roost_work))
                GROUP BY parent)
            WHERE open <> 0 OR waiting <> 0 OR done <> 0 OR failed <> 0 OR cancelled <> 0
            UNION ALL
            SELECT 'children of ' || parent || ', which is gone' FROM roost_child_count WHERE parent NOT IN (SELECT key FROM roost_work)
            """),
        new("ends of children", "the ends that an item is to be shown are numbered, and of those that are open it counts each that is not detached",
            """
            SELECT 'children of ' || parent || ': counted ' || sum(awaited) || ', real ' || sum(truth) FROM (
                SELECT parent, awaited, 0 AS truth FROM roost_child_count
                UNION ALL
                SELECT parent, 0, count(*) FROM roost_work WHERE detached = 0 AND ended_at IS NULL AND parent IN (SELECT key FROM roost_work) GROUP BY 1)
            GROUP BY parent HAVING sum(awaited) <> sum(truth)
            UNION ALL
            SELECT 'children of ' || c.parent || ': ' || c.ends || ' ends, ' || count(e.n) || ' kept, the last shown ' || c.shown
            FROM roost_child_count c LEFT JOIN roost_child_end e ON e.parent = c.parent GROUP BY c.parent
            HAVING c.ends <> count(e.n) OR c.ends <> coalesce(max(e.n), 0) OR c.shown NOT BETWEEN 0 AND c.ends OR c.failed_end NOT BETWEEN 0 AND c.ends
            UNION ALL
            SELECT 'end of a child of ' || parent || ', which is gone' FROM roost_child_end WHERE parent NOT IN (SELECT key FROM roost_work)
            UNION ALL
            SELECT id || ' is detached from nothing' FROM roost_work WHERE detached <> 0 AND parent IS NULL
            """),
        new("joins", "nothing waits for children that have ended",
            """
            SELECT w.id || ' waits for ' || t.child_ends || ' ends' FROM roost_work w JOIN roost_wait t ON t.work = w.key AND t.wake IS NULL
            LEFT JOIN roost_child_count c ON c.parent = w.key
            WHERE w.state = 'waiting' AND t.child_ends IS NOT NULL AND (coalesce(c.awaited, 0) = 0
                OR (t.child_ends > 0 AND c.ends - c.shown >= t.child_ends) OR (t.or_failure <> 0 AND c.failed_end > c.shown))
            """),
        new("trees", "children are cancelled of what has ended",
            """
            SELECT 'children of ' || t.work FROM roost_tree_cancel t LEFT JOIN roost_work w ON w.key = t.work
            WHERE w.key IS NULL OR w.ended_at IS NULL
            """),
        new("times", "what is stored as a time is one",
            $"""
            SELECT id FROM roost_work WHERE created_at {IsNoTime} OR updated_at {IsNoTime} OR coalesce(ended_at, 0) {IsNoTime}
                OR coalesce(ready_at, 0) {IsNoTime} OR coalesce(due_at, 0) {IsNoTime} OR coalesce(delayed_at, 0) {IsNoTime}
                OR coalesce(claimed_at, 0) {IsNoTime} OR coalesce(deadline, 0) {IsNoTime}
            UNION ALL SELECT 'snapshot ' || work || ' version ' || version FROM roost_snapshot WHERE at {IsNoTime}
            UNION ALL SELECT 'failure of ' || work FROM roost_failure WHERE at {IsNoTime}
            UNION ALL SELECT 'event ' || seq FROM roost_event WHERE at {IsNoTime}
            UNION ALL SELECT 'artifact ' || key FROM roost_artifact WHERE at {IsNoTime}
            UNION ALL SELECT 'worker ' || id FROM roost_worker
                WHERE started_at {IsNoTime} OR heartbeat_at {IsNoTime} OR expires_at {IsNoTime} OR coalesce(claims_again_at, 0) {IsNoTime}
            UNION ALL SELECT 'end of ' || work FROM roost_end WHERE due_at {IsNoTime}
            UNION ALL SELECT 'resource ' || name FROM roost_resource WHERE since {IsNoTime}
            UNION ALL SELECT 'wait of ' || work FROM roost_wait
                WHERE since {IsNoTime} OR coalesce(until, 0) {IsNoTime} OR coalesce(woken_at, 0) {IsNoTime}
            UNION ALL SELECT 'pause ' || key FROM roost_pause WHERE since {IsNoTime} OR coalesce(until, 0) {IsNoTime}
            UNION ALL SELECT 'signal ' || key FROM roost_signal WHERE at {IsNoTime}
            UNION ALL SELECT 'effect ' || path || ' of ' || work FROM roost_effect WHERE begun_at {IsNoTime} OR coalesce(ended_at, 0) {IsNoTime}
            UNION ALL SELECT 'piece ' || key FROM roost_stream_piece WHERE at {IsNoTime}
            UNION ALL SELECT 'progress of ' || work FROM roost_progress WHERE at {IsNoTime}
            UNION ALL SELECT 'question ' || id FROM roost_ask WHERE asked_at {IsNoTime} OR coalesce(closed_at, 0) {IsNoTime}
            """),
        new("step counts", "an hour has at least the steps and failed tries of its minutes",
            """
            SELECT m.engine || '/' || m.step || ' in hour ' || m.hour
            FROM (SELECT at / 60 AS hour, engine, step, sum(steps) AS steps, sum(failures) AS failures FROM roost_step_tally WHERE span = 1 GROUP BY 1, 2, 3) m
            LEFT JOIN roost_step_tally h ON h.span = 60 AND h.at = m.hour AND h.engine = m.engine AND h.step = m.step
            WHERE coalesce(h.steps, -1) < m.steps OR coalesce(h.failures, -1) < m.failures
            """),
        new("events", "what an event says is JSON",
            "SELECT 'event ' || seq FROM roost_event WHERE data IS NOT NULL AND NOT json_valid(data)"),
        new("event times", "where the time of the events goes back is noted",
            """
            SELECT 'event ' || seq FROM (
                SELECT seq, at, lag(seq) OVER (ORDER BY seq) AS seq_before, lag(at) OVER (ORDER BY seq) AS at_before FROM roost_event) e
            WHERE at < at_before AND NOT EXISTS (SELECT 1 FROM roost_event_run r WHERE r.seq > e.seq_before AND r.seq <= e.seq)
            """),
        new("versions", "a version is committed once",
            """
            SELECT w.id || ' version ' || (e.data ->> 'version') FROM roost_event e JOIN roost_work w ON w.key = e.work
            WHERE e.kind IN ('stepped', 'done', 'edited')
            GROUP BY e.work, e.data ->> 'version' HAVING count(*) > 1
            """),
        new("steps", "each version has its event",
            $"""
            SELECT w.id || ' is at ' || w.version || ', events say ' || count(e.seq) FROM roost_work w
            LEFT JOIN roost_event e ON e.work = w.key AND e.kind IN ('stepped', 'done', 'edited') WHERE {EventsAreWhole}
            GROUP BY w.key HAVING count(e.seq) <> w.version OR coalesce(max(CAST(e.data ->> 'version' AS INTEGER)), 0) <> w.version
            """),
        new("states", "an item's state is what its last event says",
            """
            SELECT w.id || ' is ' || w.state || ', its last event is ' || e.kind FROM roost_work w
            JOIN roost_event e ON e.seq = (
                SELECT max(seq) FROM roost_event WHERE work = w.key
                AND kind NOT LIKE 'engine.%' AND kind NOT IN (
                    'triggered', 'trigger_skipped', 'priority_changed', 'cancel_requested', 'signalled', 'signal_dropped', 'answered', 'ask_withdrawn',
                    'run_again', 'end_told', 'end_untold', 'tree_cancelled', 'paused', 'resumed', 'pause_over'))
            WHERE NOT CASE w.state
                WHEN 'running' THEN e.kind IN ('claimed', 'stepped')
                WHEN 'queued' THEN e.kind IN (
                    'enqueued', 'blocked', 'stepped', 'step_failed', 'retry_after', 'interrupted', 'released', 'retried', 'requeued', 'woken')
                WHEN 'waiting' THEN e.kind = 'waiting'
                WHEN 'cancelled' THEN e.kind IN ('cancelled', 'discarded')
                ELSE e.kind = w.state END
            """),
        new("snapshots", "the version that an item is at is kept, and none beyond it",
            """
            SELECT w.id || ' is at ' || w.version || ', its last snapshot is ' || coalesce(max(s.version), 'missing') FROM roost_work w
            LEFT JOIN roost_snapshot s ON s.work = w.key GROUP BY w.key HAVING coalesce(max(s.version), 0) <> w.version
            """),
        new("differences", "each version that is stored as a difference has what it is built on",
            """
            SELECT 'version ' || s.version || ' of ' || s.work FROM roost_snapshot s WHERE s.whole IS NOT NULL AND (
                s.edits IS NULL OR s.size IS NULL OR s.row_sha256 IS NULL
                OR NOT EXISTS (SELECT 1 FROM roost_snapshot b WHERE b.work = s.work AND b.version = s.version - 1 AND coalesce(b.whole, b.version) = s.whole)
                OR NOT EXISTS (SELECT 1 FROM roost_work_input i WHERE i.work = s.work AND i.differences <> 0))
            UNION ALL
            SELECT 'version ' || s.version || ' of ' || s.work || ' is no difference' FROM roost_snapshot s
            WHERE s.whole IS NULL AND (s.edits IS NOT NULL OR s.size IS NOT NULL OR s.row_sha256 IS NOT NULL)
            """),
        new("inputs", "each item has its payload and its lane",
            """
            SELECT w.id FROM roost_work w WHERE NOT EXISTS (SELECT 1 FROM roost_work_input i WHERE i.work = w.key)
            OR NOT EXISTS (SELECT 1 FROM roost_lane l WHERE l.key = w.lane)
            """),
        new("holders", "whoever holds a lease is a registered worker",
            "SELECT w.id FROM roost_work w WHERE w.state = 'running' AND w.worker NOT IN (SELECT key FROM roost_worker)"),
        new("resources", "a name is held by an item that asks for it and has not ended",
            """
            SELECT r.name FROM roost_resource r LEFT JOIN roost_work w ON w.key = r.work LEFT JOIN roost_work_resource n ON n.work = r.work AND n.name = r.name
            WHERE w.key IS NULL OR n.work IS NULL OR w.state IN ('done', 'failed', 'cancelled')
            """),
        new("names", "the number of names that an item asks for is the number of its names",
            "SELECT w.id FROM roost_work w WHERE w.resource_count <> (SELECT count(*) FROM roost_work_resource n WHERE n.work = w.key)"),
        new("idle_names", "without a worker, what does not run holds only what it holds for life",
            $"""
            SELECT r.name FROM roost_resource r JOIN roost_work w ON w.key = r.work WHERE w.state = 'queued' AND NOT EXISTS (SELECT 1 FROM roost_worker)
            AND NOT {HoldsForLifeSql}
            """),
        new("running_names", "an item that runs holds all its names",
            """
            SELECT w.id || ' lacks ' || n.name FROM roost_work w JOIN roost_work_resource n ON n.work = w.key
            LEFT JOIN roost_resource r ON r.name = n.name AND r.work = w.key
            WHERE w.state = 'running' AND r.name IS NULL
            """),
        new("waiters", "an item waits for a name that it asks for and does not hold",
            """
            SELECT w.id || ' waits for ' || w.blocked_on FROM roost_work w LEFT JOIN roost_resource r ON r.name = w.blocked_on
            LEFT JOIN roost_work_resource n ON n.work = w.key AND n.name = w.blocked_on
            WHERE w.blocked_on IS NOT NULL AND (r.work = w.key OR n.name IS NULL OR w.place IS NULL)
            """),
        new("wakings", "a name that an item waits for is held by somebody, where a worker serves the item",
            """
            SELECT w.id || ' waits for ' || w.blocked_on FROM roost_work w JOIN roost_lane l ON l.key = w.lane
            WHERE w.blocked_on IS NOT NULL AND NOT EXISTS (SELECT 1 FROM roost_resource r WHERE r.name = w.blocked_on)
            AND EXISTS (SELECT 1 FROM roost_worker h WHERE EXISTS (SELECT 1 FROM json_each(h.queues) q WHERE q.value = l.queue)
                AND EXISTS (SELECT 1 FROM json_each(h.engines) e WHERE e.value ->> 'id' = l.engine AND e.value ->> 'state_version' >= l.state_version))
            AND NOT EXISTS (SELECT 1 FROM roost_pause p WHERE p.work IS NULL AND p.scope = 'file')
            AND NOT EXISTS (SELECT 1 FROM roost_pause p WHERE p.work IS NULL AND p.scope = 'engine' AND coalesce(p.name, '') = l.engine)
            AND NOT EXISTS (SELECT 1 FROM roost_pause p WHERE p.work IS NULL AND p.scope = 'queue' AND coalesce(p.name, '') = l.queue)
            """),
        new("places", "a queued item stands in one place of one order, and no other stands there",
            """
            SELECT id FROM roost_work WHERE state = 'queued' AND (ready_seq IS NOT NULL) + (due_at IS NOT NULL) + (blocked_on IS NOT NULL)
                + (paused = 1 AND place IS NOT NULL) <> 1
            UNION ALL
            SELECT 'place ' || place FROM (
                SELECT ready_seq AS place FROM roost_work WHERE ready_seq IS NOT NULL
                UNION ALL
                SELECT place FROM roost_work WHERE paused = 1 AND place IS NOT NULL)
            GROUP BY place HAVING count(*) > 1
            """),
        new("paused items", "an item is marked that has a pause, no other is, and who is marked stands in no order that leads to a claim",
            """
            SELECT w.id FROM roost_work w LEFT JOIN roost_pause p ON p.work = w.key
            WHERE (w.paused = 1) <> (p.work IS NOT NULL) OR (w.paused = 1 AND (w.ready_seq IS NOT NULL OR w.blocked_on IS NOT NULL OR w.ended_at IS NOT NULL))
            UNION ALL
            SELECT 'pause of ' || scope || ' ' || coalesce(name, '') FROM roost_pause WHERE work IS NULL GROUP BY scope, name HAVING count(*) > 1
            """),
        new("paused names", "what is paused and does not run holds only what it holds for life",
            $"""
            SELECT w.id || ' holds ' || r.name FROM roost_work w JOIN roost_resource r ON r.work = w.key
            WHERE w.paused = 1 AND w.state <> 'running' AND NOT {HoldsForLifeSql}
            """),
        new("waits", "what waits says for what, what was woken says by what, and nothing else does",
            """
            SELECT w.id || ' waits for nothing' FROM roost_work w
            WHERE w.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM roost_wait t WHERE t.work = w.key AND t.version = w.version AND t.wake IS NULL)
                AND NOT EXISTS (SELECT 1 FROM roost_ask a WHERE a.work = w.key AND a.version = w.version AND a.state = 'open' AND a.effect IS NOT NULL)
            UNION ALL
            SELECT w.id || ' is ' || w.state || ' and waits' FROM roost_wait t JOIN roost_work w ON w.key = t.work
            WHERE t.wake IS NULL AND w.state NOT IN ('waiting', 'failed', 'cancelled') OR t.version <> w.version
            UNION ALL
            SELECT 'wait of ' || work || ' for what is no list of names' FROM roost_wait WHERE NOT json_valid(signals)
            UNION ALL
            SELECT 'wait of ' || t.work || ' was woken by a signal that is gone' FROM roost_wait t
            WHERE t.signal IS NOT NULL AND NOT EXISTS (SELECT 1 FROM roost_signal s WHERE s.key = t.signal AND s.work = t.work)
            """),
        new("questions", "a question is open while its item waits for the answer, and closed with its wait",
            """
            SELECT 'question ' || a.id || ' is open' FROM roost_ask a WHERE a.state = 'open' AND a.effect IS NULL AND NOT EXISTS (
                SELECT 1 FROM roost_wait t JOIN roost_work w ON w.key = t.work
                WHERE t.work = a.work AND t.ask = a.key AND t.wake IS NULL AND w.state = 'waiting')
            UNION ALL
            SELECT 'question of ' || w.id || ' is ' || coalesce(a.state, 'gone') FROM roost_work w JOIN roost_wait t ON t.work = w.key
            LEFT JOIN roost_ask a ON a.key = t.ask AND a.work = w.key WHERE w.state = 'waiting' AND t.ask IS NOT NULL AND a.state IS NOT 'open'
            UNION ALL
            SELECT 'question ' || a.id || ' is ' || a.state || ', its item was woken by ' || t.wake FROM roost_wait t JOIN roost_ask a ON a.key = t.ask
            WHERE t.wake IS NOT NULL
                AND a.state <> CASE t.wake WHEN 'answer' THEN 'answered' WHEN 'withdrawn' THEN 'withdrawn' WHEN 'timeout' THEN 'expired' ELSE 'closed' END
            UNION ALL
            SELECT 'question ' || id FROM roost_ask WHERE NOT json_valid(schema) OR NOT json_valid(artifacts) OR (answer IS NOT NULL AND NOT json_valid(answer))
            """),
        new("effects",
            "an effect is of a step that its item has begun, what is recorded of it is JSON, and who is asked about it is asked by an item that waits",
            """
            SELECT 'effect ' || e.path || ' of ' || w.id || ' at version ' || e.version || ', which is at ' || w.version FROM roost_effect e
            JOIN roost_work w ON w.key = e.work WHERE e.version > w.version
            UNION ALL
            SELECT 'effect ' || path || ' of ' || work FROM roost_effect
            WHERE n < 1 OR NOT json_valid(coalesce(result, 'null')) OR NOT json_valid(coalesce(arguments, 'null'))
            UNION ALL
            SELECT 'question ' || a.id || ' is open' FROM roost_ask a WHERE a.state = 'open' AND a.effect IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM roost_work w JOIN roost_effect e ON e.work = w.key AND e.version = w.version AND e.path = a.effect AND e.result IS NULL
                WHERE w.key = a.work AND w.version = a.version AND w.state = 'waiting')
            UNION ALL
            SELECT w.id || ' waits for several answers' FROM roost_ask a JOIN roost_work w ON w.key = a.work WHERE a.state = 'open'
            GROUP BY a.work HAVING count(*) > 1
            """),
        new("streams",
            "a stream counts the bytes that are kept of it, its pieces follow one another, and what is said is said by a step that its item has begun",
            """
            SELECT 'stream ' || s.name || ' of ' || s.work || ': counted ' || s.bytes || ', real ' || coalesce(sum(octet_length(p.text)), 0)
            FROM roost_stream s LEFT JOIN roost_stream_piece p ON p.stream = s.key GROUP BY s.key HAVING s.bytes <> coalesce(sum(octet_length(p.text)), 0)
            UNION ALL
            SELECT 'piece at ' || starts || ' of stream ' || stream FROM (
                SELECT p.stream, p.starts, p.starts + octet_length(p.text) AS until,
                       coalesce(lead(p.starts) OVER (PARTITION BY p.stream ORDER BY p.starts), s.ends) AS following
                FROM roost_stream_piece p LEFT JOIN roost_stream s ON s.key = p.stream AND s.work = p.work)
            WHERE following IS NULL OR until > following OR starts < 0 OR until = starts
            UNION ALL
            SELECT 'piece at ' || p.starts || ' of ' || w.id || ' from version ' || p.version || ', which is at ' || w.version FROM roost_stream_piece p
            JOIN roost_work w ON w.key = p.work WHERE p.version > w.version OR p.try < 1
            UNION ALL
            SELECT 'tries of ' || w.id || ' from version ' || p.version FROM roost_stream_piece p JOIN roost_work w ON w.key = p.work
            WHERE p.version < w.version GROUP BY p.work, p.version HAVING count(DISTINCT p.try) > 1
            UNION ALL
            SELECT 'progress of ' || w.id || ' from version ' || g.version FROM roost_progress g JOIN roost_work w ON w.key = g.work
            WHERE g.version > w.version OR (g.fraction IS NULL AND g.text IS NULL)
            """),
        new("mail", "a mailbox counts the signals in it, and its item knows that it has one",
            """
            SELECT 'mailbox of ' || work || ': counted ' || sum(counted) || ', real ' || sum(truth) FROM (
                SELECT work, n AS counted, 0 AS truth FROM roost_mailbox UNION ALL SELECT work, 0, count(*) FROM roost_signal GROUP BY 1)
            GROUP BY work HAVING sum(counted) <> sum(truth)
            UNION ALL
            SELECT 'mailbox of ' || work || ' of ' || n FROM roost_mailbox WHERE n <= 0
            UNION ALL
            SELECT w.id FROM roost_work w WHERE w.mail <> (
                EXISTS (SELECT 1 FROM roost_mailbox m WHERE m.work = w.key) OR EXISTS (SELECT 1 FROM roost_wait t WHERE t.work = w.key))
                AND NOT (w.mail = 1 AND EXISTS (SELECT 1 FROM roost_ask a WHERE a.work = w.key AND a.effect IS NOT NULL)) -- Until its step has committed.
            """),
        new("signals", "what a signal carries is JSON, and its id is known",
            """
            SELECT 'signal ' || key FROM roost_signal s WHERE NOT json_valid(payload)
            OR (signal_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM roost_signal_id i WHERE i.work = s.work AND i.signal_id = s.signal_id))
            """),
        new("missed", "no signal lies in the mailbox of an item that waits for it",
            """
            SELECT w.id || ' waits for ' || s.name FROM roost_work w JOIN roost_wait t ON t.work = w.key AND t.wake IS NULL
            JOIN roost_signal s ON s.work = w.key WHERE w.state = 'waiting' AND s.name IN (SELECT value FROM json_each(t.signals))
            """),
        new("delays", "a delay was written before it ends, and is over where nothing waits",
            "SELECT id FROM roost_work WHERE delayed_at IS NOT NULL AND (due_at IS NULL OR due_at < delayed_at)"),
        new("ends", "what has ended has its time, nothing else has; and who is asked to stop runs, or has ended",
            """
            SELECT id FROM roost_work WHERE (state IN ('done', 'failed', 'cancelled')) <> (ended_at IS NOT NULL) OR (state = 'queued' AND cancel_requested <> 0)
            """),
        new("failures", "a dead letter has its reason, and nothing is held against what is done",
            """
            SELECT w.id FROM roost_work w LEFT JOIN roost_failure f ON f.work = w.key
            WHERE (w.state = 'failed' AND f.work IS NULL) OR (w.state = 'done' AND (f.work IS NOT NULL OR w.failures <> 0 OR w.interruptions <> 0))
            """
        ),
        new(
            "progress",
            "a state was unchanged at most as often as it was committed after the first time, and not at all where it is done",
            "SELECT id || ' at ' || version || ', unchanged ' || unchanged FROM roost_work WHERE unchanged < 0 OR unchanged > max(version - 1, 0) OR " +
            "(state = 'done' AND unchanged <> 0)"
        ),
        new(
            "retry afters",
            "how often a step has asked to be tried again is counted, why is told while that is waited for, and neither where it is done",
            "SELECT id FROM roost_work WHERE retry_afters < 0 OR (retry_why IS NOT NULL AND (due_at IS NULL OR delayed_at IS NULL OR retry_afters = 0)) " +
            "OR (state = 'done' AND retry_afters <> 0)"
        ),
        new(
            "step limits",
            "no item goes on beyond the steps that it may commit",
            "SELECT w.id || ' at ' || w.version FROM roost_work w JOIN roost_work_input i ON i.work = w.key WHERE i.max_steps < 1 OR i.steps_from < 1 " +
            "OR (w.state IN ('queued', 'running') AND i.max_steps IS NOT NULL AND w.version >= i.steps_from + i.max_steps)"
        ),
        new(
            "groups",
            "a group of dead letters counts those that are in it, and nothing else is in one",
            """
            SELECT 'group ' || key || ': counted ' || sum(counted) || ', real ' || sum(truth) FROM (
                SELECT key, n AS counted, 0 AS truth FROM roost_dead_letter_group
                UNION ALL
                SELECT group_key, 0, count(*) FROM roost_failure WHERE group_key IS NOT NULL GROUP BY 1)
            GROUP BY key HAVING sum(counted) <> sum(truth)
            UNION ALL
            SELECT w.id FROM roost_work w JOIN roost_failure f ON f.work = w.key WHERE f.group_key IS NOT NULL AND (w.state <> 'failed' OR w.updated_at <> f.at)
            UNION ALL
            SELECT 'group ' || key || ' of ' || n FROM roost_dead_letter_group WHERE n <= 0
            """),
        new("causes", "what is kept of the exceptions within an error is JSON",
            "SELECT 'failure of ' || work FROM roost_failure WHERE causes IS NOT NULL AND NOT json_valid(causes)"),
        new("acquittals", "no more interruptions are answered for than there were",
            "SELECT id FROM roost_work WHERE acquitted NOT BETWEEN 0 AND interruptions"),
        new("artifacts", "each artifact's content is here and whole, and no content is kept for nobody",
            """
            SELECT a.name || ' of ' || a.work || ' has no content' FROM roost_artifact a LEFT JOIN roost_blob b ON b.key = a.blob
            WHERE a.blob IS NOT NULL AND b.sha256 IS NULL
            UNION ALL
            SELECT 'content ' || b.key || ' is not as long as it was' FROM roost_blob b
            WHERE b.sha256 IS NOT NULL AND b.size <> (SELECT coalesce(sum(length(c.data)), 0) FROM roost_blob_chunk c WHERE c.blob = b.key)
            UNION ALL
            SELECT 'content ' || b.key FROM roost_blob b
            WHERE NOT EXISTS (SELECT 1 FROM roost_artifact a WHERE a.blob = b.key) AND NOT EXISTS (SELECT 1 FROM roost_blob_pin p WHERE p.blob = b.key)
            UNION ALL
            SELECT 'chunk of content ' || blob FROM roost_blob_chunk WHERE blob NOT IN (SELECT key FROM roost_blob)
            """),
        new("owners", "nothing is kept of an item that is gone",
            """
            SELECT kind || ' of item ' || work FROM (
                SELECT 'snapshot' AS kind, work FROM roost_snapshot
                UNION SELECT 'event', work FROM roost_event WHERE work IS NOT NULL
                UNION SELECT 'artifact', work FROM roost_artifact
                UNION SELECT 'failure', work FROM roost_failure
                UNION SELECT 'payload', work FROM roost_work_input
                UNION SELECT 'name', work FROM roost_work_resource
                UNION SELECT 'resource', work FROM roost_resource
                UNION SELECT 'wait', work FROM roost_wait
                UNION SELECT 'pause', work FROM roost_pause WHERE work IS NOT NULL
                UNION SELECT 'question', work FROM roost_ask
                UNION SELECT 'effect', work FROM roost_effect
                UNION SELECT 'stream', work FROM roost_stream
                UNION SELECT 'piece', work FROM roost_stream_piece
                UNION SELECT 'progress', work FROM roost_progress
                UNION SELECT 'mailbox', work FROM roost_mailbox
                UNION SELECT 'signal', work FROM roost_signal
                UNION SELECT 'signal id', work FROM roost_signal_id
                UNION SELECT 'idempotency key', work FROM roost_idempotency)
            WHERE work NOT IN (SELECT key FROM roost_work)
            """),
        new("untold ends", "an engine is told of the end of an item that has ended without being done",
            "SELECT 'end of ' || e.work FROM roost_end e LEFT JOIN roost_work w ON w.key = e.work " +
            "WHERE w.key IS NULL OR w.state NOT IN ('failed', 'cancelled')"),
        new("purges", "an item goes by purge alone",
            $"""
            SELECT 'made ' || made || ', here ' || here || ', purged ' || purged FROM (SELECT
                coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'roost_work'), 0) AS made,
                (SELECT count(*) FROM roost_work) AS here,
                (SELECT coalesce(sum(data ->> 'items'), 0) FROM roost_event WHERE kind = 'purged') AS purged)
            WHERE made <> here + purged AND {EventsAreWhole}
            """),
        new("keys", "the key of an item and the item of a key are the same",
            """
            SELECT k.key FROM roost_idempotency k LEFT JOIN roost_work w ON w.key = k.work
            LEFT JOIN roost_work_input i ON i.work = k.work LEFT JOIN roost_lane l ON l.key = w.lane
            WHERE i.idempotency_key IS NOT k.key OR l.engine IS NOT k.engine
            UNION ALL
            SELECT i.idempotency_key FROM roost_work_input i JOIN roost_work w ON w.key = i.work JOIN roost_lane l ON l.key = w.lane
            LEFT JOIN roost_idempotency k ON k.engine = l.engine AND k.key = i.idempotency_key WHERE i.idempotency_key IS NOT NULL AND k.work IS NOT i.work
            """),
        new("counters", "no event and no ready place is beyond the writers' counters",
            """
            SELECT 'event ' || max(seq) FROM roost_event HAVING max(seq) > (SELECT coalesce(max(event_seq), 0) FROM roost_writer)
            UNION ALL
            SELECT 'place ' || max(ready_seq) FROM roost_work HAVING max(ready_seq) > (SELECT coalesce(max(ready_seq), 0) FROM roost_writer)
            """),
    ];
}
