-- Roost, schema 4: names. Every table and index is called roost_..., so that the file can hold a host's own tables as well; every CHECK has a name, so that
-- a later schema drops and adds it without writing the table anew; a key that others may remember is never given twice. What the tables mean is said in
-- 001_initial.sql and 003_real_use.sql. SQLite cannot drop a CHECK without a name, nor give an index another name: those are made anew, here, once.

DROP INDEX work_ready;
DROP INDEX work_ready_solo;
DROP INDEX work_delayed;
DROP INDEX work_blocked;
DROP INDEX work_running;
DROP INDEX work_deadline;
DROP INDEX work_recent;
DROP INDEX work_children;
DROP INDEX work_resource_name;
DROP INDEX event_work;
DROP INDEX event_kind;
DROP INDEX blob_pin_blob;
DROP INDEX artifact_work;
DROP INDEX artifact_blob;
DROP INDEX failure_group;
DROP INDEX dead_letter_group_n;

ALTER TABLE meta RENAME TO roost_meta;
ALTER TABLE writer RENAME TO roost_writer;
ALTER TABLE worker RENAME TO roost_worker;
ALTER TABLE work_input RENAME TO roost_work_input;
ALTER TABLE idempotency RENAME TO roost_idempotency;
ALTER TABLE work_resource RENAME TO roost_work_resource;
ALTER TABLE snapshot RENAME TO roost_snapshot;
ALTER TABLE failure RENAME TO roost_failure;
ALTER TABLE event RENAME TO roost_event;
ALTER TABLE event_run RENAME TO roost_event_run;
ALTER TABLE blob RENAME TO roost_blob;
ALTER TABLE blob_chunk RENAME TO roost_blob_chunk;
ALTER TABLE blob_pin RENAME TO roost_blob_pin;
ALTER TABLE trigger_rule RENAME TO roost_trigger_rule;
ALTER TABLE dead_letter_group RENAME TO roost_dead_letter_group;
ALTER TABLE lane_change RENAME TO roost_lane_change;
ALTER TABLE child_count RENAME TO roost_child_count;

CREATE TABLE roost_lane (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    engine TEXT NOT NULL,
    queue TEXT NOT NULL,
    state_version INTEGER NOT NULL,
    UNIQUE (engine, queue, state_version)
) STRICT;

INSERT INTO roost_lane (key, engine, queue, state_version) SELECT key, engine, queue, state_version FROM lane ORDER BY key;
-- The greatest key that was given to a lane which has been removed since: it stood in roost_meta.
INSERT INTO roost_lane (key, engine, queue, state_version)
SELECT CAST(value AS INTEGER), '', '', 0 FROM roost_meta WHERE key = 'last_lane' AND CAST(value AS INTEGER) > (SELECT coalesce(max(key), 0) FROM roost_lane);
DELETE FROM roost_lane WHERE engine = '';
DELETE FROM roost_meta WHERE key = 'last_lane';
DROP TABLE lane;

CREATE TABLE roost_lane_count (
    lane INTEGER NOT NULL,
    condition TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (lane, condition),
    CONSTRAINT roost_lane_count_condition CHECK (condition IN ('ready', 'delayed', 'blocked', 'running', 'done', 'failed', 'cancelled'))
) STRICT, WITHOUT ROWID;

INSERT INTO roost_lane_count (lane, condition, n) SELECT lane, condition, n FROM lane_count ORDER BY lane, condition;
DROP TABLE lane_count;

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
    hold_for_life INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT roost_work_state CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT roost_work_leased CHECK ((state = 'running') = (worker IS NOT NULL)),
    CONSTRAINT roost_work_placed CHECK ((state = 'queued') = (ready_seq IS NOT NULL OR due_at IS NOT NULL OR blocked_on IS NOT NULL))
) STRICT;

INSERT INTO roost_work (
    key, id, lane, state, priority, version, created_at, updated_at, ended_at, ready_seq, ready_at, due_at, delayed_at, blocked_on, place, solo, worker,
    token, claimed_at, failures, interruptions, acquitted, unchanged, park_interrupted, cancel_requested, cancel_reason, deadline, parent, resource_count,
    hold_for_life)
SELECT
    key, id, lane, state, priority, version, created_at, updated_at, ended_at, ready_seq, ready_at, due_at, delayed_at, blocked_on, place, solo, worker,
    token, claimed_at, failures, interruptions, acquitted, unchanged, park_interrupted, cancel_requested, cancel_reason, deadline, parent, resource_count,
    hold_for_life
FROM work ORDER BY key;
-- The greatest key ever given, though its item may have been purged.
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'work')
WHERE name = 'roost_work' AND (SELECT seq FROM sqlite_sequence WHERE name = 'work') IS NOT NULL;
INSERT INTO sqlite_sequence (name, seq) SELECT 'roost_work', seq FROM sqlite_sequence
WHERE name = 'work' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'roost_work');
DROP TABLE work;

CREATE TABLE roost_resource (
    name TEXT NOT NULL,
    work INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (name, work)            -- as many rows of a name as it may have holders
) STRICT, WITHOUT ROWID;

INSERT INTO roost_resource (name, work, since) SELECT name, work, since FROM resource ORDER BY name;
DROP TABLE resource;

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

INSERT INTO roost_artifact (key, work, name, version, kind, media_type, blob, uri, metadata, at)
SELECT key, work, name, version, kind, media_type, blob, uri, metadata, at FROM artifact ORDER BY key;
DROP TABLE artifact;

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

INSERT INTO roost_step_tally (span, at, engine, step, steps, failures, run_us, waits, wait_ms, run_times)
SELECT span, at, engine, step, steps, failures, run_us, waits, wait_ms, run_times FROM step_tally ORDER BY span, at, engine, step;
DROP TABLE step_tally;

CREATE INDEX roost_work_ready ON roost_work (lane, priority DESC, ready_seq) WHERE ready_seq IS NOT NULL AND solo = 0;
CREATE INDEX roost_work_ready_solo ON roost_work (lane, priority DESC, ready_seq) WHERE ready_seq IS NOT NULL AND solo = 1;
CREATE INDEX roost_work_delayed ON roost_work (lane, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX roost_work_blocked ON roost_work (blocked_on, lane, priority DESC, place) WHERE blocked_on IS NOT NULL;
CREATE INDEX roost_work_running ON roost_work (worker) WHERE worker IS NOT NULL;
CREATE INDEX roost_work_deadline ON roost_work (deadline) WHERE deadline IS NOT NULL AND state = 'queued';
CREATE INDEX roost_work_recent ON roost_work (lane, state, updated_at) WHERE worker IS NULL;
CREATE INDEX roost_work_children ON roost_work (parent, state, updated_at) WHERE parent IS NOT NULL AND worker IS NULL;
CREATE INDEX roost_work_resource_name ON roost_work_resource (name, work);
CREATE INDEX roost_event_work ON roost_event (work) WHERE work IS NOT NULL;
CREATE INDEX roost_event_kind ON roost_event (kind)
WHERE kind <> 'stepped' AND kind <> 'claimed' AND kind <> 'done' AND kind <> 'enqueued' AND kind NOT GLOB 'engine.*';
CREATE INDEX roost_blob_pin_blob ON roost_blob_pin (blob);
-- Not unique: a step that fails for good makes no version, and after a retry it may attach the same name at the same one.
CREATE INDEX roost_artifact_work ON roost_artifact (work, name, version);
CREATE INDEX roost_artifact_blob ON roost_artifact (blob) WHERE blob IS NOT NULL;
CREATE INDEX roost_failure_group ON roost_failure (group_key, at) WHERE group_key IS NOT NULL;
CREATE INDEX roost_dead_letter_group_n ON roost_dead_letter_group (n);
