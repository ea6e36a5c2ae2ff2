-- Roost, schema 10: the tables of a data file.
-- Written by NewSchemaTests and by nobody else: what the scripts of Migrations make in turn.

CREATE TABLE "roost_meta" (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE "roost_writer" (
    key INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    ready_seq INTEGER NOT NULL,
    saved_at INTEGER NOT NULL
) STRICT;
CREATE TABLE "roost_worker" (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    process_id INTEGER NOT NULL,
    machine TEXT NOT NULL,
    lock_file TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    heartbeat INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    lease_ms INTEGER NOT NULL,
    concurrency INTEGER NOT NULL,
    engines TEXT NOT NULL,
    queues TEXT NOT NULL
, claims_again_at INTEGER, clock_set_by INTEGER) STRICT;
CREATE TABLE "roost_work_input" (
    work INTEGER PRIMARY KEY,
    payload TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    timeout_ms INTEGER,
    max_attempts INTEGER,
    idempotency_key TEXT
, payload_sha256 BLOB, max_steps INTEGER, steps_from INTEGER NOT NULL DEFAULT 1, trace TEXT, differences INTEGER NOT NULL DEFAULT 0, records INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE "roost_idempotency" (
    engine TEXT NOT NULL,
    key TEXT NOT NULL,
    work INTEGER NOT NULL,
    PRIMARY KEY (engine, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE "roost_work_resource" (
    work INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (work, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX roost_work_resource_name ON roost_work_resource (name, work);
CREATE TABLE "roost_snapshot" (
    key INTEGER PRIMARY KEY,
    work INTEGER NOT NULL,
    version INTEGER NOT NULL,
    state_version INTEGER NOT NULL,
    step TEXT NOT NULL,
    data TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    delay_ms INTEGER NOT NULL,
    at INTEGER NOT NULL, whole INTEGER, edits TEXT, size INTEGER, row_sha256 BLOB, base INTEGER NOT NULL DEFAULT 0,
    UNIQUE (work, version)
) STRICT;
CREATE TABLE "roost_failure" (
    work INTEGER PRIMARY KEY,
    reason TEXT NOT NULL,
    error_type TEXT,
    message TEXT NOT NULL,
    stack TEXT,
    attempt INTEGER NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL
, causes TEXT, cause_type TEXT, cause_message TEXT, group_key INTEGER) STRICT;
CREATE INDEX roost_failure_group ON roost_failure (group_key, at) WHERE group_key IS NOT NULL;
CREATE TABLE "roost_event" (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    work INTEGER,
    data TEXT
) STRICT;
CREATE INDEX roost_event_work ON roost_event (work) WHERE work IS NOT NULL;
CREATE INDEX roost_event_kind ON roost_event (kind)
WHERE kind <> 'stepped' AND kind <> 'claimed' AND kind <> 'done' AND kind <> 'enqueued' AND kind NOT GLOB 'engine.*';
CREATE TABLE "roost_blob" (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 BLOB UNIQUE,                 -- null while it is still written
    size INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE "roost_blob_chunk" (
    blob INTEGER NOT NULL,
    n INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (blob, n)
) STRICT;
CREATE TABLE "roost_blob_pin" (
    worker INTEGER NOT NULL,
    blob INTEGER NOT NULL,
    pin INTEGER NOT NULL,
    PRIMARY KEY (worker, blob, pin)
) STRICT, WITHOUT ROWID;
CREATE INDEX roost_blob_pin_blob ON roost_blob_pin (blob);
CREATE TABLE "roost_trigger_rule" (
    key INTEGER PRIMARY KEY,
    when_engine TEXT NOT NULL,
    enqueue_engine TEXT NOT NULL,
    condition TEXT,
    fields TEXT NOT NULL,
    fixed TEXT NOT NULL,
    max_depth INTEGER NOT NULL
) STRICT;
CREATE TABLE "roost_dead_letter_group" (
    key INTEGER PRIMARY KEY,
    engine TEXT NOT NULL,
    reason TEXT NOT NULL,
    error_type TEXT,
    n INTEGER NOT NULL
) STRICT;
CREATE INDEX roost_dead_letter_group_n ON roost_dead_letter_group (n);
CREATE TABLE "roost_lane_change" (
    seq INTEGER PRIMARY KEY,
    lanes BLOB NOT NULL
) STRICT;
CREATE TABLE "roost_child_count" (
    parent INTEGER PRIMARY KEY,
    open INTEGER NOT NULL,
    done INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    cancelled INTEGER NOT NULL
, waiting INTEGER NOT NULL DEFAULT 0, awaited INTEGER NOT NULL DEFAULT 0, ends INTEGER NOT NULL DEFAULT 0, shown INTEGER NOT NULL DEFAULT 0, failed_end INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE "roost_event_run" (seq INTEGER PRIMARY KEY) STRICT;
CREATE TABLE roost_lane (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    engine TEXT NOT NULL,
    queue TEXT NOT NULL,
    state_version INTEGER NOT NULL,
    UNIQUE (engine, queue, state_version)
) STRICT;
CREATE TABLE roost_lane_count (
    lane INTEGER NOT NULL,
    condition TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (lane, condition), CONSTRAINT roost_lane_count_condition
    CHECK (condition IN ('ready', 'delayed', 'blocked', 'running', 'waiting', 'done', 'failed', 'cancelled', 'paused'))) STRICT, WITHOUT ROWID;
CREATE TABLE roost_work (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    lane INTEGER NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,        -- of the last change of state; a kept lease leaves it alone (the snapshot says when it stepped)
    ended_at INTEGER,
    ready_seq INTEGER,                  -- set while ready: the place in the ready order
    ready_at INTEGER,
    due_at INTEGER,                     -- set while delayed
    delayed_at INTEGER,                 -- when the delay was written; null where due_at is a moment that somebody named
    blocked_on TEXT,                    -- set while blocked: the name that it waits for
    place INTEGER,                      -- while blocked: the ready_seq that it had
    solo INTEGER NOT NULL DEFAULT 0,    -- 1 after two interruptions: runs alone in its worker
    worker INTEGER,                     -- set while running: the lease
    token INTEGER,
    claimed_at INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    acquitted INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    park_interrupted INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    cancel_reason TEXT,
    deadline INTEGER,
    parent INTEGER,
    resource_count INTEGER NOT NULL DEFAULT 0,
    hold_for_life INTEGER NOT NULL DEFAULT 0, mail INTEGER NOT NULL DEFAULT 0, tried_version INTEGER NOT NULL DEFAULT -1, retry_afters INTEGER NOT NULL DEFAULT 0, retry_why TEXT, detached INTEGER NOT NULL DEFAULT 0, paused INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT roost_work_leased CHECK ((state = 'running') = (worker IS NOT NULL)), CONSTRAINT roost_work_state CHECK (state IN ('queued', 'running', 'waiting', 'done', 'failed', 'cancelled')), CONSTRAINT roost_work_placed
    CHECK ((state = 'queued') = (ready_seq IS NOT NULL OR blocked_on IS NOT NULL OR place IS NOT NULL OR (due_at IS NOT NULL AND state <> 'waiting'))), CONSTRAINT roost_work_paused CHECK (paused = 0 OR (ready_seq IS NULL AND blocked_on IS NULL AND ended_at IS NULL))) STRICT;
CREATE INDEX roost_work_ready ON roost_work (lane, priority DESC, ready_seq) WHERE ready_seq IS NOT NULL AND solo = 0;
CREATE INDEX roost_work_ready_solo ON roost_work (lane, priority DESC, ready_seq) WHERE ready_seq IS NOT NULL AND solo = 1;
CREATE INDEX roost_work_delayed ON roost_work (lane, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX roost_work_blocked ON roost_work (blocked_on, lane, priority DESC, place) WHERE blocked_on IS NOT NULL;
CREATE INDEX roost_work_running ON roost_work (worker) WHERE worker IS NOT NULL;
CREATE INDEX roost_work_recent ON roost_work (lane, state, updated_at) WHERE worker IS NULL;
CREATE INDEX roost_work_children ON roost_work (parent, state, updated_at) WHERE parent IS NOT NULL AND worker IS NULL;
CREATE INDEX roost_work_deadline ON roost_work (deadline) WHERE deadline IS NOT NULL AND worker IS NULL AND ended_at IS NULL;
CREATE INDEX roost_work_parent ON roost_work (parent) WHERE parent IS NOT NULL;
CREATE INDEX roost_work_paused ON roost_work (lane, priority DESC, place) WHERE paused = 1 AND place IS NOT NULL;
CREATE TABLE roost_resource (
    name TEXT NOT NULL,
    work INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (name, work)            -- as many rows of a name as it may have holders
) STRICT, WITHOUT ROWID;
CREATE TABLE roost_artifact (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    work INTEGER NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    blob INTEGER,
    uri TEXT,
    metadata TEXT,
    at INTEGER NOT NULL,
    CONSTRAINT roost_artifact_content CHECK ((blob IS NULL) <> (uri IS NULL))
) STRICT;
CREATE INDEX roost_artifact_work ON roost_artifact (work, name, version);
CREATE INDEX roost_artifact_blob ON roost_artifact (blob) WHERE blob IS NOT NULL;
CREATE TABLE roost_step_tally (
    span INTEGER NOT NULL,              -- minutes
    at INTEGER NOT NULL,                -- the number of the span since 1970
    engine TEXT NOT NULL,
    step TEXT NOT NULL,
    steps INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    run_us INTEGER NOT NULL,
    waits INTEGER NOT NULL,             -- how many of the tries came with a claim and so had waited
    wait_ms INTEGER NOT NULL,
    run_times BLOB NOT NULL,            -- a histogram of the run times
    PRIMARY KEY (span, at, engine, step),
    CONSTRAINT roost_step_tally_span CHECK (span IN (1, 60)),
    CONSTRAINT roost_step_tally_counted CHECK (steps >= 0 AND failures >= 0 AND run_us >= 0 AND waits >= 0 AND wait_ms >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE roost_wait (
    work INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,           -- that the item was at when it began to wait; its next step is given it, and what woke it
    signals TEXT NOT NULL,              -- the names of the signals that it waits for, a JSON array
    timeout_ms INTEGER,                 -- how long at most; or until when
    until INTEGER,
    ask INTEGER,                        -- the question whose answer it waits for
    since INTEGER NOT NULL,
    wake TEXT,                          -- null while it waits
    woken_at INTEGER,
    signal INTEGER, child_ends INTEGER, or_failure INTEGER NOT NULL DEFAULT 0, seen_end INTEGER, seen_open INTEGER,
    CONSTRAINT roost_wait_woken CHECK ((wake IS NULL) = (woken_at IS NULL)),
    CONSTRAINT roost_wait_signal CHECK (coalesce(wake = 'signal', 0) = (signal IS NOT NULL))
, CONSTRAINT roost_wait_wake CHECK (wake IS NULL OR wake IN ('signal', 'answer', 'withdrawn', 'timeout', 'children'))) STRICT;
CREATE TABLE roost_mailbox (
    work INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    seen INTEGER NOT NULL               -- the step that is tried, or was begun last, sees what came up to this signal, however often it is tried
) STRICT;
CREATE TABLE roost_signal (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    work INTEGER NOT NULL,
    name TEXT NOT NULL,
    signal_id TEXT,
    sender TEXT,                        -- the id of the item whose step sent it; null for one from outside
    payload TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    at INTEGER NOT NULL
, trace TEXT) STRICT;
CREATE INDEX roost_signal_work ON roost_signal (work, key);
CREATE TABLE roost_signal_id (
    work INTEGER NOT NULL,
    signal_id TEXT NOT NULL,
    name TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (work, signal_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE roost_ask (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    work INTEGER NOT NULL,
    version INTEGER NOT NULL,
    question TEXT NOT NULL,
    schema TEXT NOT NULL,
    assignee TEXT,
    artifacts TEXT NOT NULL,            -- names, a JSON array
    asked_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    closed_at INTEGER,
    answer TEXT,
    answer_sha256 BLOB,
    by TEXT,                            -- who has answered or withdrawn it
    comment TEXT, trace TEXT, answer_trace TEXT, effect TEXT,
    CONSTRAINT roost_ask_state CHECK (state IN ('open', 'answered', 'withdrawn', 'expired', 'closed')),
    CONSTRAINT roost_ask_closed CHECK ((state = 'open') = (closed_at IS NULL)),
    CONSTRAINT roost_ask_answer CHECK ((state = 'answered') = (answer IS NOT NULL) AND (answer IS NULL) = (answer_sha256 IS NULL))
) STRICT;
CREATE INDEX roost_ask_open ON roost_ask (key) WHERE state = 'open';
CREATE INDEX roost_ask_open_for ON roost_ask (assignee, key) WHERE state = 'open';
CREATE INDEX roost_ask_work ON roost_ask (work, key);
CREATE TABLE roost_end_engine (
    engine TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE roost_end (
    work INTEGER PRIMARY KEY,           -- an item has one end at a time
    engine TEXT NOT NULL,
    queue TEXT NOT NULL,
    state_version INTEGER NOT NULL,
    nonce INTEGER NOT NULL,             -- names this end, and fences who has told of it
    attempt INTEGER NOT NULL DEFAULT 0, -- how often telling was begun
    due_at INTEGER NOT NULL,            -- when it is begun next; while it is told, when the time for that is over
    CONSTRAINT roost_end_attempt CHECK (attempt >= 0)
) STRICT;
CREATE INDEX roost_end_due ON roost_end (engine, queue, due_at);
CREATE TABLE roost_child_end (
    parent INTEGER NOT NULL,
    n INTEGER NOT NULL,
    child INTEGER NOT NULL,
    PRIMARY KEY (parent, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE roost_tree_cancel (
    work INTEGER PRIMARY KEY,
    after INTEGER NOT NULL,             -- the last child that was looked at
    n INTEGER NOT NULL                  -- how many it was that were cancelled or asked to stop
) STRICT;
CREATE TABLE roost_pause (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL,
    name TEXT,                          -- of the engine or queue
    work INTEGER,                       -- the item
    reason TEXT NOT NULL,
    by TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,                      -- null until somebody resumes it
    CONSTRAINT roost_pause_scope CHECK (scope IN ('file', 'engine', 'queue', 'item')),
    CONSTRAINT roost_pause_target CHECK ((scope IN ('engine', 'queue')) = (name IS NOT NULL) AND (scope = 'item') = (work IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX roost_pause_work ON roost_pause (work) WHERE work IS NOT NULL;
CREATE UNIQUE INDEX roost_pause_name ON roost_pause (scope, coalesce(name, '')) WHERE work IS NULL;
CREATE INDEX roost_pause_until ON roost_pause (until) WHERE until IS NOT NULL;
CREATE TABLE roost_effect (
    key INTEGER PRIMARY KEY,
    work INTEGER NOT NULL,
    version INTEGER NOT NULL,           -- from which the step was made
    path TEXT NOT NULL,                 -- the effects that it is within and its own name, with the numbers of those that are not the first of theirs
    name TEXT NOT NULL,
    n INTEGER NOT NULL,                 -- which of those that have its name there it is
    idempotency_key TEXT NOT NULL,      -- that its call was given
    arguments TEXT,
    begun_at INTEGER NOT NULL,
    ended_at INTEGER,                   -- null while nothing but that the call begins is known
    result TEXT,
    sha256 BLOB,                        -- of the result
    told_by TEXT,                       -- who has said that it has happened
    CONSTRAINT roost_effect_ended CHECK ((ended_at IS NULL) = (result IS NULL) AND (result IS NULL) = (sha256 IS NULL)),
    UNIQUE (work, version, path)
) STRICT;
CREATE TABLE roost_stream (
    key INTEGER PRIMARY KEY,
    work INTEGER NOT NULL,
    name TEXT NOT NULL,
    ends INTEGER NOT NULL,              -- how many bytes were written in all: the offset of the next
    bytes INTEGER NOT NULL,             -- how many of them are kept
    CONSTRAINT roost_stream_bytes CHECK (bytes BETWEEN 0 AND ends),
    UNIQUE (work, name)
) STRICT;
CREATE TABLE roost_stream_piece (
    key INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    starts INTEGER NOT NULL,            -- the offset of its first byte in UTF-8
    work INTEGER NOT NULL,
    version INTEGER NOT NULL,           -- from which the step was made
    try INTEGER NOT NULL,               -- which of those that have written something, from 1
    at INTEGER NOT NULL,                -- when its end was written
    text TEXT NOT NULL,
    UNIQUE (stream, starts)
) STRICT;
CREATE INDEX roost_stream_piece_version ON roost_stream_piece (work, version, try);
CREATE TABLE roost_progress (
    work INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,           -- from which the step was made that has said so
    fraction REAL,                      -- from 0 to 1
    text TEXT,
    at INTEGER NOT NULL,
    CONSTRAINT roost_progress_fraction CHECK (coalesce(fraction, 0) BETWEEN 0 AND 1)
) STRICT;
