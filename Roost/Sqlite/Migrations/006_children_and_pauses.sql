-- Roost, schema 6: children and joins, and pauses. An item may wait for the ends of its children; what cancels an item cancels its tree. An item, an engine, a queue or the file
-- may be paused: nothing of it is claimed, and everything else about it goes on. Added are columns and tables, and an index that is made of the children there are.
--
--   roost_child_count   also: how many open children an item is to be shown the end of, how many ends there have been, and up to which it was shown
--   roost_child_end     the ends of an item's children, numbered in their order
--   roost_tree_cancel   items whose children are being cancelled, and how far that has come
--   roost_pause         what is paused, by whom, why and until when. An item that is paused has its mark beside it as well, so that a claim or commit looks nowhere else;
--                       its row goes with the mark, which no item that has ended has.

-- 1: its parent neither counts its end nor takes it along when it is cancelled.
ALTER TABLE roost_work ADD COLUMN detached INTEGER NOT NULL DEFAULT 0;

-- roost_work_children leaves out what runs.
CREATE INDEX roost_work_parent ON roost_work (parent) WHERE parent IS NOT NULL;

ALTER TABLE roost_child_count ADD COLUMN awaited INTEGER NOT NULL DEFAULT 0;    -- how many of the open ones are not detached
ALTER TABLE roost_child_count ADD COLUMN ends INTEGER NOT NULL DEFAULT 0;       -- the number of the last end; a child that is retried may end more than once
ALTER TABLE roost_child_count ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;      -- the number of the last end that a step of the parent was shown
ALTER TABLE roost_child_count ADD COLUMN failed_end INTEGER NOT NULL DEFAULT 0; -- the number of the last end that was a failure
UPDATE roost_child_count SET awaited = open WHERE open > 0;

CREATE TABLE roost_child_end (
    parent INTEGER NOT NULL,
    n INTEGER NOT NULL,
    child INTEGER NOT NULL,
    PRIMARY KEY (parent, n)
) STRICT, WITHOUT ROWID;

ALTER TABLE roost_wait ADD COLUMN child_ends INTEGER;                           -- how many ends it waits for, 0 for those of all children; null: for none
ALTER TABLE roost_wait ADD COLUMN or_failure INTEGER NOT NULL DEFAULT 0;        -- 1: the failure of one child is enough
ALTER TABLE roost_wait ADD COLUMN seen_end INTEGER;                             -- the last end, and how many children were open, when the step after the wait was first begun
ALTER TABLE roost_wait ADD COLUMN seen_open INTEGER;
ALTER TABLE roost_wait DROP CONSTRAINT roost_wait_wake;
ALTER TABLE roost_wait ADD CONSTRAINT roost_wait_wake CHECK (wake IS NULL OR wake IN ('signal', 'answer', 'withdrawn', 'timeout', 'children'));

CREATE TABLE roost_tree_cancel (
    work INTEGER PRIMARY KEY,
    after INTEGER NOT NULL,             -- the last child that was looked at
    n INTEGER NOT NULL                  -- how many it was that were cancelled or asked to stop
) STRICT;

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
