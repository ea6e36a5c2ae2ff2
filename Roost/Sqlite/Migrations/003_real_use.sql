-- Roost, schema 3: what real use asked for. It only adds; every row that was there stays as it was.

-- How many steps were made and tries failed, how long they ran and had waited: by minute for some hours, by hour for some weeks.
CREATE TABLE step_tally (
    span INTEGER NOT NULL CHECK (span IN (1, 60)),  -- minutes
    at INTEGER NOT NULL,                            -- the number of the span since 1970
    engine TEXT NOT NULL,
    step TEXT NOT NULL,
    steps INTEGER NOT NULL CHECK (steps >= 0),
    failures INTEGER NOT NULL CHECK (failures >= 0),
    run_us INTEGER NOT NULL CHECK (run_us >= 0),
    waits INTEGER NOT NULL CHECK (waits >= 0),      -- how many of the tries came with a claim and so had waited
    wait_ms INTEGER NOT NULL CHECK (wait_ms >= 0),
    run_times BLOB NOT NULL,                        -- a histogram of the run times
    PRIMARY KEY (span, at, engine, step)
) STRICT, WITHOUT ROWID;

-- Clocks. A delay is a duration: when it was written says by how much it has to be moved where the clock was set back meanwhile. Null where due_at
-- is a moment that somebody named, and for what was delayed before this schema.
ALTER TABLE work ADD COLUMN delayed_at INTEGER;

-- A worker that claims nothing for a while because the clock was set and it cannot know of another whether it lives: until when, and by how
-- many milliseconds the clock was set.
ALTER TABLE worker ADD COLUMN claims_again_at INTEGER;
ALTER TABLE worker ADD COLUMN clock_set_by INTEGER;

-- How many times in a row the item has committed the state that it had before, with nothing else to show for it.
-- Written only where it changes, so that an item that gets on costs nothing.
ALTER TABLE work ADD COLUMN unchanged INTEGER NOT NULL DEFAULT 0;

-- What a failure says of its cause: the exceptions within the error (JSON), type and message of the one at the bottom. Null for what failed before.
-- Dead letters that failed alike are a group: of one engine, for one reason, by one type, with messages of one shape. Its key is a hash of these;
-- n is kept by the transitions, never counted. What was a dead letter before has no group.

ALTER TABLE failure ADD COLUMN causes TEXT;
ALTER TABLE failure ADD COLUMN cause_type TEXT;
ALTER TABLE failure ADD COLUMN cause_message TEXT;
ALTER TABLE failure ADD COLUMN group_key INTEGER;   -- set while the item is a dead letter

CREATE INDEX failure_group ON failure (group_key, at) WHERE group_key IS NOT NULL;

CREATE TABLE dead_letter_group (
    key INTEGER PRIMARY KEY,
    engine TEXT NOT NULL,
    reason TEXT NOT NULL,
    error_type TEXT,
    n INTEGER NOT NULL
) STRICT;

CREATE INDEX dead_letter_group_n ON dead_letter_group (n);

-- Lanes. One in which no item is any more goes with the purge that finds it so; its key is not given again: meta keeps in last_lane the greatest
-- that was removed while none was greater.
--
--   lane_change    which lanes' ready or delayed items each transaction has changed, and which lanes it has removed, as 64-bit keys one after the
--                  other; written while another worker is registered, the last 2,000 transactions or so

CREATE TABLE lane_change (
    seq INTEGER PRIMARY KEY,
    lanes BLOB NOT NULL
) STRICT;

-- Children. What is kept of an item's children, so that a parent of many is told at once, and a join waits for an exact number.
--
--   child_count    for each item that has had children: how many are open, which is every state that is no end, and how the others have ended

CREATE TABLE child_count (
    parent INTEGER PRIMARY KEY,
    open INTEGER NOT NULL,
    done INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    cancelled INTEGER NOT NULL
) STRICT;

INSERT INTO child_count (parent, open, done, failed, cancelled)
SELECT parent, sum(state NOT IN ('done', 'failed', 'cancelled')), sum(state = 'done'), sum(state = 'failed'), sum(state = 'cancelled')
FROM work WHERE parent IN (SELECT key FROM work) GROUP BY parent;

-- How many of an item's interruptions came before a try that returned, and so were not its doing: it runs alone for those after it only.
ALTER TABLE work ADD COLUMN acquitted INTEGER NOT NULL DEFAULT 0;

-- Events by kind, but for those that come with every step or item, and the engines' own: a step pays for a comparison, and for no index.

CREATE INDEX event_kind ON event (kind) WHERE kind <> 'stepped' AND kind <> 'claimed' AND kind <> 'done' AND kind <> 'enqueued' AND kind NOT GLOB 'engine.*';

-- Where the time of the events goes back, because the clock was set: the number from which on it is less than before. Between two such places
-- times only rise, so that a time is found by halving.

CREATE TABLE event_run (seq INTEGER PRIMARY KEY) STRICT;

INSERT INTO event_run (seq) SELECT seq FROM (SELECT seq, at, lag(at) OVER (ORDER BY seq) AS before FROM event) WHERE at < before;
