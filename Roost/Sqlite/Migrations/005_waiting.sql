-- Roost, schema 5: waiting. An item may wait for signals, an answer, a time, or several of these; what was sent to it stays in its mailbox until a step takes it. Nothing is
-- rewritten: CHECKs are dropped and added by their names, columns are added.
--
--   roost_wait          what an item waits for; once it goes on, what woke it, until the step that was told so has committed
--   roost_mailbox       how many signals lie in an item's mailbox, and up to which the step of a version sees them
--   roost_signal        the signals themselves, in the order in which they came
--   roost_ask           questions to people, open and closed
--   roost_signal_id     ids of signals that have come, taken or not, so that one which is delivered again is still one

ALTER TABLE roost_lane_count DROP CONSTRAINT roost_lane_count_condition;
ALTER TABLE roost_lane_count ADD CONSTRAINT roost_lane_count_condition
    CHECK (condition IN ('ready', 'delayed', 'blocked', 'running', 'waiting', 'done', 'failed', 'cancelled'));

ALTER TABLE roost_work DROP CONSTRAINT roost_work_state;
ALTER TABLE roost_work ADD CONSTRAINT roost_work_state CHECK (state IN ('queued', 'running', 'waiting', 'done', 'failed', 'cancelled'));

-- due_at is when a delay, or the time of a wait, is over.
ALTER TABLE roost_work DROP CONSTRAINT roost_work_placed;
ALTER TABLE roost_work ADD CONSTRAINT roost_work_placed
    CHECK ((state = 'queued') = (ready_seq IS NOT NULL OR blocked_on IS NOT NULL OR (due_at IS NOT NULL AND state <> 'waiting')));

-- 1 while it has a row in roost_wait or signals in its mailbox: whoever has not pays one comparison.
ALTER TABLE roost_work ADD COLUMN mail INTEGER NOT NULL DEFAULT 0;
-- The version whose step was last begun: every try of one version sees the same of the mailbox.
ALTER TABLE roost_work ADD COLUMN tried_version INTEGER NOT NULL DEFAULT -1;

DROP INDEX roost_work_deadline;
CREATE INDEX roost_work_deadline ON roost_work (deadline) WHERE deadline IS NOT NULL AND worker IS NULL AND ended_at IS NULL;

-- How many of the open children wait.
ALTER TABLE roost_child_count ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;

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
    signal INTEGER,                     -- the signal that woke it: its key
    CONSTRAINT roost_wait_wake CHECK (wake IN ('signal', 'answer', 'withdrawn', 'timeout')),
    CONSTRAINT roost_wait_woken CHECK ((wake IS NULL) = (woken_at IS NULL)),
    CONSTRAINT roost_wait_signal CHECK (coalesce(wake = 'signal', 0) = (signal IS NOT NULL))
) STRICT;

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
) STRICT;

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
    comment TEXT,
    CONSTRAINT roost_ask_state CHECK (state IN ('open', 'answered', 'withdrawn', 'expired', 'closed')),
    CONSTRAINT roost_ask_closed CHECK ((state = 'open') = (closed_at IS NULL)),
    CONSTRAINT roost_ask_answer CHECK ((state = 'answered') = (answer IS NOT NULL) AND (answer IS NULL) = (answer_sha256 IS NULL))
) STRICT;

CREATE INDEX roost_ask_open ON roost_ask (key) WHERE state = 'open';
CREATE INDEX roost_ask_open_for ON roost_ask (assignee, key) WHERE state = 'open';
CREATE INDEX roost_ask_work ON roost_ask (work, key);

-- Retries that fit the world.
ALTER TABLE roost_work ADD COLUMN retry_afters INTEGER NOT NULL DEFAULT 0; -- how often this version's step has asked to be tried again, uncharged
ALTER TABLE roost_work ADD COLUMN retry_why TEXT;                         -- why it did so, while that is what it waits for
ALTER TABLE roost_work_input ADD COLUMN max_steps INTEGER;                -- how many steps it may commit beyond version steps_from
ALTER TABLE roost_work_input ADD COLUMN steps_from INTEGER NOT NULL DEFAULT 1;

-- Engines that want to know of ends that are not done, and the ends that they have not been told of yet.
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
