-- Roost, schema 5: waiting.

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
