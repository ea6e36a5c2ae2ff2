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

-- Events by kind, but for those that come with every step or item, and the engines' own: a step pays for a comparison, and for no index.

CREATE INDEX event_kind ON event (kind) WHERE kind <> 'stepped' AND kind <> 'claimed' AND kind <> 'done' AND kind <> 'enqueued' AND kind NOT GLOB 'engine.*';

-- Where the time of the events goes back, because the clock was set: the number from which on it is less than before. Between two such places
-- times only rise, so that a time is found by halving.

CREATE TABLE event_run (seq INTEGER PRIMARY KEY) STRICT;

INSERT INTO event_run (seq) SELECT seq FROM (SELECT seq, at, lag(at) OVER (ORDER BY seq) AS before FROM event) WHERE at < before;
