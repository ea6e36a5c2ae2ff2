-- Roost, schema 1.
--
--   meta           the file's identity, copy mark and event watermark
--   writer         the counters as each writer left them; the greatest is the file's
--   worker         running runtimes: heartbeat, lease expiry, engines and queues served
--   lane           queue x engine x state version: what a worker serves or does not
--   lane_count     items per lane and condition, kept by the transitions, never counted
--   work           one row for each work item: state, lease, place in the ready, delayed or blocked order
--   work_input     what does not change: payload, nonce, limits
--   idempotency    engine x key -> item
--   work_resource  the names that an item asks for
--   resource       the names that are held, and by which item
--   snapshot       versions of an item's state
--   failure        the last error of an item that is retried, or of a dead letter
--   event          the append-only history
--   blob, blob_chunk, blob_pin, artifact   outputs: content-addressed bytes in chunks, who still writes them, what they are attached to
--   trigger_rule   follow-ups
--
-- Times are UTC milliseconds. The transitions in Storage/ are the only writers, so there are no foreign keys to pay for on each step.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE writer (
    key INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    ready_seq INTEGER NOT NULL,
    saved_at INTEGER NOT NULL
) STRICT;

CREATE TABLE worker (
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
) STRICT;

CREATE TABLE lane (
    key INTEGER PRIMARY KEY,
    engine TEXT NOT NULL,
    queue TEXT NOT NULL,
    state_version INTEGER NOT NULL,
    UNIQUE (engine, queue, state_version)
) STRICT;

CREATE TABLE lane_count (
    lane INTEGER NOT NULL,
    condition TEXT NOT NULL CHECK (condition IN ('ready', 'delayed', 'blocked', 'running', 'done', 'failed', 'cancelled')),
    n INTEGER NOT NULL,
    PRIMARY KEY (lane, condition)
) STRICT, WITHOUT ROWID;

CREATE TABLE work (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    lane INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    priority INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,        -- of the last change of state; a kept lease leaves it alone (the snapshot says when it stepped)
    ended_at INTEGER,
    ready_seq INTEGER,                  -- set while ready: the place in the ready order
    ready_at INTEGER,
    due_at INTEGER,                     -- set while delayed
    blocked_on TEXT,                    -- set while blocked: the name that it waits for
    place INTEGER,                      -- while blocked: the ready_seq that it had
    solo INTEGER NOT NULL DEFAULT 0,    -- 1 after two interruptions: runs alone in its worker
    worker INTEGER,                     -- set while running: the lease
    token INTEGER,
    claimed_at INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    park_interrupted INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    cancel_reason TEXT,
    deadline INTEGER,
    parent INTEGER,
    resource_count INTEGER NOT NULL DEFAULT 0,
    hold_for_life INTEGER NOT NULL DEFAULT 0,
    CHECK ((state = 'running') = (worker IS NOT NULL)),
    CHECK ((state = 'queued') = (ready_seq IS NOT NULL OR due_at IS NOT NULL OR blocked_on IS NOT NULL))
) STRICT;

CREATE INDEX work_ready ON work (lane, priority DESC, ready_seq) WHERE ready_seq IS NOT NULL AND solo = 0;
CREATE INDEX work_ready_solo ON work (lane, priority DESC, ready_seq) WHERE ready_seq IS NOT NULL AND solo = 1;
CREATE INDEX work_delayed ON work (lane, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX work_blocked ON work (blocked_on, lane, priority DESC, place) WHERE blocked_on IS NOT NULL;
CREATE INDEX work_running ON work (worker) WHERE worker IS NOT NULL;
CREATE INDEX work_deadline ON work (deadline) WHERE deadline IS NOT NULL AND state = 'queued';
CREATE INDEX work_recent ON work (lane, state, updated_at) WHERE worker IS NULL;
CREATE INDEX work_children ON work (parent, state, updated_at) WHERE parent IS NOT NULL AND worker IS NULL;

CREATE TABLE work_input (
    work INTEGER PRIMARY KEY,
    payload TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    timeout_ms INTEGER,
    max_attempts INTEGER,
    idempotency_key TEXT
) STRICT;

CREATE TABLE idempotency (
    engine TEXT NOT NULL,
    key TEXT NOT NULL,
    work INTEGER NOT NULL,
    PRIMARY KEY (engine, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE work_resource (
    work INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (work, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX work_resource_name ON work_resource (name, work);

CREATE TABLE resource (
    name TEXT PRIMARY KEY,
    work INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
    key INTEGER PRIMARY KEY,
    work INTEGER NOT NULL,
    version INTEGER NOT NULL,
    state_version INTEGER NOT NULL,
    step TEXT NOT NULL,
    data TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    delay_ms INTEGER NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (work, version)
) STRICT;

CREATE TABLE failure (
    work INTEGER PRIMARY KEY,
    reason TEXT NOT NULL,
    error_type TEXT,
    message TEXT NOT NULL,
    stack TEXT,
    attempt INTEGER NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    work INTEGER,
    data TEXT
) STRICT;

CREATE INDEX event_work ON event (work) WHERE work IS NOT NULL;

CREATE TABLE blob (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 BLOB UNIQUE,                 -- null while it is still written
    size INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE blob_chunk (
    blob INTEGER NOT NULL,
    n INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (blob, n)
) STRICT;

CREATE TABLE blob_pin (
    worker INTEGER NOT NULL,
    blob INTEGER NOT NULL,
    pin INTEGER NOT NULL,
    PRIMARY KEY (worker, blob, pin)
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_pin_blob ON blob_pin (blob);

CREATE TABLE artifact (
    key INTEGER PRIMARY KEY,
    work INTEGER NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    blob INTEGER,
    uri TEXT,
    metadata TEXT,
    at INTEGER NOT NULL,
    CHECK ((blob IS NULL) <> (uri IS NULL))
) STRICT;

-- Not unique: a step that fails for good makes no version, and after a retry it may attach the same name at the same one.
CREATE INDEX artifact_work ON artifact (work, name, version);
CREATE INDEX artifact_blob ON artifact (blob) WHERE blob IS NOT NULL;

CREATE TABLE trigger_rule (
    key INTEGER PRIMARY KEY,
    when_engine TEXT NOT NULL,
    enqueue_engine TEXT NOT NULL,
    condition TEXT,
    fields TEXT NOT NULL,
    fixed TEXT NOT NULL,
    max_depth INTEGER NOT NULL
) STRICT;
