-- Roost, schema 6: children and joins. An item may wait for the ends of its children; what cancels an item cancels its tree. Added are columns and tables, and an index that is
-- made of the children there are.
--
--   roost_child_count   also: how many open children an item is to be shown the end of, how many ends there have been, and up to which it was shown
--   roost_child_end     the ends of an item's children, numbered in their order
--   roost_tree_cancel   items whose children are being cancelled, and how far that has come

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
