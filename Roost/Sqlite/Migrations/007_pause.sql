-- Roost, schema 7: pause. An item, an engine, a queue or the file may be paused: nothing of it is claimed, and everything else about it goes on. Nothing is rewritten.
--
--   roost_pause         what is paused, by whom, why and until when. An item that is paused has its mark beside it as well, so that a claim or commit looks nowhere else;
--                       its row goes with the mark, which no item that has ended has.

-- 1 while the item itself is paused. One that is ready then stands in no ready order: its place is kept in place, as that of a blocked one is. None that is paused is blocked.
ALTER TABLE roost_work ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;

ALTER TABLE roost_work DROP CONSTRAINT roost_work_placed;
ALTER TABLE roost_work ADD CONSTRAINT roost_work_placed
    CHECK ((state = 'queued') = (ready_seq IS NOT NULL OR blocked_on IS NOT NULL OR place IS NOT NULL OR (due_at IS NOT NULL AND state <> 'waiting')));
ALTER TABLE roost_work ADD CONSTRAINT roost_work_paused CHECK (paused = 0 OR (ready_seq IS NULL AND blocked_on IS NULL AND ended_at IS NULL));

CREATE INDEX roost_work_paused ON roost_work (lane, priority DESC, place) WHERE paused = 1 AND place IS NOT NULL;

-- paused counts the items with the mark, in whatever condition: each is counted in that as well.
ALTER TABLE roost_lane_count DROP CONSTRAINT roost_lane_count_condition;
ALTER TABLE roost_lane_count ADD CONSTRAINT roost_lane_count_condition
    CHECK (condition IN ('ready', 'delayed', 'blocked', 'running', 'waiting', 'done', 'failed', 'cancelled', 'paused'));

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
